//! The tokens beside the function: a struct of its name and the traits that say what a call does.

use super::generics::Lists;
use super::lifetimes::at;
use super::output::{Boxed, Shape};
use super::signature::{Role, Worker, first_span};
use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Expr, Ident, Stmt, Type};

/// Emits everything for `worker` except the function.
pub(super) fn worker(worker: &Worker) -> TokenStream {
    let parts = [
        expand_struct(worker),
        expand_mark(worker),
        expand_scratch(worker),
        expand_kind(worker),
        expand_call(worker),
    ];
    parts.into_iter().collect()
}

fn expand_struct(worker: &Worker) -> TokenStream {
    let Worker {
        cfgs, vis, ident, ..
    } = worker;
    let span = at(ident.span());
    let keyword = keyword("struct", worker.fn_token.span);
    let Lists { params, clause } = worker.struct_lists();
    let phantom = worker.phantom();
    let fields = worker.arguments.iter().filter_map(|role| match role {
        Role::Value(name, ty) => Some(expand_field(worker, name, ty)),
        Role::Lent(name, hidden, _) => Some(expand_field(worker, name, hidden)),
        _ => None,
    });
    let docs = format!("The worker `{ident}`, for pipelines.");
    let lints = quote_spanned! {span=>
        #[allow(
            dead_code,
            missing_copy_implementations,
            missing_debug_implementations,
            non_camel_case_types,
            non_snake_case,
            private_bounds,
            private_interfaces,
            unnameable_types,
            unreachable_pub,
            unused_braces,
            unused_parens,
            unused_qualifications,
            clippy::all,
            clippy::pedantic
        )]
    };
    let hidden = quote_spanned!(span=> #[doc(hidden)]);
    let body = quote! {
        #(#fields,)*
        #hidden
        #vis __papy: #phantom,
    };
    let body = braced(ident, body);
    quote! {
        #(#cfgs)*
        #[doc = #docs]
        #lints
        #vis #keyword #ident #params #clause #body
    }
}

/// The braces of an item, in the place of the worker's name: rustc takes an item for the user's only if it ends there, too.
fn braced(ident: &Ident, body: TokenStream) -> Group {
    let mut braces = Group::new(Delimiter::Brace, body);
    braces.set_span(ident.span());
    braces
}

/// A keyword in a place of the user's: where an item begins decides which line rustc shows for it, and whether it says
/// that the line comes out of a macro. Keywords have no hygiene to lose.
fn keyword(word: &str, place: Span) -> Ident {
    Ident::new(word, place)
}

fn expand_field(worker: &Worker, name: &Ident, ty: impl ToTokens) -> TokenStream {
    let vis = &worker.vis;
    let docs = format!("The parameter `{name}`.");
    quote!(#[doc = #docs] #vis #name: #ty)
}

/// Attributes of every `impl`: the user's lints are about the function.
fn attributes(worker: &Worker) -> TokenStream {
    let cfgs = &worker.cfgs;
    let span = at(worker.ident.span());
    let attributes = quote_spanned! {span=>
        #[automatically_derived]
        #[allow(
            deprecated,
            non_snake_case,
            unused_braces,
            unused_parens,
            unused_qualifications,
            clippy::all,
            clippy::pedantic
        )]
    };
    quote!(#(#cfgs)* #attributes)
}

/// `f::<u32>::__PAPY`: the value of the hidden field, with the parameters that a turbofish names and no others. In
/// `f::<u32> { .. }` rustc would give the hidden parameters their defaults instead of finding them in the fields.
fn expand_mark(worker: &Worker) -> TokenStream {
    if worker.turbofish().is_none() {
        return TokenStream::new();
    }
    let attributes = attributes(worker);
    let Lists { params, clause } = worker.mark_lists();
    let (vis, ident, arguments, phantom) = (
        &worker.vis,
        &worker.ident,
        worker.arguments(),
        worker.phantom(),
    );
    let allowed = quote_spanned!(at(ident.span())=> #[doc(hidden)] #[allow(dead_code)]);
    quote! {
        #attributes
        impl #params #ident #arguments #clause {
            #allowed
            #vis const __PAPY: #phantom = ::core::marker::PhantomData;
        }
    }
}

