//! Routes: `match` over a stream, and the streams of its arms; and `merge`.

use proc_macro2::Ident;
use syn::{Expr, ExprMatch, ExprMethodCall, Pat, Stmt};

use super::names::Name;
use super::streams::{Called, Port};
use super::{Lowering, RouteArm, Work, mentions, names, plain};
use crate::diagnostics::Place;
use crate::graph::{Kind, Mode, Origin, PoolClass, Shape};
use crate::{mistakes, syntax};

impl Lowering<'_> {
    /// `match stream { … }`, whose value is the arms' streams merged in input order.
    pub(super) fn route(&mut self, route: &ExprMatch) -> Vec<Port> {
        let place = Place::of(route.match_token);
        let Some((node, tag)) = self.begin_route(route) else {
            return vec![Port::broken(Place::of(route))];
        };
        let (mut ports, mut arms, mut broken) = (vec![tag], Vec::new(), false);
        let mut unreadable = false;
        for arm in &route.arms {
            let scope = self.enter_arm(node, arm);
            let body = self.arm_body(&arm.body);
            let skips = body.is_none_or(is_skip);
            unreadable |= body.is_none() && !is_empty(&arm.body);
            if let Some(body) = body.filter(|_| !skips) {
                let port = self.arm_stream(body);
                broken |= port.stream.is_none();
                arms.push(Some(ports.len()));
                ports.push(port);
            } else {
                arms.push(None);
            }
            self.leave_arm(node, scope);
        }
        self.own_route(node);
        if broken {
            return vec![Port::broken(Place::of(route))];
        }
        if ports.len() == 1 {
            if !unreadable {
                self.cx.report(place, mistakes::every_arm_skips());
            }
            return vec![Port::broken(Place::of(route))];
        }
        let merge = self.new_node(Kind::Arms, place, self.graph.nodes[node].name.clone());
        self.graph.nodes[merge].owner = self.graph.nodes[node].owner;
        self.graph.nodes[merge].pool = self.graph.nodes[node].pool.clone();
        self.graph.nodes[merge].arms = arms;
        vec![self.enter(merge, ports)]
    }

    /// `match stream { … }` as a statement: every arm ends in a sink.
    pub(super) fn sink_route(&mut self, route: &ExprMatch) {
        let Some((node, _)) = self.begin_route(route) else {
            return;
        };
        for arm in &route.arms {
            let scope = self.enter_arm(node, arm);
            if let Some(body) = self.arm_body(&arm.body).filter(|body| !is_skip(body)) {
                self.sink(body, false);
            }
            self.leave_arm(node, scope);
        }
        self.own_route(node);
    }

    /// The stream of an arm whose value is used.
    fn arm_stream(&mut self, body: &Expr) -> Port {
        let value = match syntax::bare(body) {
            Expr::Lit(_) => true,
            Expr::Path(path) => path.path.segments.len() > 1,
            _ => false,
        };
        if value {
            let text = syntax::short_text(body);
            self.cx
                .report(Place::of(body), mistakes::value_in_arm(&text));
            return Port::broken(Place::of(body));
        }
        let outside = std::mem::replace(&mut self.in_arm, true);
        let port = self.one_stream(body);
        self.in_arm = outside;
        port
    }

    /// The node that routes, and the stream of which arm each item takes.
    fn begin_route(&mut self, route: &ExprMatch) -> Option<(usize, Port)> {
        let place = Place::of(route.match_token);
        let ports = self.streams(&route.expr);
        if route.arms.is_empty() {
            self.cx.report(place, mistakes::no_arms());
            return None;
        }
        if ports.iter().any(|port| port.stream.is_none()) {
            for arm in &route.arms {
                self.names.touch(&arm.body);
            }
            return None;
        }
        let producer = ports
            .first()
            .and_then(|port| port.stream)
            .and_then(|stream| self.graph.producer(stream));
        let node = self.new_node(Kind::Route, place, "match".to_owned());
        if let Some(producer) = producer {
            let from = &self.graph.nodes[producer];
            let pool = match from.mode {
                Mode::Parallel => from.pool.clone(),
                _ => PoolClass::Default,
            };
            self.graph.nodes[node].pool = pool;
        }
        self.code.nodes[node].work = Work::Route {
            arms: Vec::new(),
            mentions: Vec::new(),
        };
        let tag = self.enter(node, ports);
        Some((node, tag))
    }

    /// Makes the names of a pattern streams of the arm; gives them with their streams.
    fn enter_arm(&mut self, node: usize, arm: &syn::Arm) -> Scope {
        let (pat, guard) = match &arm.pat {
            Pat::Guard(guarded) => (&*guarded.pat, Some((*guarded.guard).clone())),
            pat => (pat, None),
        };
        for name in names::borrowed(pat) {
            self.cx.report(
                Place::of(&name),
                mistakes::bound_by_reference(&plain(&name)),
            );
        }
        let mut bound: Vec<Bound> = Vec::new();
        for name in names::bound(pat) {
            let key = plain(&name);
            let constant = key.starts_with(char::is_uppercase);
            if constant || bound.iter().any(|known| known.name == name) {
                continue;
            }
            let stream = self.new_stream(Origin::Node(node), Place::of(&name));
            self.graph.streams[stream].name.clone_from(&key);
            let outside = self.define_bound(&name, stream);
            bound.push(Bound {
                name,
                stream,
                outside,
            });
        }
        if let Some(guard) = &guard {
            let found = mentions::of_expr(guard);
            let own = |name: &str| bound.iter().any(|known| plain(&known.name) == name);
            for (name, span) in &found.variables {
                if !own(name) && self.names.is_stream(name) {
                    self.cx.report(*span, mistakes::stream_in_guard(name));
                    self.names.touch_name(name);
                }
            }
            let values = found
                .names
                .into_iter()
                .filter(|name| !own(name) && self.names.is_value(name));
            let values: Vec<String> = values.collect();
            self.held.extend(values.iter().cloned());
            if let Work::Route { mentions, .. } = &mut self.code.nodes[node].work {
                mentions.extend(values);
            }
        }
        Scope {
            pat: pat.clone(),
            guard,
            bound,
            body: Place::of(&arm.body),
        }
    }

    /// Forgets the names of an arm; those that it has used are streams of the route.
    fn leave_arm(&mut self, node: usize, scope: Scope) {
        let mut bindings = Vec::new();
        for Bound {
            name,
            stream,
            outside,
        } in scope.bound
        {
            if self.forget_bound(&name, outside) {
                bindings.push(name);
                match &mut self.graph.nodes[node].shape {
                    Shape::List(streams) => streams.push(stream),
                    Shape::Stream(tag) => {
                        let tag = *tag;
                        self.graph.nodes[node].shape = Shape::List(vec![tag, stream]);
                    }
                    _ => {}
                }
            }
        }
        if let Work::Route { arms, .. } = &mut self.code.nodes[node].work {
            arms.push(RouteArm {
                pat: scope.pat,
                guard: scope.guard,
                bindings,
                body: scope.body,
            });
        }
    }

    /// A panic in a pattern or a guard belongs to the first node that is fed.
    fn own_route(&mut self, node: usize) {
        if let Shape::Stream(tag) = self.graph.nodes[node].shape {
            self.graph.nodes[node].shape = Shape::List(vec![tag]);
        }
        let fed = (node + 1..self.graph.nodes.len())
            .find(|&fed| self.graph.nodes[fed].kind == Kind::Work);
        let before = self.graph.nodes[node]
            .args
            .first()
            .and_then(|&arg| self.graph.producer(arg))
            .map(|producer| self.graph.nodes[producer].owner);
        if let Some(owner) = fed.or(before) {
            self.graph.nodes[node].owner = owner;
        }
    }

    /// What an arm gives: rustfmt may have put it in braces.
    fn arm_body<'e>(&mut self, body: &'e Expr) -> Option<&'e Expr> {
        match syntax::bare(body) {
            Expr::Block(block) if block.label.is_none() => match block.block.stmts.as_slice() {
                [] => None,
                [Stmt::Expr(only, _)] => self.arm_body(only),
                _ => {
                    self.cx.report(Place::of(block), mistakes::arm_block());
                    self.names.touch(block);
                    None
                }
            },
            _ => Some(body),
        }
    }

    /// `merge(a, b, …)`
    pub(super) fn merge(
        &mut self,
        called: &Called,
        options: &[&ExprMethodCall],
        mut ports: Vec<Port>,
    ) -> Vec<Port> {
        let place = Place::of(called.path);
        for argument in &called.positional {
            if let Expr::Tuple(join) = syntax::bare(argument) {
                self.names.touch(join);
                self.cx
                    .report(Place::of(argument), mistakes::merge_of_join());
                ports.push(Port::broken(place));
                continue;
            }
            ports.push(self.one_stream(argument));
        }
        if let Some(option) = options.first() {
            self.cx
                .report(Place::of(&option.method), mistakes::option_of_merge());
        }
        if let Some((name, _)) = called.params.first() {
            self.cx
                .report(Place::of(name), mistakes::parameter_of_merge());
        }
        if ports.iter().any(|port| port.stream.is_none()) {
            return vec![Port::broken(place)];
        }
        if ports.len() < 2 {
            self.cx.report(place, mistakes::merge_of_one());
            return vec![Port::broken(place)];
        }
        let node = self.new_node(Kind::Merge, place, "merge".to_owned());
        let producers: Vec<usize> = ports
            .iter()
            .filter_map(|port| self.graph.producer(port.stream?))
            .collect();
        if let Some(&producer) = producers.first() {
            let from = &self.graph.nodes[producer];
            if from.mode == Mode::Parallel {
                self.graph.nodes[node].pool = from.pool.clone();
            }
            self.graph.nodes[node].owner = self.graph.nodes[producer].owner;
        }
        vec![self.enter(node, ports)]
    }
}

/// An arm that is being read.
struct Scope {
    pat: Pat,
    guard: Option<Expr>,
    bound: Vec<Bound>,
    body: Place,
}

/// A name of its pattern, its stream, and what the name means outside.
struct Bound {
    name: Ident,
    stream: usize,
    outside: Option<Name>,
}

/// `{}`
fn is_empty(body: &Expr) -> bool {
    matches!(syntax::bare(body), Expr::Block(block) if block.block.stmts.is_empty())
}

fn is_skip(body: &Expr) -> bool {
    names::single(body).is_some_and(|name| name == "skip")
}
