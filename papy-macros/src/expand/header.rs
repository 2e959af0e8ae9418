//! The function: what the header says, with `'env` for everything that the pipeline may borrow.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Attribute, GenericParam, Lifetime, Type};

use super::run::Field;
use super::span::{at, papy};
use crate::lower::plain;
use crate::syntax::{Argument, Pipeline};

/// What every generated item says about the pipeline.
pub struct Header<'a> {
    pub pipeline: &'a Pipeline,
    /// The lifetime of what is borrowed.
    pub env: Lifetime,
    /// The type of the run.
    pub run: Ident,
}

/// Lints that are about how people write functions, and not about what the macro makes of a header.
const LINTS: &[&str] = &[
    "clippy::all",
    "clippy::pedantic",
    "clippy::used_underscore_binding",
];

impl<'a> Header<'a> {
    pub fn new(pipeline: &'a Pipeline) -> Header<'a> {
        let taken = pipeline
            .generics
            .lifetimes()
            .any(|lifetime| lifetime.lifetime.ident == "env");
        let name = if taken { "'papy_env" } else { "'env" };
        Header {
            pipeline,
            env: Lifetime::new(name, Span::mixed_site()),
            run: format_ident!(
                "{}Run",
                camel(&plain(&pipeline.name)),
                span = pipeline.name.span()
            ),
        }
    }

    /// Attributes that concern every generated item.
    pub fn shared_attrs(&self) -> impl Iterator<Item = &'a Attribute> {
        self.pipeline
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("cfg"))
    }

    /// `<'a, T, N>`
    pub fn arguments(&self) -> TokenStream {
        let (_, arguments, _) = self.pipeline.generics.split_for_impl();
        arguments.to_token_stream()
    }

    /// A type of the header, its elided lifetimes named.
    pub fn owned(&self, ty: &Type) -> Type {
        let mut ty = ty.clone();
        Elided(&self.env).visit_type_mut(&mut ty);
        if let Type::ImplTrait(bounds) = &mut ty {
            bounds
                .bounds
                .push(syn::TypeParamBound::Lifetime(self.env.clone()));
        }
        ty
    }

    /// The types of the inputs.
    fn inputs(&self) -> Vec<Type> {
        let inputs = self.pipeline.args.iter().filter_map(|arg| match arg {
            Argument::Input { ty, .. } => Some(self.owned(ty)),
            Argument::Value { .. } | Argument::Broken { .. } => None,
        });
        inputs.collect()
    }

    /// The inputs as a list of ports.
    pub fn entries(&self) -> TokenStream {
        let papy = papy();
        super::span::nest(self.inputs().iter().map(|ty| quote!(#papy::Port<#ty>)))
    }

    /// The values: each argument that is no input, under the name by which a host binds it.
    fn values(&self) -> Vec<Value<'_>> {
        let args = self.pipeline.args.iter().enumerate();
        let values = args.filter_map(|(at, arg)| match arg {
            Argument::Value { attrs, pat, ty } => {
                let (name, plain) = match pat {
                    syn::Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                        (name.ident.clone(), true)
                    }
                    _ => (format_ident!("value_{at}"), false),
                };
                Some(Value {
                    attrs,
                    pat,
                    plain,
                    name,
                    ty: self.owned(ty),
                })
            }
            Argument::Input { .. } | Argument::Broken { .. } => None,
        });
        values.collect()
    }

    /// The function, and beside it the type of its name: its values, by which a host gives them; its graph; and the
    /// function that compiles it, for itself and for every host.
    pub fn items(
        &self,
        outputs: &[Field],
        graph: &TokenStream,
        counts: &TokenStream,
        body: &TokenStream,
    ) -> TokenStream {
        let papy = papy();
        let Pipeline {
            attrs,
            vis,
            name,
            generics,
            ..
        } = self.pipeline;
        let (env, run, arguments) = (&self.env, &self.run, self.arguments());
        let cfg: Vec<_> = self.shared_attrs().collect();
        let params: Vec<_> = generics.params.iter().collect();
        let values = self.values();
        let fields: Vec<&Ident> = values.iter().map(|value| &value.name).collect();
        let types: Vec<&Type> = values.iter().map(|value| &value.ty).collect();
        let kinds: Vec<Ident> = (0..values.len())
            .map(|at| format_ident!("Value{at}", span = Span::mixed_site()))
            .collect();
        let units = kinds.iter().map(|_| quote!(()));
        let (kinds_of, units, own_types) = if kinds.is_empty() {
            (quote!(), quote!(), quote!())
        } else {
            (
                quote!(<#(#kinds = ()),*>),
                quote!(<#(#units),*>),
                quote!(<#(#types),*>),
            )
        };
        let args = self
            .pipeline
            .args
            .iter()
            .enumerate()
            .map(|(at, arg)| match arg {
                Argument::Input { name, ty } => {
                    let ty = self.owned(ty);
                    let source =
                        quote_spanned!(at_name(name)=> impl #papy::Source<#ty, Feed: #env>);
                    quote!(#name: #source)
                }
                Argument::Value { attrs, pat, ty } => {
                    let ty = self.owned(ty);
                    let name = match pat {
                        syn::Pat::Ident(name) => name.ident.clone(),
                        _ => format_ident!("value_{at}"),
                    };
                    quote!(#(#attrs)* #name: #ty)
                }
                Argument::Broken { pat, ty } => {
                    let ty = ty.as_ref().map_or_else(
                        || quote!(impl ::core::marker::Sized),
                        |ty| self.owned(ty).to_token_stream(),
                    );
                    let name = match pat {
                        syn::Pat::Ident(name) => name.ident.to_token_stream(),
                        _ => quote!(_),
                    };
                    quote!(#[allow(unused_variables)] #name: #ty)
                }
            });
        let bounds: Vec<TokenStream> = generics
            .params
            .iter()
            .filter_map(|param| match param {
                GenericParam::Lifetime(param) => Some(param.lifetime.to_token_stream()),
                GenericParam::Type(param) => Some(param.ident.to_token_stream()),
                GenericParam::Const(_) => None,
            })
            .collect();
        let clauses: Vec<_> = generics
            .where_clause
            .iter()
            .flat_map(|clause| clause.predicates.iter())
            .collect();
        let clauses = quote!(#(#clauses,)* #(#bounds: #env,)*);
        let output_types: Vec<&Type> = outputs.iter().map(|(_, ty)| ty).collect();
        let ports = super::span::nest(output_types.iter().map(|ty| quote!(#papy::Port<#ty>)));
        let inputs = self.inputs();
        let feeds = super::span::nest(
            inputs
                .iter()
                .map(|ty| quote_spanned!(at(name.span())=> impl #papy::Feed<Item = #ty> + #env)),
        );
        let entries = self.entries();
        // The keyword's edition is the macro's, so that the type captures every parameter in every crate.
        let body_type = quote_spanned!(at(name.span())=> impl #papy::Body<#env, Inputs = #entries, Ports = #ports>);
        let fn_token = quote_spanned!(name.span()=> fn);
        let lints: Vec<TokenStream> = LINTS
            .iter()
            .map(|lint| lint.parse().unwrap_or_default())
            .collect();
        let given = super::span::nest(self.pipeline.args.iter().filter_map(|arg| match arg {
            Argument::Input { name, ty } => {
                let ty = self.owned(ty);
                Some(quote_spanned!(at_name(name)=> #papy::input::<#ty, _>(#name)))
            }
            Argument::Value { .. } | Argument::Broken { .. } => None,
        }));
        let entering = super::span::nest(inputs.iter().map(|ty| quote!(#papy::port::<#ty>())));
        let (this, streams) = (
            super::span::internal("values"),
            super::span::internal("inputs"),
        );
        let unpacked = values.iter().map(|value| {
            let Value {
                attrs,
                pat,
                name,
                ty,
                plain,
            } = value;
            let field = quote!(#this.#name);
            match ty {
                Type::ImplTrait(_) => quote!(let #pat = #field;),
                _ if *plain => quote!(#(#attrs)* let #pat: #ty = #field;),
                _ => quote!(let #pat: #ty = #field;),
            }
        });
        let about = format!(
            "The graph of the pipeline [`{0}`](fn@{0}), and its values, for a pipeline in which it is a node.",
            plain(name)
        );
        quote! {
            #(#cfg)*
            #[doc = #about]
            #[allow(non_camel_case_types, dead_code, clippy::all, clippy::pedantic)]
            #vis struct #name #kinds_of {
                #(#[doc(hidden)] #vis #fields: #kinds,)*
                #[doc(hidden)]
                #vis __papy: ::core::marker::PhantomData<()>,
            }

            #(#cfg)*
            #[automatically_derived]
            #[allow(dead_code, #(#lints),*)]
            impl #name #units {
                /// The graph, as data: print it, or ask it.
                #vis const GRAPH: &'static #papy::Graph = #graph;
                #counts

                #[doc(hidden)]
                #vis #fn_token pipeline<#env, #(#params),*>(
                    #this: #name #own_types,
                    #streams: impl #papy::Fits<#entries>,
                ) -> #body_type
                where
                    #clauses
                {
                    let _ = #streams;
                    #(#unpacked)*
                    #body
                }
            }

            #(#cfg)*
            #[automatically_derived]
            impl #papy::Piped for #name #units {
                const GRAPH: &'static #papy::Graph = Self::GRAPH;
                const INTERFACE: &'static #papy::Interface = Self::INTERFACE;
            }

            #(#attrs)*
            #[allow(#(#lints),*)]
            #vis #fn_token #name<#env, #(#params),*>(#(#args),*)
                -> #papy::Pipeline<#env, #run #arguments, #papy::Plan<(#(#output_types,)*), #feeds, #body_type>>
            where
                #clauses
            {
                #papy::pipeline(
                    #given,
                    #name::pipeline(
                        #name { #(#fields,)* __papy: ::core::marker::PhantomData },
                        #entering,
                    ),
                )
            }
        }
    }
}

/// A value of the header.
struct Value<'a> {
    attrs: &'a [Attribute],
    pat: &'a syn::Pat,
    /// Whether the pattern is nothing but the name.
    plain: bool,
    name: Ident,
    ty: Type,
}

fn at_name(name: &Ident) -> Span {
    at(name.span())
}

/// Names the lifetimes that a header leaves out.
pub struct Elided<'a>(pub &'a Lifetime);

impl VisitMut for Elided<'_> {
    fn visit_type_reference_mut(&mut self, ty: &mut syn::TypeReference) {
        if ty.lifetime.is_none() {
            ty.lifetime = Some(Lifetime {
                ident: self.0.ident.clone(),
                apostrophe: ty.and_token.span,
            });
        }
        syn::visit_mut::visit_type_reference_mut(self, ty);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.0.clone();
        }
    }

    // `Fn(&T)` and `fn(&T)` have lifetimes of their own.
    fn visit_parenthesized_generic_arguments_mut(
        &mut self,
        _: &mut syn::ParenthesizedGenericArguments,
    ) {
    }

    fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
}

/// `read_stats` to `ReadStats`.
fn camel(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    words
        .flat_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(letters)
        })
        .collect()
}
