//! Names for the streams that have none, none of which means anything else.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Pat;

use super::units::Units;
use crate::expand::Plan;
use crate::graph::{Kind, NodeId, StreamId};
use crate::lower::{Step, Work, plain};
use crate::syntax::Argument;

/// The names of streams as they are printed.
pub struct Names {
    taken: BTreeSet<String>,
    /// `None` for what is never named: it stands in the middle of a text.
    streams: Vec<Option<Ident>>,
}

impl Names {
    pub fn new(plan: &Plan, units: &Units, tail: Option<NodeId>) -> Names {
        let mut names = Names {
            taken: taken(plan),
            streams: Vec::new(),
        };
        names.streams = (0..plan.graph.streams.len())
            .map(|stream| match units.unit(stream) {
                None => named(plan, units, stream),
                Some(unit) if !units.is_statement(unit) || tail == Some(unit) => None,
                Some(_) if units.uses[stream] == 0 => None,
                // between what a node's options are made of
                Some(unit) if plan.graph.producer(stream) != Some(units.last[unit]) => None,
                Some(unit) => {
                    let node = &plan.graph.nodes[unit];
                    let base = match node.kind {
                        Kind::Route => "routed".to_owned(),
                        Kind::Merge => "merged".to_owned(),
                        _ => words(&node.name),
                    };
                    Some(names.fresh(&base))
                }
            })
            .collect();
        names
    }

    /// The name of a stream.
    pub fn get(&self, stream: StreamId) -> Option<&Ident> {
        self.streams[stream].as_ref()
    }

    /// A name like this one that means nothing yet.
    pub fn fresh(&mut self, base: &str) -> Ident {
        let valid = syn::parse_str::<Ident>(base).is_ok();
        let base = if valid {
            base.to_owned()
        } else {
            // a keyword, a number, or nothing at all
            format!("stream_{base}").trim_end_matches('_').to_owned()
        };
        self.next(&base)
    }

    /// A name like this one, that need not be used.
    pub fn unused(&mut self, base: &str) -> Ident {
        self.next(&format!("_{}", base.trim_start_matches('_')))
    }

    fn next(&mut self, base: &str) -> Ident {
        let numbered = (2..).map(|n| format!("{base}_{n}"));
        let name = std::iter::once(base.to_owned())
            .chain(numbered)
            .find(|name| !self.taken.contains(name))
            .unwrap_or_default();
        self.taken.insert(name.clone());
        Ident::new(&name, proc_macro2::Span::call_site())
    }
}

fn named(plan: &Plan, units: &Units, stream: StreamId) -> Option<Ident> {
    if let Some(name) = &plan.code.streams[stream].name {
        return Some(name.clone());
    }
    let (arm, at) = units.binding(stream)?;
    let route = plan.graph.producer(stream)?;
    match &plan.code.nodes[route].work {
        Work::Route { arms, .. } => arms[arm].bindings.get(at).cloned(),
        _ => None,
    }
}

/// `a b#2` to `a_b_2`
fn words(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("_")
}

/// Every name that the text mentions, but for those of workers: these may be names of streams too.
fn taken(plan: &Plan) -> BTreeSet<String> {
    let (pipeline, code) = (plan.pipeline, plan.code);
    let mut tokens = TokenStream::new();
    let mut add = |part: &dyn ToTokens| part.to_tokens(&mut tokens);
    add(&pipeline.generics);
    for arg in &pipeline.args {
        match arg {
            Argument::Input { name, ty } => (add(name), add(ty)).0,
            Argument::Value { pat, ty, .. } => (add(pat), add(ty)).0,
            Argument::Broken { pat, .. } => add(pat),
        }
    }
    for output in &code.outputs {
        add(&output.name);
    }
    for stream in &code.streams {
        add(&stream.name);
        stream
            .annotations
            .iter()
            .for_each(&mut |ty: &syn::Type| add(ty));
    }
    for step in &code.steps {
        if let Step::Plain(statement) = step {
            add(statement);
        }
    }
    for node in &code.nodes {
        let exprs = [&node.pool, &node.stride, &node.spawn, &node.state];
        for expr in exprs {
            add(expr);
        }
        for (_, expr) in node.timeout.iter().chain(&node.retry) {
            add(expr);
        }
        match &node.work {
            Work::Worker { params, .. } => params.iter().for_each(|(_, expr)| add(expr)),
            Work::Closure { closure, .. } => add(closure),
            Work::Route { arms, .. } => {
                for arm in arms {
                    let pat: &Pat = &arm.pat;
                    add(pat);
                    add(&arm.guard);
                }
            }
            Work::Moves => {}
        }
    }
    let mut taken: BTreeSet<String> = idents(tokens).into_iter().collect();
    taken.extend(["merge", "skip"].map(str::to_owned));
    taken.extend(code.values.iter().map(plain));
    taken
}

/// Every identifier in the tokens.
fn idents(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => found.push(plain(&name)),
            TokenTree::Group(group) => found.extend(idents(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}
