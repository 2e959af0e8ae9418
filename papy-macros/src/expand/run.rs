//! The run's type: a field for each output.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{GenericParam, Type};

use super::header::Header;
use super::span::{nest, papy};
use crate::lower::plain;

/// An output: its name and the type of its items.
pub type Field = (Ident, Type);

pub fn run(header: &Header, outputs: &[Field]) -> TokenStream {
    let papy = papy();
    let pipeline = header.pipeline;
    let (vis, run, name) = (&pipeline.vis, &header.run, plain(&pipeline.name));
    let (generics, arguments, clauses) = pipeline.generics.split_for_impl();
    let declared = &pipeline.generics.params;
    let cfg: Vec<_> = header.shared_attrs().collect();
    let names: Vec<&Ident> = outputs.iter().map(|(name, _)| name).collect();
    let types: Vec<&Type> = outputs.iter().map(|(_, ty)| ty).collect();
    let docs = names
        .iter()
        .map(|name| format!("The output `{}`.", plain(name)));
    let called = run.to_string();
    let about = format!("A running [`{name}`]: a field for each of its outputs.");
    let list = nest(types.iter().map(|ty| quote!(#papy::Output<#ty>)));
    let pattern = nest(names.iter().map(|name| quote!(#name)));
    let marker = marker(header);
    let marker_field = marker
        .as_ref()
        .map(|ty| quote!(__papy_types: ::core::marker::PhantomData<#ty>,));
    let marker_value = marker
        .as_ref()
        .map(|_| quote!(__papy_types: ::core::marker::PhantomData,));
    let declared = if declared.is_empty() {
        TokenStream::new()
    } else {
        quote!(<#declared>)
    };
    let single = match outputs {
        [(field, ty)] => single(header, field, ty),
        _ => TokenStream::new(),
    };
    quote! {
        #(#cfg)*
        #[doc = #about]
        #[must_use = "a run that is dropped is cancelled"]
        #[allow(clippy::all, clippy::pedantic)]
        #vis struct #run #declared #clauses {
            // Dropped first: the run then ends with the last output, which can see that it is the last.
            __papy: #papy::Control,
            #(#[doc = #docs] pub #names: #papy::Output<#types>,)*
            #marker_field
        }

        #(#cfg)*
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic)]
        impl #generics #papy::Run for #run #arguments #clauses {
            type Outputs = #list;
            fn new(#pattern: Self::Outputs, __papy: #papy::Control) -> Self {
                #run { #(#names,)* __papy, #marker_value }
            }
        }

        #(#cfg)*
        #[automatically_derived]
        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #generics #run #arguments #clauses {
            /// A handle that watches and steers the run from anywhere.
            #[must_use]
            pub fn handle(&self) -> #papy::Handle {
                self.__papy.handle()
            }

            /// Takes the run to its end; what has not been read is discarded.
            ///
            /// # Errors
            ///
            /// When the run could not be brought to its end.
            pub fn join(self) -> ::core::result::Result<#papy::Report, #papy::RunError> {
                #(::core::mem::drop(self.#names);)*
                self.__papy.join()
            }
        }

        #(#cfg)*
        #[automatically_derived]
        impl #generics ::core::fmt::Debug for #run #arguments #clauses {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#called).finish_non_exhaustive()
            }
        }

        #single
    }
}

/// With one output, the run itself is its iterator.
fn single(header: &Header, field: &Ident, ty: &Type) -> TokenStream {
    let papy = papy();
    let run = &header.run;
    let (generics, arguments, clauses) = header.pipeline.generics.split_for_impl();
    let cfg: Vec<_> = header.shared_attrs().collect();
    let item = quote!(::core::result::Result<#ty, #papy::Fault>);
    quote! {
        #(#cfg)*
        #[automatically_derived]
        impl #generics ::core::iter::Iterator for #run #arguments #clauses {
            type Item = #item;
            #[inline]
            fn next(&mut self) -> ::core::option::Option<Self::Item> {
                ::core::iter::Iterator::next(&mut self.#field)
            }
            fn size_hint(&self) -> (usize, ::core::option::Option<usize>) {
                ::core::iter::Iterator::size_hint(&self.#field)
            }
        }

        #(#cfg)*
        #[automatically_derived]
        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #generics #run #arguments #clauses {
            /// The next item, if it is there already.
            pub fn try_next(&mut self) -> ::core::task::Poll<::core::option::Option<#item>> {
                self.#field.try_next()
            }

            /// The next item, if it comes in time.
            pub fn next_timeout(
                &mut self,
                time: ::core::time::Duration,
            ) -> ::core::task::Poll<::core::option::Option<#item>> {
                self.#field.next_timeout(time)
            }

            /// The items with the positions of the source items that they come from.
            pub fn indexed(&self) -> #papy::Indexed<'_, #ty> {
                self.#field.indexed()
            }
        }
    }
}

/// A type that mentions every parameter, whether an output does or not.
fn marker(header: &Header) -> Option<TokenStream> {
    let params = &header.pipeline.generics.params;
    if params
        .iter()
        .all(|param| matches!(param, GenericParam::Const(_)))
    {
        return None;
    }
    let mentions = params.iter().filter_map(|param| match param {
        GenericParam::Lifetime(param) => {
            let lifetime = &param.lifetime;
            Some(quote!(&#lifetime ()))
        }
        GenericParam::Type(param) => {
            let name = &param.ident;
            Some(quote!(*const #name))
        }
        GenericParam::Const(_) => None,
    });
    Some(quote!(fn() -> (#(#mentions,)*)))
}
