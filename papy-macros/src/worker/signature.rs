//! What the signature means: which argument is state, input, parameter or scratch, and the names for what it elides.

use super::arguments::Argument;
use super::attr::Options;
use super::lifetimes::{self, Named, Names, at};
use super::mistakes::{self, Found};
use super::output::{self, Captures, Output};
use super::places::{self, Place, bound_name};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use std::collections::HashSet;
use syn::{
    Attribute, Expr, GenericParam, Generics, Ident, ItemFn, Lifetime, Pat, Token, Type, TypeParam,
    TypeReference, Visibility,
};

/// A function that can be a worker. All types in it are named: no elided lifetime, no `impl Trait`.
pub(super) struct Worker {
    pub(super) cfgs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) ident: Ident,
    pub(super) fn_token: Token![fn],
    /// As written.
    pub(super) generics: Generics,
    /// The lifetimes of the struct: those that a call's input does not determine.
    pub(super) held: Vec<Lifetime>,
    /// The lifetimes that the signature elides and the struct has no use for.
    pub(super) fresh: Vec<Lifetime>,
    /// The type parameters of the struct that the text does not show.
    pub(super) hidden: Vec<Hidden>,
    /// The `impl Trait`s of the inputs.
    pub(super) opaque: Vec<TypeParam>,
    /// In the order of the call.
    pub(super) arguments: Vec<Role>,
    /// What the parameters and the output need beyond what is written.
    pub(super) predicates: Vec<TokenStream>,
    /// What the scratch needs beyond that.
    pub(super) local_predicates: Vec<TokenStream>,
    pub(super) output: Output,
}

/// A type parameter of the struct for one parameter of the function.
pub(super) struct Hidden {
    pub(super) ident: Ident,
    /// What it is where a turbofish names only the parameters that the text shows.
    pub(super) default: TokenStream,
}

/// What one argument is to the pipeline.
pub(super) enum Role {
    State(Type),
    Input(Type),
    /// Cloned for each call.
    Value(Ident, Type),
    /// Lent to each call: a type that borrows as the argument's.
    Lent(Ident, Ident, Type),
    Local(Type, Expr),
}

/// Where a lifetime that the return type elides comes from.
pub(super) enum Elided {
    As(Lifetime),
    /// From an argument that is lent for one call.
    Lent(Lent),
    /// From nothing, or from several: rustc's to report.
    Unknown,
}

/// An argument that is lent for one call.
#[derive(Clone)]
pub(super) struct Lent {
    pub(super) name: Ident,
    pub(super) is_param: bool,
}

/// The type within groups (of `macro_rules!` fragments) and parentheses.
pub(super) fn peel(mut ty: &Type) -> &Type {
    loop {
        match ty {
            Type::Group(group) => ty = &group.elem,
            Type::Paren(paren) => ty = &paren.elem,
            _ => return ty,
        }
    }
}

/// Reads the signature of `function`; nothing if it cannot be a worker, with the reasons in `found`.
pub(super) fn read(
    function: &ItemFn,
    arguments: Vec<Argument>,
    options: &Options,
    found: &mut Found,
) -> Option<Worker> {
    let kind_fits = check_kind(function, found);
    let roles = places::find(function, arguments, found);
    // A function of another kind is a worker in no way; what is said of its arguments has been said.
    let mut reader = Reader::default();
    let named = roles.filter(|_| kind_fits).and_then(|roles| {
        // All of them, so that each reports its own.
        let named: Vec<Option<Role>> = roles
            .into_iter()
            .map(|role| reader.name(role, found))
            .collect();
        named.into_iter().collect::<Option<Vec<Role>>>()
    });
    let Some(arguments) = named else {
        check_output(function, options, found);
        return None;
    };
    reader.finish(function, arguments, options, found)
}

/// Reports every way in which `function` is of a kind that cannot be a worker.
fn check_kind(function: &ItemFn, found: &mut Found) -> bool {
    let sig = &function.sig;
    let before = found.count();
    if let Some(receiver) = sig.receiver() {
        found.push(mistakes::method(receiver, &sig.ident));
    } else if let Some(span) = find_self(&sig.to_token_stream()) {
        found.push(mistakes::method(Ident::new("Self", span), &sig.ident));
    }
    if let Some(token) = &sig.asyncness {
        found.push(mistakes::async_worker(token));
    }
    if let syn::Safety::Unsafe(token) = &sig.safety {
        found.push(mistakes::unsafe_worker(token, &sig.ident));
    }
    if let Some(variadic) = &sig.variadic {
        found.push(mistakes::variadic(variadic));
    }
    found.count() == before
}

/// Reports what is wrong with the return type alone, when the arguments could not be read.
fn check_output(function: &ItemFn, options: &Options, found: &mut Found) {
    let sig = &function.sig;
    let captures = Captures {
        lifetimes: Vec::new(),
        types: Vec::new(),
        lent: None,
        fresh: Lifetime::new("'static", sig.ident.span()),
    };
    output::read(
        &sig.output,
        &sig.ident,
        options,
        &Elided::Unknown,
        &captures,
        found,
    );
}

