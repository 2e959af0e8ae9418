//! Names for what a function's signature leaves unnamed: elided lifetimes and `impl Trait` arguments.
//!
//! An `impl` header and a struct cannot leave them out as a function can, so each becomes a parameter of its own.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use std::collections::HashSet;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Lifetime, ParenthesizedGenericArguments, Type, TypeFnPtr, TypeParam, TypeParamBound,
    TypeReference,
};

/// Where our names stand: location from the user, resolution from the macro.
pub(super) fn at(user: Span) -> Span {
    Span::mixed_site().located_at(user)
}

/// Gives names; one for a whole signature, so that no name is given twice.
#[derive(Default)]
pub(super) struct Names {
    lifetimes: usize,
    inputs: usize,
    params: usize,
}

impl Names {
    pub(super) fn lifetime(&mut self, span: Span) -> Lifetime {
        self.lifetimes += 1;
        Lifetime::new(&format!("'__papy_{}", self.lifetimes - 1), at(span))
    }

    pub(super) fn input(&mut self, span: Span) -> syn::Ident {
        self.inputs += 1;
        format_ident!("__I{}", self.inputs - 1, span = at(span))
    }

    pub(super) fn param(&mut self, span: Span) -> syn::Ident {
        self.params += 1;
        format_ident!("__P{}", self.params - 1, span = at(span))
    }

    /// Names everything unnamed in `ty`; an `impl Trait` is named by `name`.
    pub(super) fn name(&mut self, ty: &mut Type, name: fn(&mut Self, Span) -> syn::Ident) -> Named {
        let mut namer = Namer {
            names: self,
            name,
            named: Named::default(),
        };
        namer.visit_type_mut(ty);
        namer.named
    }
}

/// What was found in a type, and the names that were given.
#[derive(Default)]
pub(super) struct Named {
    /// The new lifetimes.
    pub(super) fresh: Vec<Lifetime>,
    /// The new type parameters with the bounds of their `impl Trait`.
    pub(super) types: Vec<TypeParam>,
    /// All lifetimes, new and old, for the elision rule.
    pub(super) seen: Vec<Lifetime>,
}

struct Namer<'a> {
    names: &'a mut Names,
    name: fn(&mut Names, Span) -> syn::Ident,
    named: Named,
}

impl Namer<'_> {
    fn fresh(&mut self, span: Span) -> Lifetime {
        let lifetime = self.names.lifetime(span);
        self.named.fresh.push(lifetime.clone());
        lifetime
    }
}

impl VisitMut for Namer<'_> {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(Lifetime::new("'_", reference.and_token.span));
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.fresh(lifetime.span());
        }
        self.named.seen.push(lifetime.clone());
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_mut::visit_type_mut(self, ty);
        if let Type::ImplTrait(written) = ty {
            let ident = (self.name)(self.names, written.impl_token.span);
            let mut param = TypeParam::from(ident.clone());
            // An argument captures nothing, which is rustc's to say.
            let bounds = written.bounds.iter();
            let bounds = bounds.filter(|bound| !matches!(bound, TypeParamBound::PreciseCapture(_)));
            param.bounds = bounds.cloned().collect();
            self.named.types.push(param);
            *ty = syn::parse_quote!(#ident);
        }
    }

    // A lifetime elided in `fn(&str)` or `Fn(&str)` belongs to that type, not to the signature.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }
}

/// Puts `lifetime` where one is elided in `ty`, and with `all` in the place of every other, too.
pub(super) fn set_lifetimes(ty: &mut Type, lifetime: &Lifetime, all: bool) {
    Setter { lifetime, all }.visit_type_mut(ty);
}

struct Setter<'a> {
    lifetime: &'a Lifetime,
    all: bool,
}

impl VisitMut for Setter<'_> {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(self.lifetime.clone());
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if self.all || lifetime.ident == "_" {
            *lifetime = self.lifetime.clone();
        }
    }

    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }
}

/// Whether a lifetime is elided in `ty`.
pub(super) fn elides(ty: &Type) -> bool {
    let mut ty = ty.clone();
    let named = Names::default().name(&mut ty, Names::input);
    !named.fresh.is_empty()
}

/// The identifiers and the lifetimes (`'a`) that a text mentions. By tokens, since macros and expressions count.
pub(super) fn mentioned(text: impl ToTokens) -> HashSet<String> {
    fn collect(tokens: TokenStream, into: &mut HashSet<String>) {
        let mut quote = false;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if quote => {
                    into.insert(format!("'{ident}"));
                }
                TokenTree::Ident(ident) => {
                    into.insert(ident.to_string());
                }
                TokenTree::Group(group) => collect(group.stream(), into),
                TokenTree::Punct(punct) => {
                    quote = punct.as_char() == '\'';
                    continue;
                }
                TokenTree::Literal(_) => {}
            }
            quote = false;
        }
    }
    let mut names = HashSet::new();
    collect(text.into_token_stream(), &mut names);
    names
}
