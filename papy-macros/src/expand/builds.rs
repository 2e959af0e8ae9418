//! What is evaluated once, when the pipeline is built, in text order: typed `let`s, workers with their parameters,
//! states, pools, and the values that closures capture.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;

use super::Plan;
use super::span::{at, internal, internal_at, papy_at};
use crate::diagnostics::Place;
use crate::graph::{Kind, Mode, PoolClass};
use crate::lower::{NodeCode, Step, Work, mentions, plain, without_arguments};
use crate::syntax;

/// The statements, and what they leave for the regions.
pub struct Builds {
    pub steps: Vec<TokenStream>,
    /// The values that each region captures.
    pub captures: Vec<Vec<Ident>>,
    /// The variable of each region's pool, where it is not the default one.
    pub pools: Vec<Option<Ident>>,
    /// The variables of each region's stride hints.
    pub strides: Vec<Vec<Ident>>,
}

/// Where a value is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Site {
    /// In an expression, which does with it what it does.
    Plain,
    /// As the whole of a parameter.
    Param(usize, usize),
    /// As the whole of a state.
    State(usize),
    /// By the closures of a region.
    Capture(usize),
}

/// The variable of a node's worker.
pub fn worker(node: usize) -> Ident {
    worker_at(node, Span::mixed_site())
}

/// The variable of the values of a pipeline that is a node.
pub fn made(node: usize) -> Ident {
    internal(&format!("values_{node}"))
}

/// The same, where errors are to land at the user's token.
pub fn worker_at(node: usize, user: Span) -> Ident {
    internal_at(&format!("worker_{node}"), user)
}

/// The variable of a node's limit.
pub fn limit(node: usize) -> Ident {
    internal(&format!("limit_{node}"))
}

/// The variable of the time that a call of a node may take.
pub fn limit_in_time(node: usize) -> Ident {
    internal(&format!("time_{node}"))
}

/// The variable of how often a node's calls are tried again.
pub fn retries(node: usize) -> Ident {
    internal(&format!("retries_{node}"))
}

/// The variable of a node's first state.
pub fn state(node: usize) -> Ident {
    internal(&format!("state_{node}"))
}

/// The variable of a value, as a region has it.
pub fn capture(region: usize, value: &Ident) -> Ident {
    internal(&format!("value_{region}_{}", plain(value)))
}