fn find_self(tokens: &TokenStream) -> Option<Span> {
    tokens.clone().into_iter().find_map(|token| match token {
        proc_macro2::TokenTree::Ident(ident) if ident == "Self" => Some(ident.span()),
        proc_macro2::TokenTree::Group(group) => find_self(&group.stream()),
        _ => None,
    })
}

/// Collects names while the arguments are read in order.
#[derive(Default)]
struct Reader {
    names: Names,
    held: Vec<Lifetime>,
    fresh: Vec<Lifetime>,
    hidden: Vec<Hidden>,
    opaque: Vec<TypeParam>,
    predicates: Vec<TokenStream>,
    local_predicates: Vec<TokenStream>,
    /// For the elision rule: the lifetimes of the arguments, and which argument is lent.
    seen: Vec<Lifetime>,
    lent: Vec<Lent>,
    /// What determines the lifetimes of the struct.
    in_struct: HashSet<String>,
    in_inputs: HashSet<String>,
    /// Types that must be `Clone`.
    cloned: Vec<Type>,
}

impl Reader {
    fn name(&mut self, place: Place, found: &mut Found) -> Option<Role> {
        match place {
            Place::State(pat, reference) => {
                let ty = self.name_lent(&reference, &pat, found)?;
                Some(Role::State(ty))
            }
            Place::Local(pat, reference, init) => {
                let ty = self.name_lent(&reference, &pat, found)?;
                Some(Role::Local(ty, *init))
            }
            Place::Input(mut ty) => {
                let named = self.names.name(&mut ty, Names::input);
                self.seen.extend(named.seen);
                self.fresh.extend(named.fresh);
                self.opaque.extend(named.types);
                self.in_inputs.extend(lifetimes::mentioned(&ty));
                Some(Role::Input(ty))
            }
            Place::Param(ident, ty) => match peel(&ty).clone() {
                // A named lifetime says that the call may keep the reference: a value like any other.
                Type::Reference(reference)
                    if reference.lifetime.as_ref().is_none_or(|it| it.ident == "_") =>
                {
                    self.name_borrowed(ident, &reference, found)
                }
                _ => Some(self.name_value(ident, ty)),
            },
        }
    }

    /// State and scratch: lent for one call, of a type that the struct determines.
    fn name_lent(
        &mut self,
        reference: &TypeReference,
        pat: &Pat,
        found: &mut Found,
    ) -> Option<Type> {
        let mut ty = (*reference.elem).clone();
        let name = bound_name(pat).unwrap_or_else(|| Ident::new("_", Span::call_site()));
        self.lent.push(Lent {
            name,
            is_param: false,
        });
        let named = self.names.name(&mut ty, Names::param);
        if !named.types.is_empty() {
            found.push(mistakes::unnamed_type(&reference.elem, pat));
            return None;
        }
        self.hold(named, &ty);
        Some(ty)
    }

