//! What a worker returns, as a pipeline sees it.

use super::attr::Options;
use super::lifetimes;
use super::mistakes::{self, Found};
use super::signature::{Elided, Lent, peel};
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    AngleBracketedGenericArguments, GenericArgument, Ident, Lifetime, PathArguments, ReturnType,
    Type, TypeImplTrait, TypeParamBound,
};

/// The return type, without anything that an associated type could not say.
pub(super) struct Output {
    pub(super) ty: Type,
    pub(super) shape: Shape,
    /// An `impl Iterator` stands in it as this boxed type.
    pub(super) boxed: Option<Boxed>,
}

/// How the return type becomes a value or an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Plain,
    Result,
    /// `-> !`
    Never,
}

/// The type that an `impl Iterator` is boxed as.
pub(super) struct Boxed {
    pub(super) ty: Type,
    /// A lifetime made for it, and the lifetimes and types that it may hold: they must live as long.
    pub(super) outlived: Option<(Lifetime, Vec<TokenStream>)>,
}

/// What an `impl Trait` may hold, and what is lent for a call and so must not be held.
pub(super) struct Captures {
    pub(super) lifetimes: Vec<Lifetime>,
    pub(super) types: Vec<Ident>,
    pub(super) lent: Option<Lent>,
    pub(super) fresh: Lifetime,
}

/// Reads the return type.
pub(super) fn read(
    written: &ReturnType,
    function: &Ident,
    options: &Options,
    elided: &Elided,
    captures: &Captures,
    found: &mut Found,
) -> Option<Output> {
    let mut ty: Type = match written {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    match elided {
        // Without an origin rustc reports the function itself; `'static` only keeps it from saying so twice.
        Elided::Unknown => {
            lifetimes::set_lifetimes(&mut ty, &Lifetime::new("'static", function.span()), false);
        }
        Elided::As(lifetime) => lifetimes::set_lifetimes(&mut ty, lifetime, false),
        Elided::Lent(lent) => {
            if lifetimes::elides(&ty) {
                found.push(mistakes::returns_lent(&ty, lent));
                return None;
            }
        }
    }
    let shape = match peel(&ty) {
        Type::Never(_) => Shape::Never,
        _ if options.fallible => Shape::Result,
        Type::Path(path) if path.qself.is_none() => match path.path.segments.last() {
            Some(last) if last.ident == "Result" => Shape::Result,
            _ => Shape::Plain,
        },
        _ => Shape::Plain,
    };
    let boxed = match opaque(&mut ty) {
        Some(place) => {
            let (boxed, ty) = box_iterator(place, function, captures, found)?;
            *place = ty;
            Some(boxed)
        }
        None => None,
    };
    if let Some(hidden) = any_opaque(&ty) {
        found.push(mistakes::hidden_output(&hidden));
        return None;
    }
    Some(Output { ty, shape, boxed })
}

/// The place of an `impl Trait` that can be boxed: the whole type, or the value of a `Result`.
fn opaque(ty: &mut Type) -> Option<&mut Type> {
    match ty {
        Type::Group(group) => opaque(&mut group.elem),
        Type::Paren(paren) => opaque(&mut paren.elem),
        Type::ImplTrait(_) => Some(ty),
        Type::Path(path) => {
            let last = path.path.segments.last_mut()?;
            if last.ident != "Result" {
                return None;
            }
            let PathArguments::AngleBracketed(arguments) = &mut last.arguments else {
                return None;
            };
            match arguments.args.first_mut()? {
                GenericArgument::Type(value @ Type::ImplTrait(_)) => Some(value),
                _ => None,
            }
        }
        _ => None,
    }
}

fn any_opaque(ty: &Type) -> Option<TypeImplTrait> {
    struct Finder(Option<TypeImplTrait>);
    impl<'ast> syn::visit::Visit<'ast> for Finder {
        fn visit_type_impl_trait(&mut self, written: &'ast TypeImplTrait) {
            self.0.get_or_insert_with(|| written.clone());
        }
    }
    let mut finder = Finder(None);
    syn::visit::Visit::visit_type(&mut finder, ty);
    finder.0
}

fn box_iterator(
    ty: &Type,
    function: &Ident,
    captures: &Captures,
    found: &mut Found,
) -> Option<(Boxed, Type)> {
    let Type::ImplTrait(written) = ty else {
        return None;
    };
    let mut item = None;
    let mut listed = None;
    let mut bound_by = None;
    for bound in &written.bounds {
        match bound {
            TypeParamBound::Trait(bound) => {
                let last = bound.path.segments.last()?;
                let iterates = ["Iterator", "DoubleEndedIterator", "ExactSizeIterator"];
                if iterates.iter().any(|name| last.ident == name) {
                    item = item.or_else(|| item_of(&last.arguments));
                } else if last.ident == "IntoIterator" {
                    // Whether its iterator may cross threads cannot be known: only the type itself shows its `Send`.
                    found.push(mistakes::into_iterator_output(
                        written,
                        item_of(&last.arguments).as_ref(),
                    ));
                    return None;
                }
            }
            TypeParamBound::Lifetime(lifetime) => bound_by = Some(lifetime.clone()),
            TypeParamBound::PreciseCapture(capture) => {
                listed = Some(lifetimes::mentioned(&capture.params));
            }
            _ => {}
        }
    }
    let Some(item) = item else {
        found.push(mistakes::hidden_output(written));
        return None;
    };
    if let (Some(lent), None) = (&captures.lent, &listed) {
        // Edition 2024 lets it borrow from every argument, 2021 does not; a macro cannot see which one it is in.
        found.push(mistakes::iterator_may_borrow(written, function, &lent.name));
        return None;
    }
    let holds = |name: String| listed.as_ref().is_none_or(|listed| listed.contains(&name));
    let mut lifetimes = captures.lifetimes.clone();
    lifetimes.retain(|lifetime| holds(lifetime.to_string()));
    let mut types = captures.types.clone();
    types.retain(|ident| holds(ident.to_string()));

    let mut outlived = None;
    let lifetime = match (bound_by, lifetimes.as_slice(), types.as_slice()) {
        (Some(lifetime), ..) => Some(lifetime),
        (None, [], []) => None,
        (None, [only], []) => Some(only.clone()),
        _ => {
            let held = lifetimes.iter().map(ToTokens::to_token_stream);
            let held = held.chain(types.iter().map(ToTokens::to_token_stream));
            outlived = Some((captures.fresh.clone(), held.collect()));
            Some(captures.fresh.clone())
        }
    };
    let lifetime = lifetime.into_iter();
    let ty: Type = syn::parse_quote! {
        ::std::boxed::Box<
            dyn ::core::iter::Iterator<Item = #item> + ::core::marker::Send #(+ #lifetime)*
        >
    };
    Some((
        Boxed {
            ty: ty.clone(),
            outlived,
        },
        ty,
    ))
}

fn item_of(arguments: &PathArguments) -> Option<Type> {
    let PathArguments::AngleBracketed(AngleBracketedGenericArguments { args, .. }) = arguments
    else {
        return None;
    };
    args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == "Item" => Some(assoc.ty.clone()),
        _ => None,
    })
}
