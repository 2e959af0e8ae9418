//! `#[worker]`: leaves the function as it is and adds the type that pipelines use in its place.
//!
//! Three steps: `attr` and `arguments` read what is written, `signature` decides what it means, `expand` emits. Every
//! step reports all the mistakes that it finds; what could not be understood is only the function again, and the errors.

mod arguments;
mod attr;
mod expand;
mod generics;
mod lifetimes;
mod mistakes;
mod output;
mod places;
mod signature;
#[cfg(test)]
mod tests;

use mistakes::Found;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// Expands `#[worker(attr)] item`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape of a macro's entry point"
)]
pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut found = Found::default();
    let mut function = match syn::parse2::<syn::ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = mistakes::not_a_function(&item, error).into_compile_error();
            return quote! { #item #error };
        }
    };
    let options = attr::parse(attr, &mut found);
    let arguments = arguments::take(&mut function.sig, &mut found);
    let worker = signature::read(&function, arguments, &options, &mut found);

    let mut tokens = function.into_token_stream();
    tokens.extend(worker.map(|worker| expand::worker(&worker)));
    tokens.extend(found.into_tokens());
    tokens
}