    fn name_value(&mut self, ident: Ident, mut ty: Type) -> Role {
        let mut named = self.names.name(&mut ty, Names::param);
        for param in std::mem::take(&mut named.types) {
            let TypeParam { ident, bounds, .. } = param;
            self.predicates
                .push(quote_spanned!(at(ident.span())=> #ident: #bounds));
            let default = quote_spanned!(at(ident.span())=> ());
            self.hidden.push(Hidden { ident, default });
        }
        self.hold(named, &ty);
        self.cloned.push(ty.clone());
        Role::Value(ident, ty)
    }

    fn name_borrowed(
        &mut self,
        ident: Ident,
        reference: &TypeReference,
        found: &mut Found,
    ) -> Option<Role> {
        let mut ty = (*reference.elem).clone();
        let named = self.names.name(&mut ty, Names::param);
        if !named.types.is_empty() {
            found.push(mistakes::lent_impl_trait(&reference.elem, &ident));
            return None;
        }
        self.lent.push(Lent {
            name: ident.clone(),
            is_param: true,
        });
        self.seen.extend(named.seen);
        self.fresh.extend(named.fresh);

        let mut owned = ty.clone();
        let forever = Lifetime::new("'static", at(ident.span()));
        lifetimes::set_lifetimes(&mut owned, &forever, true);
        let hidden = self.names.param(ident.span());
        let default = quote_spanned!(at(ident.span())=> ::std::sync::Arc<#owned>);
        self.hidden.push(Hidden {
            ident: hidden.clone(),
            default,
        });
        self.predicates
            .push(quote_spanned!(at(ident.span())=> #hidden: ::papy::__private::Lend<#ty>));
        Some(Role::Lent(ident, hidden, ty))
    }

    fn hold(&mut self, named: Named, ty: &Type) {
        self.seen.extend(named.seen);
        self.held.extend(named.fresh);
        self.in_struct.extend(lifetimes::mentioned(ty));
    }

    fn finish(
        mut self,
        function: &ItemFn,
        arguments: Vec<Role>,
        options: &Options,
        found: &mut Found,
    ) -> Option<Worker> {
        let sig = &function.sig;
        let generics = &sig.generics;
        let captures = self.captures(generics, sig.ident.span());
        let elided = self.elided(generics);
        let output = output::read(&sig.output, &sig.ident, options, &elided, &captures, found)?;
        let outputs = lifetimes::mentioned(&output.ty);
        // An `impl` may mention a lifetime in what it gives only if its header determines it.
        let mut held: Vec<Lifetime> = generics
            .lifetimes()
            .map(|param| param.lifetime.clone())
            .filter(|lifetime| {
                let name = lifetime.to_string();
                self.in_struct.contains(&name)
                    || outputs.contains(&name) && !self.in_inputs.contains(&name)
            })
            .collect();
        held.append(&mut self.held);

        if let Some((lifetime, held_by_it)) =
            output.boxed.as_ref().and_then(|it| it.outlived.as_ref())
        {
            held.push(lifetime.clone());
            let span = at(lifetime.span());
            self.predicates.extend(
                held_by_it
                    .iter()
                    .map(|it| quote_spanned!(span=> #it: #lifetime)),
            );
        }
        self.require(generics, &arguments, &output);
        Some(Worker {
            cfgs: function
                .attrs
                .iter()
                .filter(|attr| attr.path().is_ident("cfg"))
                .cloned()
                .collect(),
            vis: function.vis.clone(),
            ident: sig.ident.clone(),
            fn_token: sig.fn_token,
            generics: generics.clone(),
            held,
            fresh: self.fresh,
            hidden: self.hidden,
            opaque: self.opaque,
            arguments,
            predicates: self.predicates,
            local_predicates: self.local_predicates,
            output,
        })
    }

    /// The elision rule: the only lifetime of the arguments, if there is exactly one.
    fn elided(&self, generics: &Generics) -> Elided {
        // Lifetimes of a `for<..>` inside a type are not the signature's.
        let declared: HashSet<_> = generics.lifetimes().map(|it| &it.lifetime).collect();
        let distinct: HashSet<&Lifetime> = self
            .seen
            .iter()
            .filter(|it| declared.contains(it) || self.is_ours(it) || it.ident == "static")
            .collect();
        let mut distinct = distinct.into_iter();
        match (distinct.next(), distinct.next(), self.lent.as_slice()) {
            (Some(only), None, []) => Elided::As(only.clone()),
            (None, None, [only]) => Elided::Lent(only.clone()),
            _ => Elided::Unknown,
        }
    }

    fn is_ours(&self, lifetime: &Lifetime) -> bool {
        self.held.contains(lifetime) || self.fresh.contains(lifetime)
    }

    /// What an `impl Trait` output holds if it does not say.
    fn captures(&mut self, generics: &Generics, span: Span) -> Captures {
        let fresh = self.names.lifetime(span);
        let written = generics.lifetimes().map(|it| it.lifetime.clone());
        let lifetimes = written.chain(self.held.iter().chain(&self.fresh).cloned());
        let types = generics.type_params().map(|it| it.ident.clone());
        let hidden = self.hidden.iter().map(|it| it.ident.clone());
        let opaque = self.opaque.iter().map(|it| it.ident.clone());
        Captures {
            lifetimes: lifetimes.collect(),
            types: types.chain(hidden).chain(opaque).collect(),
            lent: self.lent.first().cloned(),
            fresh,
        }
    }

    /// Bounds that hold by themselves for plain types and must be asked of generic ones.
    fn require(&mut self, generics: &Generics, arguments: &[Role], output: &Output) {
        let written = generics.params.iter().filter_map(|param| match param {
            GenericParam::Type(param) => Some(param.ident.to_string()),
            GenericParam::Const(param) => Some(param.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        });
        let hidden = self.hidden.iter().map(|it| it.ident.to_string());
        let opaque = self.opaque.iter().map(|it| it.ident.to_string());
        let open: HashSet<String> = written.chain(hidden).chain(opaque).collect();
        let is_generic = |ty: &Type| !lifetimes::mentioned(ty).is_disjoint(&open);

        for ty in self.cloned.iter().filter(|ty| is_generic(ty)) {
            let span = at(first_span(ty));
            self.predicates
                .push(quote_spanned!(span=> #ty: ::core::clone::Clone));
        }
        for argument in arguments {
            if let Role::Local(ty, _) = argument
                && is_generic(ty)
            {
                let span = at(first_span(ty));
                self.local_predicates
                    .push(quote_spanned!(span=> #ty: ::core::marker::Send));
            }
        }
        if output.shape == output::Shape::Result && is_generic(&output.ty) {
            let ty = &output.ty;
            let span = at(first_span(ty));
            self.predicates
                .push(quote_spanned!(span=> #ty: ::papy::__private::Fallible));
        }
    }
}

/// Where a type begins; what is underlined is then a part of it.
pub(super) fn first_span(tokens: impl ToTokens) -> Span {
    let first = tokens.into_token_stream().into_iter().next();
    first.map_or_else(Span::call_site, |token| token.span())
}
