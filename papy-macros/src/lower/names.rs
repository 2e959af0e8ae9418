//! The names of a pipeline: streams and values, what they stand for, and whether they were used.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Member, Pat, Stmt};

use super::{Lowering, plain};
use crate::diagnostics::Place;
use crate::suggest::nearest;
use crate::{mistakes, syntax};

#[derive(Debug, Default)]
pub(super) struct Names {
    known: BTreeMap<String, Name>,
    /// Names that `let`s define, with their line and the names that their values mention.
    later: BTreeMap<String, (usize, Vec<String>)>,
    /// Names in text that could not be read: they may well be used there.
    touched: BTreeSet<String>,
    /// Names that stand where workers do.
    workers: BTreeSet<String>,
    /// Unknown names that were reported.
    reported: BTreeSet<String>,
    /// In text order.
    order: Vec<String>,
}

/// What a name stands for.
#[derive(Debug)]
pub(super) struct Name {
    place: Place,
    what: What,
    used: bool,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// `None` where its definition is broken, which is reported already.
    Stream {
        stream: Option<usize>,
        fields: Vec<Member>,
    },
    Value,
}

impl Names {
    /// Notes what all statements define, so that a use before its `let` can be told from an unknown name.
    pub(super) fn foresee(&mut self, statements: &[Stmt]) {
        for statement in statements {
            let Stmt::Local(local) = statement else {
                continue;
            };
            let mentioned = local
                .init
                .as_ref()
                .map(|init| idents(init.expr.to_token_stream()))
                .unwrap_or_default();
            for name in bound(&local.pat) {
                let entry = (Place::of(&name).line(), mentioned.clone());
                self.later.entry(plain(&name)).or_insert(entry);
            }
        }
    }

    /// Takes every name in these tokens as used.
    pub(super) fn touch(&mut self, tokens: impl ToTokens) {
        self.touched.extend(idents(tokens.into_token_stream()));
    }

    /// Takes this name as used.
    pub(super) fn touch_name(&mut self, name: &str) {
        self.touched.insert(name.to_owned());
    }

    /// Notes a worker's name.
    pub(super) fn note_worker(&mut self, name: &str) {
        self.workers.insert(name.to_owned());
    }

    pub(super) fn get(&self, name: &str) -> Option<&What> {
        self.known.get(name).map(|name| &name.what)
    }

    pub(super) fn is_value(&self, name: &str) -> bool {
        matches!(self.get(name), Some(What::Value))
    }

    pub(super) fn is_stream(&self, name: &str) -> bool {
        matches!(
            self.get(name),
            Some(What::Stream {
                stream: Some(_),
                ..
            })
        )
    }

    /// A stream whose definition is reported already.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        matches!(self.get(name), Some(What::Stream { stream: None, .. }))
    }

    /// Takes every stream as used.
    pub(super) fn touch_streams(&mut self) {
        self.touched.extend(self.streams());
    }

    fn streams(&self) -> Vec<String> {
        self.order
            .iter()
            .filter(|name| self.is_stream(name))
            .cloned()
            .collect()
    }

    pub(super) fn values(&self) -> Vec<String> {
        self.order
            .iter()
            .filter(|name| self.is_value(name))
            .cloned()
            .collect()
    }

    /// A path from `name` through definitions back to itself.
    fn cycle(&self, name: &str) -> Option<Vec<String>> {
        let mut trail = vec![name.to_owned()];
        let mut seen = BTreeSet::new();
        self.walk(name, name, &mut trail, &mut seen)
            .then_some(trail)
    }

    fn walk(
        &self,
        at: &str,
        goal: &str,
        trail: &mut Vec<String>,
        seen: &mut BTreeSet<String>,
    ) -> bool {
        let users = self
            .later
            .iter()
            .filter(|(_, (_, mentioned))| mentioned.iter().any(|m| m == at));
        for (user, _) in users {
            if user == goal {
                trail.push(goal.to_owned());
                return true;
            }
            if seen.insert(user.clone()) {
                trail.push(user.clone());
                if self.walk(user, goal, trail, seen) {
                    return true;
                }
                trail.pop();
            }
        }
        false
    }
}

