//! What each argument is, by its place and its helper attribute: state, input, parameter or scratch.

use super::arguments::{Argument, Mark};
use super::mistakes::{self, Found};
use super::signature::peel;
use quote::ToTokens;
use std::collections::HashSet;
use syn::ext::IdentExt;
use syn::{Attribute, Expr, Ident, ItemFn, Lifetime, Pat, Type, TypeReference};

/// An argument of a worker, its types as they are written.
pub(super) enum Place {
    State(Pat, TypeReference),
    Input(Type),
    Param(Ident, Type),
    Local(Pat, TypeReference, Box<Expr>),
}

/// Finds the place of every argument; nothing if one of them has none, or if it takes more to read them.
pub(super) fn find(
    function: &ItemFn,
    arguments: Vec<Argument>,
    found: &mut Found,
) -> Option<Vec<Place>> {
    let mut finder = Finder {
        found,
        complete: true,
        places: Vec::new(),
        marked: Vec::new(),
        misplaced: Vec::new(),
        params: HashSet::new(),
    };
    for (index, Argument { pat, ty, mark }) in arguments.into_iter().enumerate() {
        match mark {
            Mark::None => match peel(&ty).clone() {
                Type::Reference(it) if it.mutability.is_some() => finder.state(index, pat, it),
                _ => finder.input(ty),
            },
            Mark::Param(attr) => finder.param(attr, &pat, ty),
            Mark::Local(init) => finder.local(pat, &ty, init),
        }
    }
    finder.finish(function)
}

struct Finder<'a> {
    found: &'a mut Found,
    /// Whether all arguments could be read.
    complete: bool,
    places: Vec<Place>,
    /// The arguments with a helper attribute since the last input, and those before it.
    marked: Vec<(Attribute, Pat)>,
    misplaced: Vec<(Attribute, Pat)>,
    params: HashSet<String>,
}

impl Finder<'_> {
    fn refuse(&mut self, error: syn::Error) {
        self.found.push(error);
        self.complete = false;
    }

    fn has_state(&self) -> bool {
        let mut places = self.places.iter();
        places.any(|place| matches!(place, Place::State(..)))
    }

    fn state(&mut self, index: usize, pat: Pat, reference: TypeReference) {
        if self.has_state() {
            self.refuse(mistakes::second_state(&reference, &pat));
            return;
        }
        if index > 0 {
            // It is taken for the state all the same: what follows is then read as it was meant.
            self.found.push(mistakes::state_not_first(&reference, &pat));
        }
        if let Some(owned) = unsized_form(&reference.elem) {
            self.refuse(mistakes::unsized_state(&reference, owned));
        }
        self.places.push(Place::State(pat, reference));
    }

    fn input(&mut self, ty: Type) {
        self.misplaced.append(&mut self.marked);
        self.places.push(Place::Input(ty));
    }

    fn param(&mut self, attr: Attribute, pat: &Pat, ty: Type) {
        self.marked.push((attr, pat.clone()));
        let Some(ident) = bound_name(pat) else {
            self.refuse(mistakes::param_without_name(pat));
            return;
        };
        let plain = ident.unraw().to_string();
        if plain == "state" || plain.starts_with("__papy") {
            self.refuse(mistakes::reserved_param(&ident));
        }
        // rustc reports a name given twice, on the function.
        self.complete &= self.params.insert(plain);
        if let Type::Reference(reference) = peel(&ty)
            && reference.mutability.is_some()
        {
            self.refuse(mistakes::param_by_mut(reference, &ident));
            return;
        }
        self.places.push(Place::Param(ident, ty));
    }

    fn local(&mut self, pat: Pat, ty: &Type, init: Option<Box<Expr>>) {
        let reference = match peel(ty) {
            Type::Reference(reference) if reference.mutability.is_some() => reference.clone(),
            _ => return self.refuse(mistakes::local_not_mut(ty, &pat)),
        };
        if let Some(owned) = unsized_form(&reference.elem) {
            return self.refuse(mistakes::unsized_local(&reference, owned));
        }
        match init {
            Some(init) => self.places.push(Place::Local(pat, reference, init)),
            None => self.complete = false,
        }
    }

    fn finish(mut self, function: &ItemFn) -> Option<Vec<Place>> {
        let sig = &function.sig;
        for (attr, pat) in std::mem::take(&mut self.misplaced) {
            let mistake = mistakes::param_before_input(&attr, &pat, &sig.ident);
            self.found.push(mistake);
        }
        let mut places = self.places.iter();
        if !places.any(|place| matches!(place, Place::Input(_))) && sig.receiver().is_none() {
            let (has_state, has_params) = (self.has_state(), !self.params.is_empty());
            self.refuse(mistakes::no_input(&sig.ident, has_state, has_params));
        }
        for place in &self.places {
            let (Place::State(pat, reference) | Place::Local(pat, reference, _)) = place else {
                continue;
            };
            if let Some(lifetime) = &reference.lifetime
                && lifetime.ident != "_"
                && is_used_again(function, lifetime)
            {
                self.found.push(mistakes::lent_for_longer(lifetime, pat));
                self.complete = false;
            }
        }
        self.complete.then_some(self.places)
    }
}

/// Whether `lifetime` stands in more than one place of the signature, its declaration aside.
fn is_used_again(function: &ItemFn, lifetime: &Lifetime) -> bool {
    struct Counter<'a>(&'a Lifetime, usize);
    impl<'ast> syn::visit::Visit<'ast> for Counter<'_> {
        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            self.1 += usize::from(lifetime == self.0);
        }
        fn visit_lifetime_param(&mut self, _: &'ast syn::LifetimeParam) {}
    }
    let mut counter = Counter(lifetime, 0);
    syn::visit::Visit::visit_signature(&mut counter, &function.sig);
    counter.1 > 1 || lifetime.ident == "static"
}

/// What could be kept by value instead of `ty`, if `ty` is plainly without a size.
fn unsized_form(ty: &Type) -> Option<&'static str> {
    match peel(ty) {
        Type::Slice(_) => Some("Vec<_>"),
        Type::TraitObject(_) => Some("Box<dyn _>"),
        Type::Path(path) if path.path.is_ident("str") => Some("String"),
        _ => None,
    }
}

/// The name that a pattern binds, if it is nothing but a name.
pub(super) fn bound_name(pat: &Pat) -> Option<Ident> {
    match pat {
        Pat::Ident(pat) if pat.subpat.is_none() => Some(pat.ident.clone()),
        Pat::Paren(pat) => bound_name(&pat.pat),
        _ => None,
    }
}

/// How a message calls an argument.
pub(super) fn display_name(pat: &Pat) -> String {
    bound_name(pat).map_or_else(
        || pat.to_token_stream().to_string(),
        |ident| ident.to_string(),
    )
}
