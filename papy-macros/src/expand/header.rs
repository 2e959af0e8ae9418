//! What the header says, with `'env` for everything that the pipeline may borrow.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{Attribute, Lifetime, Type};

use super::span::papy;
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
    pub fn inputs(&self) -> Vec<Type> {
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