pub fn builds(plan: &Plan) -> Builds {
    let regions = plan.partition.regions.len();
    let mut builder = Builder {
        plan,
        values: plan
            .code
            .values
            .iter()
            .map(|value| (plain(value), value))
            .collect(),
        last: BTreeMap::new(),
        captured: vec![BTreeSet::new(); regions],
        named_pools: BTreeMap::new(),
        builds: Builds {
            steps: Vec::new(),
            captures: vec![Vec::new(); regions],
            pools: vec![None; regions],
            strides: vec![Vec::new(); regions],
        },
    };
    builder.find_last_uses();
    for step in &plan.code.steps {
        match step {
            Step::Plain(statement) => builder.builds.steps.push(quote!(#statement)),
            Step::Node(node) => builder.node(*node),
        }
    }
    builder.builds
}

struct Builder<'a> {
    plan: &'a Plan<'a>,
    values: BTreeMap<String, &'a Ident>,
    /// Where each value is used last, so that it can be moved there.
    last: BTreeMap<String, Site>,
    captured: Vec<BTreeSet<String>>,
    named_pools: BTreeMap<String, Ident>,
    builds: Builds,
}

impl Builder<'_> {
    fn find_last_uses(&mut self) {
        let mut uses: Vec<(String, Site)> = Vec::new();
        let mut captured: BTreeSet<(usize, String)> = BTreeSet::new();
        for step in &self.plan.code.steps {
            match step {
                Step::Plain(statement) => {
                    let names = mentions::of_statement(statement).names;
                    uses.extend(names.into_iter().map(|name| (name, Site::Plain)));
                }
                Step::Node(id) => {
                    let node = &self.plan.code.nodes[*id];
                    if let Work::Worker { params, .. } = &node.work {
                        for (at, (_, expr)) in params.iter().enumerate() {
                            uses.extend(self.uses(expr, Site::Param(*id, at)));
                        }
                    }
                    if let Some(state) = &node.state {
                        uses.extend(self.uses(state, Site::State(*id)));
                    }
                    let own = [&node.pool, &node.stride, &node.spawn]
                        .into_iter()
                        .flatten();
                    let placed = node.timeout.iter().chain(&node.retry).map(|(_, expr)| expr);
                    for expr in own.chain(placed) {
                        uses.extend(self.uses(expr, Site::Plain));
                    }
                    if let Work::Closure { mentions, .. } | Work::Route { mentions, .. } =
                        &node.work
                    {
                        let region = self.plan.partition.region_of[*id].unwrap_or_default();
                        for name in mentions {
                            if captured.insert((region, name.clone())) {
                                uses.push((name.clone(), Site::Capture(region)));
                            }
                        }
                    }
                }
            }
        }
        self.last.extend(uses);
    }

    fn uses(&self, expr: &Expr, whole: Site) -> Vec<(String, Site)> {
        match self.value(expr) {
            Some(name) => vec![(plain(name), whole)],
            None => mentions::of_expr(expr)
                .names
                .into_iter()
                .map(|name| (name, Site::Plain))
                .collect(),
        }
    }

    /// The value that an expression is as a whole.
    fn value<'e>(&self, expr: &'e Expr) -> Option<&'e Ident> {
        match syntax::bare(expr) {
            Expr::Path(path) if path.qself.is_none() => path
                .path
                .get_ident()
                .filter(|name| self.values.contains_key(&plain(name))),
            _ => None,
        }
    }

    /// An expression; a value is moved out of its variable where nothing uses it later, and cloned elsewhere.
    fn given(&self, expr: &Expr, site: Site) -> TokenStream {
        match self.value(expr) {
            Some(name) if self.last.get(&plain(name)) != Some(&site) => clone(name),
            _ => quote!(#expr),
        }
    }

    fn node(&mut self, id: usize) {
        let code = &self.plan.code.nodes[id];
        let region = self.plan.partition.region_of[id].unwrap_or_default();
        self.worker(id, code);
        self.pool(id, code, region);
        if let Some(expr) = &code.stride {
            let name = internal_at(&format!("stride_{id}"), syntax_span(expr));
            self.builds.steps.push(number(&name, expr));
            self.builds.strides[region].push(name);
        }
        if let Some(expr) = &code.spawn {
            self.builds.steps.push(number(&limit(id), expr));
        }
        if let Some((_, expr)) = &code.timeout {
            let (name, user) = (limit_in_time(id), syntax_span(expr));
            let duration = quote_spanned!(at(user)=> ::core::time::Duration);
            let step = quote_spanned!(at(user)=> let #name: #duration = #expr;);
            self.builds.steps.push(step);
        }
        if let Some((_, expr)) = &code.retry {
            self.builds.steps.push(number(&retries(id), expr));
        }
        if let Work::Closure { mentions, .. } | Work::Route { mentions, .. } = &code.work {
            for name in mentions {
                self.capture(name, region);
            }
        }
    }

    fn worker(&mut self, id: usize, code: &NodeCode) {
        let Work::Worker { path, params } = &code.work else {
            return;
        };
        let user = code.place.span();
        let fields = params.iter().enumerate().map(|(at, (name, expr))| {
            let value = self.given(expr, Site::Param(id, at));
            quote!(#name: #value)
        });
        let marker = quote_spanned!(at(user)=> __papy: ::core::marker::PhantomData);
        if self.plan.graph.nodes[id].kind == Kind::Pipeline {
            let (path, name) = (without_arguments(path), made(id));
            let made = quote!(#path { #(#fields,)* #marker });
            self.builds.steps.push(quote!(let #name = #made;));
            return;
        }
        let made = if params.is_empty()
            || path
                .segments
                .last()
                .is_none_or(|last| last.arguments.is_none())
        {
            quote!(#path { #(#fields,)* #marker })
        } else {
            // in `f::<u32> { .. }` what is lent would have the type that it has by default
            let bare = without_arguments(path);
            let mark = quote_spanned!(at(user)=> __papy: #path::__PAPY);
            quote!(#bare { #(#fields,)* #mark })
        };
        let (worker, papy) = (worker(id), papy_at(user));
        let itself = worker_at(id, user);
        let whole = quote_spanned!(at(user)=> #papy::Scratch::itself(#itself));
        self.builds.steps.push(quote!(let #worker = #made;));
        let keeps_state = matches!(self.plan.graph.nodes[id].mode, Mode::Serial | Mode::Fold);
        if keeps_state {
            self.builds.steps.push(quote!(let #worker = #whole;));
            let option = code.serial.map_or(user, Place::span);
            let given = code.state.as_ref().map(syntax_span);
            if given.is_some() || self.plan.graph.nodes[id].mode == Mode::Fold {
                let user = given.unwrap_or(option);
                let (papy, keeper) = (papy_at(user), worker_at(id, user));
                self.builds.steps.push(
                    quote_spanned!(at(user)=> let #keeper = #papy::Stateful::keeper(#keeper);),
                );
            }
            let state = state(id);
            let value = if let Some(expr) = &code.state {
                let value = self.given(expr, Site::State(id));
                let user = syntax_span(expr);
                let (papy, worker) = (papy_at(user), worker_at(id, user));
                quote_spanned!(at(user)=> #papy::given_state(&#worker, #value))
            } else {
                let (papy, worker) = (papy_at(option), worker_at(id, option));
                quote_spanned!(at(option)=> #papy::default_state(&#worker))
            };
            self.builds.steps.push(quote!(let #state = #value;));
        } else {
            self.builds
                .steps
                .push(quote!(let #worker = ::std::sync::Arc::new(#whole);));
        }
    }

    fn pool(&mut self, id: usize, code: &NodeCode, region: usize) {
        let (Some(expr), class) = (&code.pool, &self.plan.graph.nodes[id].pool) else {
            return;
        };
        if *class == PoolClass::Default {
            // Already there; a value that only names it is used all the same.
            if let Some(name) = self.value(expr) {
                self.builds.steps.push(quote!(let _ = &#name;));
            }
            return;
        }
        let known = match class {
            PoolClass::Named(name) => self.named_pools.get(name).cloned(),
            _ => None,
        };
        let pool = known.unwrap_or_else(|| {
            let name = internal_at(&format!("pool_{id}"), syntax_span(expr));
            let value = self.value(expr).map_or_else(|| quote!(#expr), clone);
            self.builds.steps.push(quote!(let #name = #value;));
            if let PoolClass::Named(class) = class {
                self.named_pools.insert(class.clone(), name.clone());
            }
            name
        });
        self.builds.pools[region].get_or_insert(pool);
    }

    fn capture(&mut self, name: &str, region: usize) {
        let Some(&value) = self.values.get(name) else {
            return;
        };
        if !self.captured[region].insert(name.to_owned()) {
            return;
        }
        let own = capture(region, value);
        let moved = self.last.get(name) == Some(&Site::Capture(region));
        let given = if moved { quote!(#value) } else { clone(value) };
        self.builds.steps.push(quote!(let #own = #given;));
        self.builds.captures[region].push(value.clone());
    }
}

fn clone(name: &Ident) -> TokenStream {
    quote_spanned!(at(name.span())=> ::core::clone::Clone::clone(&#name))
}

fn number(name: &Ident, expr: &Expr) -> TokenStream {
    let user = syntax_span(expr);
    let number = quote_spanned!(at(user)=> usize);
    quote_spanned!(at(user)=> let #name: #number = #expr;)
}

fn syntax_span(expr: &Expr) -> Span {
    Place::of(expr).span()
}