impl Lowering<'_> {
    /// Defines a stream, or one that is known to be broken.
    pub(super) fn define_stream(
        &mut self,
        name: &Ident,
        stream: Option<usize>,
        fields: Vec<Member>,
    ) {
        if let Some(stream) = stream.filter(|_| fields.is_empty()) {
            let code = &mut self.code.streams[stream];
            if code.name.is_none() {
                code.name = Some(name.clone());
                code.place = Place::of(name);
                self.graph.streams[stream].name = plain(name);
            }
        }
        self.define("stream", name, What::Stream { stream, fields });
    }

    pub(super) fn define_value(&mut self, name: &Ident) {
        self.code.values.push(name.clone());
        self.define("value", name, What::Value);
    }

    fn define(&mut self, what: &str, name: &Ident, meaning: What) {
        let key = plain(name);
        if let Some(first) = self.names.known.get_mut(&key) {
            let both_values = matches!((&first.what, &meaning), (What::Value, What::Value));
            if both_values && !self.held.contains(&key) {
                // As in plain Rust, where nothing that was said before depends on the name.
                first.place = Place::of(name);
                self.known_pools.remove(&key);
                return;
            }
            let line = first.place.line();
            self.cx
                .report(Place::of(name), mistakes::defined_twice(what, &key, line));
            self.names.touched.insert(key);
            return;
        }
        self.names.order.push(key.clone());
        self.names.known.insert(
            key,
            Name {
                place: Place::of(name),
                what: meaning,
                used: false,
            },
        );
    }

    /// Defines a name of an arm's pattern, as in any `match`; gives what it means outside.
    pub(super) fn define_bound(&mut self, name: &Ident, stream: usize) -> Option<Name> {
        let meaning = Name {
            place: Place::of(name),
            what: What::Stream {
                stream: Some(stream),
                fields: Vec::new(),
            },
            used: false,
        };
        self.names.known.insert(plain(name), meaning)
    }

    /// Forgets a name of an arm's pattern; gives whether it was used.
    pub(super) fn forget_bound(&mut self, name: &Ident, outside: Option<Name>) -> bool {
        let key = plain(name);
        let known = match outside {
            Some(outside) => self.names.known.insert(key, outside),
            None => self.names.known.remove(&key),
        };
        known.is_some_and(|known| known.used)
    }

    /// Resolves a stream's name and notes the use; reports what is no stream.
    pub(super) fn resolve(&mut self, name: &Ident) -> Option<(usize, Vec<Member>)> {
        let key = plain(name);
        if let Some(known) = self.names.known.get_mut(&key) {
            known.used = true;
            return match known.what.clone() {
                What::Stream { stream, fields } => Some((stream?, fields)),
                What::Value => {
                    self.cx
                        .report(Place::of(name), mistakes::value_as_stream(&key));
                    None
                }
            };
        }
        self.report_unknown(name, &key);
        None
    }

    fn report_unknown(&mut self, name: &Ident, key: &str) {
        if !self.names.reported.insert(key.to_owned()) {
            return;
        }
        if key == "skip" {
            self.cx.report(Place::of(name), mistakes::skip_reserved());
            return;
        }
        if let Some((line, _)) = self.names.later.get(key) {
            let cycle = self.names.cycle(key);
            self.cx.report(
                Place::of(name),
                mistakes::used_before(key, *line, cycle.as_deref()),
            );
            self.names.touched.insert(key.to_owned());
            return;
        }
        if self.names.touched.contains(key) {
            // it may be defined in text that could not be read
            return;
        }
        let streams = self.names.streams();
        let near = nearest(key, streams.iter().map(String::as_str))
            .or_else(|| nearest(key, ["skip"]).filter(|_| self.in_arm))
            .map(str::to_owned);
        // what was meant is not unused
        self.names.touched.extend(near.clone());
        self.cx.report(
            Place::of(name),
            mistakes::unknown_stream(key, near.as_deref(), &streams),
        );
    }

    /// Every stream must be used.
    pub(super) fn check_used(&mut self) {
        for key in self.names.order.clone() {
            let name = &self.names.known[&key];
            let exempt = name.used || key.starts_with('_') || self.names.touched.contains(&key);
            if !exempt && matches!(name.what, What::Stream { .. }) {
                let mistake = if self.names.workers.contains(&key) {
                    mistakes::stream_as_node(&key)
                } else {
                    mistakes::never_used(&key)
                };
                self.cx.report(name.place, mistake);
            }
        }
    }
}

/// The names that a pattern binds.
pub(super) fn bound(pat: &Pat) -> Vec<Ident> {
    struct Binder(Vec<Ident>);
    impl<'ast> Visit<'ast> for Binder {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0.push(pat.ident.clone());
            syn::visit::visit_pat_ident(self, pat);
        }
    }
    let mut binder = Binder(Vec::new());
    binder.visit_pat(pat);
    binder.0
}

/// The names that a pattern binds by `ref`.
pub(super) fn borrowed(pat: &Pat) -> Vec<Ident> {
    struct Borrower(Vec<Ident>);
    impl<'ast> Visit<'ast> for Borrower {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            if pat.by_ref.is_some() {
                self.0.push(pat.ident.clone());
            }
            syn::visit::visit_pat_ident(self, pat);
        }
    }
    let mut borrower = Borrower(Vec::new());
    borrower.visit_pat(pat);
    borrower.0
}

/// Every identifier in the tokens.
pub(super) fn idents(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => found.push(plain(&name)),
            TokenTree::Group(group) => found.extend(idents(group.stream())),
            _ => {}
        }
    }
    found
}

/// The one name that an expression is.
pub(super) fn single(expr: &syn::Expr) -> Option<&Ident> {
    match syntax::bare(expr) {
        syn::Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}
