//! The parameter lists of what is emitted.

use super::lifetimes::{at, mentioned};
use super::signature::{Hidden, Role, Worker};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use std::collections::HashSet;
use syn::{GenericParam, Type, TypeParam, TypeParamBound, WherePredicate, punctuated::Punctuated};

/// `<..>` and `where ..`.
pub(super) struct Lists {
    pub(super) params: TokenStream,
    pub(super) clause: TokenStream,
}

impl Worker {
    /// The struct's own lists. It repeats the function's bounds only if the type of a field may need them, so that an
    /// item that does not meet them is reported once, at the node.
    pub(super) fn struct_lists(&self) -> Lists {
        self.bare_lists(true)
    }

    /// The lists of an `impl` of nothing but the struct.
    pub(super) fn mark_lists(&self) -> Lists {
        self.bare_lists(false)
    }

    fn bare_lists(&self, with_defaults: bool) -> Lists {
        let held = &self.held;
        let bounded = self.fields_need_bounds();
        let known: HashSet<String> = held.iter().map(ToString::to_string).collect();
        let meets = |text: TokenStream| {
            let mut names = mentioned(text).into_iter();
            names.all(|name| !name.starts_with('\'') || name == "'static" || known.contains(&name))
        };
        let params = self.declared().map(|param| {
            let mut param = param.clone();
            if let GenericParam::Type(param) = &mut param {
                let bounds = std::mem::take(&mut param.bounds).into_iter();
                param.bounds = bounds
                    .filter(|bound| is_maybe(bound) || bounded && meets(bound.to_token_stream()))
                    .collect();
            }
            param
        });
        let hidden = self.hidden.iter().map(|Hidden { ident, default }| {
            let default = with_defaults.then(|| quote_spanned!(ident.span()=> = #default));
            quote!(#ident #default)
        });
        let params = self.angled(quote!(#(#held,)* #(#params,)* #(#hidden,)*));
        let predicates = self.written_predicates().filter_map(|predicate| {
            if bounded && meets(predicate.to_token_stream()) {
                return Some(predicate.clone());
            }
            only_maybe(predicate)
        });
        let predicates: Punctuated<WherePredicate, syn::Token![,]> = predicates.collect();
        let clause = if predicates.is_empty() {
            TokenStream::new()
        } else {
            quote!(where #predicates)
        };
        Lists { params, clause }
    }

    /// The lists of an `impl` that knows no input. Bounds are repeated only where a type or value there may need them.
    pub(super) fn scratch_lists(&self) -> Lists {
        if !self.fields_need_bounds() && !self.keeps_anything() {
            return self.mark_lists();
        }
        self.full_lists(&[], &[], &self.local_predicates)
    }

    /// The lists of `impl Worker`.
    pub(super) fn worker_lists(&self) -> Lists {
        let mut predicates = self.predicates.clone();
        predicates.extend_from_slice(&self.local_predicates);
        self.full_lists(&self.fresh, &self.opaque, &predicates)
    }

    fn full_lists(
        &self,
        fresh: &[syn::Lifetime],
        opaque: &[TypeParam],
        predicates: &[TokenStream],
    ) -> Lists {
        let lifetimes = self.generics.lifetimes();
        let held = self.held.iter().filter(|held| {
            let mut lifetimes = self.generics.lifetimes();
            lifetimes.all(|param| param.lifetime != **held)
        });
        let params = self.declared();
        let hidden = self.hidden.iter().map(|it| &it.ident);
        let params = self.angled(quote! {
            #(#lifetimes,)* #(#held,)* #(#fresh,)* #(#params,)* #(#hidden,)* #(#opaque,)*
        });
        let written = self.written_predicates();
        let clause = quote_spanned!(at(self.ident.span())=> where #(#written,)* #(#predicates,)*);
        Lists { params, clause }
    }

    /// `<list>` in the place of the worker's name, for what rustc underlines ends there; nothing without a list.
    fn angled(&self, list: TokenStream) -> TokenStream {
        if list.is_empty() {
            return list;
        }
        quote_spanned!(self.ident.span()=> <#list>)
    }

    /// `<'a, T, N, __P0>`, in the order of the struct.
    pub(super) fn arguments(&self) -> TokenStream {
        let hidden = self.hidden.iter().map(|it| it.ident.to_token_stream());
        self.arguments_with(hidden)
    }

    fn arguments_with(&self, hidden: impl Iterator<Item = TokenStream>) -> TokenStream {
        let held = &self.held;
        let names = self.declared_names();
        self.angled(quote!(#(#held,)* #(#names,)* #(#hidden,)*))
    }

    /// `::<T, N>` of the function, or nothing: lifetimes and `impl Trait` are never given.
    pub(super) fn turbofish(&self) -> Option<TokenStream> {
        let names: Vec<TokenStream> = self.declared_names().collect();
        (!names.is_empty()).then(|| quote_spanned!(at(self.ident.span())=> ::<#(#names,)*>))
    }

    /// The type of the hidden field. It fixes every parameter that the text shows, also those that no field mentions.
    pub(super) fn phantom(&self) -> TokenStream {
        let span = at(self.ident.span());
        let mut parts: Vec<TokenStream> = self
            .held
            .iter()
            .map(|it| quote_spanned!(span=> &#it ()))
            .collect();
        let mut has_values = false;
        for param in self.declared() {
            match param {
                GenericParam::Type(param) => {
                    let ident = &param.ident;
                    // An unsized type can stand in no tuple.
                    let part = if self.is_maybe_unsized(param) {
                        quote_spanned!(span=> ::core::marker::PhantomData<#ident>)
                    } else {
                        quote!(#ident)
                    };
                    parts.push(part);
                }
                GenericParam::Const(param) => {
                    let ident = &param.ident;
                    if matches!(&param.ty, Type::Path(path) if path.path.is_ident("usize")) {
                        parts.push(quote_spanned!(span=> [(); #ident]));
                    } else {
                        has_values = true;
                    }
                }
                GenericParam::Lifetime(_) => {}
            }
        }
        if has_values {
            // Only a type with that parameter shows a constant that is no length: here, the struct itself.
            let unit = self.hidden.iter().map(|_| quote_spanned!(span=> ()));
            let arguments = self.arguments_with(unit);
            let ident = &self.ident;
            parts.push(quote!(#ident #arguments));
        }
        quote_spanned!(span=> ::core::marker::PhantomData<fn() -> (#(#parts,)*)>)
    }

    /// The types and constants of the function, as written.
    fn declared(&self) -> impl Iterator<Item = &GenericParam> {
        let params = self.generics.params.iter();
        params.filter(|param| !matches!(param, GenericParam::Lifetime(_)))
    }

    fn declared_names(&self) -> impl Iterator<Item = TokenStream> {
        self.declared().map(|param| match param {
            GenericParam::Type(param) => param.ident.to_token_stream(),
            GenericParam::Const(param) => param.ident.to_token_stream(),
            GenericParam::Lifetime(param) => param.lifetime.to_token_stream(),
        })
    }

    fn written_predicates(&self) -> impl Iterator<Item = &WherePredicate> {
        let clause = self.generics.where_clause.iter();
        clause.flat_map(|clause| &clause.predicates)
    }

    fn is_maybe_unsized(&self, param: &TypeParam) -> bool {
        param.bounds.iter().any(is_maybe)
            || self.written_predicates().any(|predicate| {
                matches!(only_maybe(predicate), Some(WherePredicate::Type(it))
                    if matches!(&it.bounded_ty, Type::Path(path) if path.path.is_ident(&param.ident)))
            })
    }

    fn keeps_anything(&self) -> bool {
        let mut roles = self.arguments.iter();
        roles.any(|role| matches!(role, Role::State(_) | Role::Local(..)))
    }

    /// A field of type `T` exists for any `T`; one of type `Index<T>` or `T::Item` may not.
    fn fields_need_bounds(&self) -> bool {
        let generic: HashSet<String> = self.declared_names().map(|it| it.to_string()).collect();
        self.arguments.iter().any(|role| match role {
            Role::Value(_, ty) => {
                let bare = matches!(ty, Type::Path(path) if path.path.get_ident().is_some());
                !bare && !mentioned(ty).is_disjoint(&generic)
            }
            _ => false,
        })
    }
}

/// `?Sized`.
fn is_maybe(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if bound.maybe.is_some())
}

/// The `T: ?Sized` of a predicate.
fn only_maybe(predicate: &WherePredicate) -> Option<WherePredicate> {
    let WherePredicate::Type(predicate) = predicate else {
        return None;
    };
    let mut predicate = predicate.clone();
    predicate.bounds = predicate.bounds.into_iter().filter(is_maybe).collect();
    (!predicate.bounds.is_empty()).then_some(WherePredicate::Type(predicate))
}