fn expand_scratch(worker: &Worker) -> TokenStream {
    let attributes = attributes(worker);
    let Lists { params, clause } = worker.scratch_lists();
    let (ident, arguments) = (&worker.ident, worker.arguments());
    let state = state(worker).map_or_else(|| quote!(()), ToTokens::to_token_stream);
    let (local, init) = match locals(worker).as_slice() {
        [] => (quote!(()), TokenStream::new()),
        // In parentheses where it would be more than one statement: `if a { 1 } else { 2 } + 3`.
        [(ty, init)] => (
            quote!(#ty),
            Stmt::Expr((*init).clone(), None).into_token_stream(),
        ),
        several => {
            let types = several.iter().map(|(ty, _)| ty);
            let inits = several.iter().map(|(_, init)| init);
            (quote!((#(#types,)*)), quote!((#(#inits,)*)))
        }
    };
    let span = at(ident.span());
    // Else every worker of the crate is listed where something is no worker.
    quote_spanned! {span=>
        #attributes
        #[diagnostic::do_not_recommend]
        impl #params ::papy::__private::Scratch for #ident #arguments #clause {
            type Itself = Self;
            type State = #state;
            type Local = #local;
            #[inline]
            fn local(&self) -> #local { #init }
            #[inline]
            fn itself(self) -> Self { self }
        }
    }
}

fn expand_kind(worker: &Worker) -> TokenStream {
    let attributes = attributes(worker);
    let Lists { params, clause } = worker.scratch_lists();
    let (ident, arguments) = (&worker.ident, worker.arguments());
    let span = at(ident.span());
    let keyword = keyword("impl", ident.span());
    let (kind, body) = match state(worker) {
        Some(state) => (
            quote_spanned!(span=> Stateful),
            quote_spanned! {span=>
                type Keeper = Self;
                type Whole = #state;
                #[inline]
                fn keeper(self) -> Self { self }
            },
        ),
        None => (quote_spanned!(span=> Stateless), TokenStream::new()),
    };
    let body = braced(ident, body);
    // Else every worker of the crate is listed under a missing `.serial()`.
    quote_spanned! {span=>
        #attributes
        #[diagnostic::do_not_recommend]
        #keyword #params ::papy::__private::#kind for #ident #arguments #clause #body
    }
}

fn expand_call(worker: &Worker) -> TokenStream {
    let attributes = attributes(worker);
    let Lists { params, clause } = worker.worker_lists();
    let (ident, arguments) = (&worker.ident, worker.arguments());
    let span = at(ident.span());
    // What is wrong with a result is said of the return type, and once.
    let place = match worker.output.shape {
        Shape::Result => at(first_span(&worker.output.ty)),
        _ => span,
    };
    let inputs: Vec<&Type> = worker.arguments.iter().filter_map(Role::input).collect();
    let items: Vec<Ident> = (0..inputs.len())
        .map(|index| format_ident!("item_{index}", span = place))
        .collect();
    let state = state(worker).map_or_else(|| quote!(()), ToTokens::to_token_stream);
    let local = match locals(worker).as_slice() {
        [] => quote!(()),
        [(ty, _)] => quote!(#ty),
        several => {
            let types = several.iter().map(|(ty, _)| ty);
            quote!((#(#types,)*))
        }
    };
    let call = expand_body(worker, &items);
    let number = inputs.len();
    let (taken, given) = match (items.as_slice(), inputs.as_slice()) {
        ([item], [input]) => (quote!(#item), quote!(#input)),
        _ => (quote!((#(#items,)*)), quote!((#(#inputs,)*))),
    };
    let (out, error) = expand_output(worker);
    let function = quote_spanned! {place=>
        #[inline]
        #[allow(unused_variables, unreachable_code)]
        fn call(
            &self,
            state: &mut #state,
            local: &mut #local,
            #taken: #given,
        ) -> ::core::result::Result<Self::Out, Self::Error> {
            #call
        }
    };
    let body = quote_spanned! {place=>
        type Out = #out;
        type Error = #error;
        #function
    };
    let body = braced(ident, body);
    let keyword = keyword("impl", ident.span());
    quote_spanned! {span=>
        #attributes
        #keyword #params ::papy::__private::Worker<#given, #number> for #ident #arguments #clause #body
    }
}

fn expand_output(worker: &Worker) -> (TokenStream, TokenStream) {
    let ty = &worker.output.ty;
    let span = at(first_span(ty));
    let infallible = quote_spanned!(span=> ::core::convert::Infallible);
    match worker.output.shape {
        Shape::Plain => (quote!(#ty), infallible),
        Shape::Never => (infallible.clone(), infallible),
        Shape::Result => (expand_fallible(ty, "Value"), expand_fallible(ty, "Error")),
    }
}

/// `<ty as Fallible>::name`, all of it in one place: rustc shows an error once if it is said twice of the same place.
fn expand_fallible(ty: &Type, name: &str) -> TokenStream {
    let span = at(first_span(ty));
    let name = Ident::new(name, span);
    quote_spanned!(span=> <#ty as ::papy::__private::Fallible>::#name)
}

/// The call of the function, with its arguments in their order.
fn expand_body(worker: &Worker, items: &[Ident]) -> TokenStream {
    let span = at(worker.ident.span());
    let ident = &worker.ident;
    let turbofish = worker.turbofish();
    let several = locals(worker).len() > 1;
    let mut items = items.iter();
    let mut local = 0;
    let arguments = worker.arguments.iter().map(|role| match role {
        Role::State(_) => quote_spanned!(span=> state),
        Role::Input(_) => items.next().to_token_stream(),
        Role::Value(name, ty) => {
            let span = at(first_span(ty));
            quote_spanned!(span=> <#ty as ::core::clone::Clone>::clone(&self.#name))
        }
        Role::Lent(name, hidden, ty) => {
            let span = at(name.span());
            quote_spanned!(span=> <#hidden as ::papy::__private::Lend<#ty>>::lend(&self.#name))
        }
        Role::Local(..) if several => {
            let index = syn::Index { index: local, span };
            local += 1;
            quote_spanned!(span=> &mut local.#index)
        }
        Role::Local(..) => quote_spanned!(span=> local),
    });
    let call = quote_spanned!(span=> #ident #turbofish (#(#arguments),*));
    let boxed = worker.output.boxed.as_ref().map(|Boxed { ty, .. }| ty);
    match (worker.output.shape, boxed) {
        (Shape::Never, _) => call,
        (Shape::Plain, None) => quote_spanned!(span=> ::core::result::Result::Ok(#call)),
        (Shape::Result, None) => {
            let into_result = expand_fallible(&worker.output.ty, "into_result");
            quote_spanned!(at(first_span(&worker.output.ty))=> #into_result(#call))
        }
        (Shape::Plain, Some(ty)) => {
            let boxed = expand_boxed(ty, &call);
            quote_spanned!(span=> ::core::result::Result::Ok(#boxed))
        }
        (Shape::Result, Some(ty)) => {
            let value = quote_spanned!(span=> value);
            let boxed = expand_boxed(ty, &value);
            quote_spanned! {span=>
                match ::papy::__private::Fallible::into_result(#call) {
                    ::core::result::Result::Ok(value) => ::core::result::Result::Ok(#boxed),
                    ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                }
            }
        }
    }
}

/// A value as the boxed iterator that is `ty`; what is wrong with that is wrong with the return type.
fn expand_boxed(ty: &Type, value: &TokenStream) -> TokenStream {
    let span = at(first_span(ty));
    quote_spanned!(span=> { let boxed: #ty = ::std::boxed::Box::new(#value); boxed })
}

fn state(worker: &Worker) -> Option<&Type> {
    worker.arguments.iter().find_map(|role| match role {
        Role::State(ty) => Some(ty),
        _ => None,
    })
}

fn locals(worker: &Worker) -> Vec<(&Type, &Expr)> {
    let roles = worker.arguments.iter();
    roles
        .filter_map(|role| match role {
            Role::Local(ty, init) => Some((ty, init)),
            _ => None,
        })
        .collect()
}

impl Role {
    fn input(&self) -> Option<&Type> {
        match self {
            Role::Input(ty) => Some(ty),
            _ => None,
        }
    }
}
