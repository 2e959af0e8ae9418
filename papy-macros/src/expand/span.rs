//! The only place that builds spans and internal names: location from the user, resolution from the macro.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

/// Resolves in the macro, lies at the user's token.
pub fn at(user: Span) -> Span {
    Span::mixed_site().located_at(user)
}

/// A name of generated code.
pub fn internal(name: &str) -> Ident {
    internal_at(name, Span::mixed_site())
}

/// A name of generated code that errors may point at.
pub fn internal_at(name: &str, user: Span) -> Ident {
    Ident::new(&format!("__papy_{name}"), at(user))
}

/// A name that the user gave, as a local variable that the user's own code cannot see.
pub fn hidden(name: &Ident, user: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(at(user));
    name
}

/// What generated code may call.
pub fn papy() -> TokenStream {
    papy_at(Span::mixed_site())
}

/// The same, where errors are to land at the user's token.
pub fn papy_at(user: Span) -> TokenStream {
    quote_spanned!(at(user)=> ::papy::__private)
}

/// `(a, b, c,)`: what is only carried, and never walked through. A nested list of hundreds would be too deep for rustc.
pub fn flat(parts: impl Iterator<Item = TokenStream>) -> TokenStream {
    quote::quote!((#(#parts,)*))
}

/// `(a, (b, (c, ())))`: the form in which lists go to the runtime.
pub fn nest(items: impl DoubleEndedIterator<Item = TokenStream>) -> TokenStream {
    items.rev().fold(
        quote::quote!(()),
        |rest, item| quote::quote!((#item, #rest)),
    )
}
