//! Stream expressions: chains, calls, joins, fans and projections.

use proc_macro2::Ident;
use syn::{BinOp, Expr, ExprCall, ExprMethodCall, Member, Path};

use super::options::Options;
use super::options::is_option;
use super::{
    Lowering, NodeCode, OWN_NAME, Step, Taken, Work, explain, names, plain, without_arguments,
};
use crate::diagnostics::Place;
use crate::graph::{Kind, Node, Origin, Shape};
use crate::{mistakes, syntax};

/// A stream where an expression gives it.
#[derive(Debug)]
pub(super) struct Port {
    /// `None` where it is broken, which is reported already.
    pub(super) stream: Option<usize>,
    pub(super) fields: Vec<Member>,
    pub(super) place: Place,
    pub(super) text: String,
    /// A node's result that has no name yet.
    pub(super) fresh: bool,
}

impl Port {
    pub(super) fn broken(place: Place) -> Port {
        Port {
            stream: None,
            fields: Vec::new(),
            place,
            text: String::new(),
            fresh: false,
        }
    }
}

/// A worker with its parameters.
pub(super) struct Called<'a> {
    pub(super) path: &'a Path,
    pub(super) params: Vec<(Ident, Expr)>,
    state: Option<(Place, Expr)>,
    pub(super) positional: Vec<&'a Expr>,
}

impl Lowering<'_> {
    /// The streams that an expression gives.
    pub(super) fn streams(&mut self, expr: &Expr) -> Vec<Port> {
        // where it lies is asked only of what has no chain in it: else a chain would be read once for each of its nodes
        match syntax::bare(expr) {
            Expr::Path(path) => match path.path.get_ident().filter(|_| path.qself.is_none()) {
                Some(name) => vec![self.named_stream(name)],
                None => {
                    let place = Place::of(expr);
                    self.cx
                        .report(place, mistakes::worker_without_input(&syntax::text(path)));
                    vec![Port::broken(place)]
                }
            },
            Expr::Field(field) => {
                let (ports, place) = (self.streams(&field.base), Place::of(expr));
                ports
                    .into_iter()
                    .map(|port| project(port, &field.member, place))
                    .collect()
            }
            Expr::Tuple(tuple) if tuple.elems.is_empty() => {
                let place = Place::of(expr);
                self.cx.report(place, mistakes::empty_join());
                vec![Port::broken(place)]
            }
            Expr::Tuple(tuple) => tuple
                .elems
                .iter()
                .map(|element| self.one_stream(element))
                .collect(),
            Expr::Binary(binary) => match &binary.op {
                BinOp::Shr(_) => {
                    let ports = self.streams(&binary.left);
                    self.apply(&binary.right, ports)
                }
                _ => self.no_stream(expr),
            },
            Expr::Call(_) | Expr::MethodCall(_) => self.called(expr),
            Expr::Match(route) => self.route(route),
            _ => self.no_stream(expr),
        }
    }

    /// Reports an expression that is no stream, by what it looks like.
    fn no_stream(&mut self, expr: &Expr) -> Vec<Port> {
        let (place, mistake) = explain::not_a_stream(expr, self.promised);
        self.not_stream(expr, place, mistake)
    }

    fn not_stream(
        &mut self,
        expr: &Expr,
        place: Place,
        mistake: crate::diagnostics::Mistake,
    ) -> Vec<Port> {
        self.names.touch(expr);
        self.cx.report(place, mistake);
        vec![Port::broken(Place::of(expr))]
    }

    pub(super) fn one_stream(&mut self, expr: &Expr) -> Port {
        let mut ports = self.streams(expr);
        match ports.pop() {
            Some(port) if ports.is_empty() => port,
            _ => {
                self.cx
                    .report(Place::of(expr), mistakes::tuple_of_streams(ports.len() + 1));
                Port::broken(Place::of(expr))
            }
        }
    }

    fn named_stream(&mut self, name: &Ident) -> Port {
        let place = Place::of(name);
        match self.resolve(name) {
            Some((stream, fields)) => Port {
                stream: Some(stream),
                fields,
                place,
                text: plain(name),
                fresh: false,
            },
            None => Port::broken(place),
        }
    }

    /// `f(a, b, k = v).option()`, where a stream is meant.
    fn called(&mut self, expr: &Expr) -> Vec<Port> {
        let (base, calls) = peel(expr);
        match base {
            Expr::Call(call) => self.call(call, &calls, None),
            Expr::Path(_) | Expr::Field(_) => {
                let names_stream =
                    names::single(base).is_none_or(|name| self.names.is_stream(&plain(name)));
                match calls.first() {
                    Some(first) if names_stream => {
                        let (method, stream) = (plain(&first.method), syntax::text(base));
                        let mistake = match method.as_str() {
                            "filter" => mistakes::filter_on_stream(&stream),
                            option if is_option(option) => {
                                mistakes::option_on_stream(option, &stream)
                            }
                            method => mistakes::method_of_stream(method, &stream),
                        };
                        self.not_stream(expr, Place::of(&first.method), mistake)
                    }
                    _ => {
                        for call in calls {
                            self.names.touch(&call.args);
                        }
                        self.streams(base)
                    }
                }
            }
            Expr::Tuple(_) => {
                let place = calls
                    .first()
                    .map_or(Place::of(base), |call| Place::of(&call.method));
                self.not_stream(expr, place, mistakes::option_on_fan())
            }
            Expr::Closure(closure) => {
                let place = Place::from(closure.inputs_begin.span);
                self.not_stream(expr, place, mistakes::closure_without_input())
            }
            Expr::Match(route) => {
                let place = calls
                    .first()
                    .map_or(Place::of(route.match_token), |call| Place::of(&call.method));
                self.not_stream(expr, place, mistakes::option_of_route())
            }
            Expr::Binary(chain) if matches!(chain.op, BinOp::Shr(_)) => {
                let place = calls
                    .first()
                    .map_or(Place::of(expr), |call| Place::of(&call.method));
                self.not_stream(expr, place, mistakes::option_on_chain())
            }
            _ => self.no_stream(base),
        }
    }

    /// Lets streams flow into what stands behind `>>`.
    fn apply(&mut self, expr: &Expr, inputs: Vec<Port>) -> Vec<Port> {
        let outer_parentheses = matches!(syntax::ungrouped(expr), Expr::Paren(_));
        let (base, calls) = peel(expr);
        match base {
            Expr::Path(path) if path.qself.is_none() => {
                let worker = Called {
                    path: &path.path,
                    params: Vec::new(),
                    state: None,
                    positional: Vec::new(),
                };
                self.worker(worker, &calls, Some(inputs))
            }
            Expr::Call(call) => self.call(call, &calls, Some(inputs)),
            Expr::Closure(closure) => {
                let in_parentheses = outer_parentheses || !calls.is_empty();
                self.closure_node(closure, &calls, inputs, in_parentheses)
            }
            Expr::Tuple(fan) if !fan.elems.is_empty() => {
                if let Some(option) = calls.first() {
                    self.cx
                        .report(Place::of(&option.method), mistakes::option_on_fan());
                }
                let mut outs = Vec::new();
                for node in &fan.elems {
                    let inputs = inputs.iter().map(again).collect();
                    outs.extend(self.apply(node, inputs));
                }
                outs
            }
            Expr::Binary(chain) if matches!(chain.op, BinOp::Shr(_)) && calls.is_empty() => {
                let between = self.apply(&chain.left, inputs);
                self.apply(&chain.right, between)
            }
            Expr::Await(wait) => self.not_stream(
                expr,
                Place::of(wait.await_token),
                mistakes::option_not_yet("await"),
            ),
            Expr::Match(route) => self.not_stream(
                expr,
                Place::of(route.match_token),
                mistakes::match_behind_chain(),
            ),
            Expr::Field(field) if matches!(&field.member, Member::Named(name) if is_option(&plain(name))) =>
            {
                let mistake = mistakes::option_without_parentheses(
                    &syntax::text(&field.base),
                    &syntax::text(&field.member),
                );
                self.not_stream(expr, Place::of(&field.member), mistake)
            }
            Expr::Binary(binary)
                if matches!(binary.op, BinOp::BitOr(_) | BinOp::Shl(_) | BinOp::Gt(_)) =>
            {
                self.no_stream(base)
            }
            Expr::Try(_) | Expr::Block(_) | Expr::If(_) | Expr::Array(_) => self.no_stream(base),
            _ => self.not_stream(
                expr,
                Place::of(expr),
                mistakes::not_a_node(&syntax::short_text(expr)),
            ),
        }
    }

    /// `f(…)`, behind `>>` or as a stream.
    fn call(
        &mut self,
        call: &ExprCall,
        options: &[&ExprMethodCall],
        inputs: Option<Vec<Port>>,
    ) -> Vec<Port> {
        let Expr::Path(path) = syntax::bare(&call.func) else {
            let place = Place::of(&call.func);
            if let Expr::Closure(_) = syntax::bare(&call.func) {
                self.cx.report(place, mistakes::parameters_of_closure());
                self.names.touch(call);
                return vec![Port::broken(place)];
            }
            self.names.touch(call);
            let mistake = match peel(&call.func) {
                (Expr::Path(path), options) if !options.is_empty() => {
                    mistakes::options_before_parameters(&syntax::text(path))
                }
                _ => mistakes::not_a_node(&syntax::short_text(&call.func)),
            };
            self.cx.report(place, mistake);
            return vec![Port::broken(place)];
        };
        let mut worker = Called {
            path: &path.path,
            params: Vec::new(),
            state: None,
            positional: Vec::new(),
        };
        for argument in &call.args {
            let Expr::Assign(assign) = syntax::ungrouped(argument) else {
                worker.positional.push(argument);
                continue;
            };
            self.check_value_expr(&assign.right);
            let Some(name) = names::single(&assign.left) else {
                self.cx
                    .report(Place::of(&assign.left), mistakes::parameter_name());
                continue;
            };
            let twice = worker.params.iter().any(|(known, _)| known == name);
            if twice || (name == "state" && worker.state.is_some()) {
                self.cx
                    .report(Place::of(name), mistakes::parameter_twice(&plain(name)));
            } else if name == "state" {
                worker.state = Some((Place::of(name), (*assign.right).clone()));
            } else {
                worker.params.push((name.clone(), (*assign.right).clone()));
            }
        }
        self.worker(worker, options, inputs)
    }

    fn worker(
        &mut self,
        called: Called,
        options: &[&ExprMethodCall],
        inputs: Option<Vec<Port>>,
    ) -> Vec<Port> {
        let place = Place::of(called.path);
        let text = syntax::text(without_arguments(called.path));
        if let Some(name) = called.path.get_ident() {
            let key = plain(name);
            // Names of streams and of workers may be the same: `gc >> gc` has always been clear to its author.
            let no_worker =
                called.positional.is_empty() && called.params.is_empty() && options.is_empty();
            if key == "merge" {
                return self.merge(&called, options, inputs.unwrap_or_default());
            }
            if key == "skip" {
                self.cx.report(place, mistakes::skip_reserved());
                for argument in &called.positional {
                    self.names.touch(argument);
                }
                return vec![Port::broken(place)];
            }
            if no_worker && self.names.is_value(&key) {
                self.cx.report(place, mistakes::value_as_node(&key));
                return vec![Port::broken(place)];
            }
        }
        if is_function_of_type(called.path) {
            for argument in &called.positional {
                self.names.touch(argument);
            }
            self.cx.report(place, mistakes::method_as_node(&text));
            return vec![Port::broken(place)];
        }
        if let Some(name) = called.path.get_ident() {
            self.names.note_worker(&plain(name));
        }
        let node = self.new_node(Kind::Work, Place::of(called.path), worker_name(called.path));
        let chained = inputs.is_some();
        let mut ports = inputs.unwrap_or_default();
        let mut reported = false;
        for argument in &called.positional {
            if self.looks_like_value(argument) {
                self.names.touch(argument);
                reported = true;
                self.cx.report(
                    Place::of(argument),
                    mistakes::positional_value(&syntax::text(argument), &text),
                );
            } else if chained {
                self.names.touch(argument);
                reported = true;
                self.cx
                    .report(Place::of(argument), mistakes::streams_twice(&text));
            } else {
                ports.push(self.one_stream(argument));
            }
        }
        let pipeline = options.iter().find(|option| option.method == "pipeline");
        if let Some(call) = pipeline {
            self.code.nodes[node].work = Work::Worker {
                path: called.path.clone(),
                params: called.params,
            };
            if let Some((at, _)) = called.state {
                self.cx.report(at, mistakes::state_of_pipeline());
            }
            if reported {
                return vec![Port::broken(place)];
            }
            return self.pipeline_node(node, call, options, ports);
        }
        if ports.is_empty() && !reported {
            reported = true;
            let mistake = match &self.naming {
                Some(name) if !chained && called.params.is_empty() && options.is_empty() => {
                    mistakes::nothing_called(name, &text)
                }
                _ => mistakes::worker_without_input(&text),
            };
            self.cx.report(place, mistake);
        }
        let options = self.options(options);
        if let Some(at) = options.place("fallible") {
            self.cx.report(at, mistakes::fallible_worker(&text));
        }
        if let Some((at, _)) = called
            .state
            .as_ref()
            .filter(|_| !options.has("serial") && !options.has("fold"))
        {
            self.cx.report(*at, mistakes::state_without_mode());
        }
        self.code.nodes[node].state = called.state.map(|(_, state)| state);
        self.code.nodes[node].work = Work::Worker {
            path: called.path.clone(),
            params: called.params,
        };
        if reported {
            return vec![Port::broken(place)];
        }
        self.finish_node(node, options, ports)
    }

    /// Another pipeline as a node.
    fn pipeline_node(
        &mut self,
        node: usize,
        call: &ExprMethodCall,
        options: &[&ExprMethodCall],
        ports: Vec<Port>,
    ) -> Vec<Port> {
        if !call.args.is_empty() {
            self.names.touch(&call.args);
            let mistake = mistakes::option_arguments("pipeline", "pipeline()");
            self.cx.report(Place::of(&call.method), mistake);
        }
        for option in options {
            let name = plain(&option.method);
            match name.as_str() {
                "pipeline" => {}
                "named" => {
                    let given = self.options(&[option]);
                    if let Some(name) = given.named {
                        self.graph.nodes[node].name = format!("{OWN_NAME}{name}");
                    }
                }
                _ => {
                    self.names.touch(&option.args);
                    let mistake = mistakes::option_of_pipeline(&name);
                    self.cx.report(Place::of(&option.method), mistake);
                }
            }
        }
        self.graph.nodes[node].kind = Kind::Pipeline;
        self.code.nodes[node].option = Some(Place::of(&call.method));
        let mut ports = vec![self.enter(node, ports)];
        let Some(stream) = ports[0].stream else {
            return ports;
        };
        self.graph.nodes[node].shape = Shape::List(vec![stream]);
        ports[0].fresh = true;
        ports
    }

    fn closure_node(
        &mut self,
        closure: &syn::ExprClosure,
        options: &[&ExprMethodCall],
        inputs: Vec<Port>,
        in_parentheses: bool,
    ) -> Vec<Port> {
        let place = Place::from(closure.inputs_begin.span);
        let node = self.new_node(Kind::Work, place, "closure".to_owned());
        // A closure of two that is to fold takes the state for one of them; a group is one argument.
        let has = |name: &str| options.iter().any(|option| option.method == name);
        let given = match () {
            () if has("fold") => closure.inputs.len(),
            () if has("consume") => 1,
            () => inputs.len(),
        };
        let takes = closure.inputs.len();
        let grouped = has("consume") && takes != 1;
        let given = if grouped { takes } else { given };
        let mentions = self.closure(closure, given, in_parentheses);
        let options = self.options(options);
        if let Some(size) = options.rate("consume").filter(|_| grouped) {
            self.cx
                .report(place, mistakes::closure_of_group(takes, size));
        }
        if let Some(at) = options.place("fold") {
            self.cx.report(at, mistakes::fold_closure());
        }
        self.code.nodes[node].work = Work::Closure {
            closure: Box::new(closure.clone()),
            mentions,
        };
        self.finish_node(node, options, inputs)
    }

    pub(super) fn new_node(&mut self, kind: Kind, place: Place, name: String) -> usize {
        let node = self.graph.nodes.len();
        self.graph.nodes.push(Node {
            kind,
            owner: node,
            name,
            ..Node::default()
        });
        self.code.nodes.push(NodeCode {
            place,
            work: Work::Moves,
            args: Vec::new(),
            pool: None,
            stride: None,
            spawn: None,
            timeout: None,
            retry: None,
            state: None,
            filter: None,
            serial: None,
            fallible: None,
            option: None,
            group: None,
            split: None,
        });
        self.code.steps.push(Step::Node(node));
        node
    }

    /// What an option of `owner` is made of, at the option.
    fn part_of_node(&mut self, owner: usize, kind: Kind, option: Option<Place>) -> usize {
        let place = self.code.nodes[owner].place;
        let node = self.new_node(kind, place, self.graph.nodes[owner].name.clone());
        let Node { mode, pool, .. } = &self.graph.nodes[owner];
        let (mode, pool) = (*mode, pool.clone());
        let part = &mut self.graph.nodes[node];
        (part.owner, part.mode, part.pool) = (owner, mode, pool);
        self.code.nodes[node].option = option;
        node
    }

    /// Lets streams into a node that is complete; gives its one stream.
    pub(super) fn enter(&mut self, id: usize, inputs: Vec<Port>) -> Port {
        for port in inputs {
            let Some(stream) = port.stream else { continue };
            self.graph.nodes[id].args.push(stream);
            self.code.nodes[id].args.push(Taken {
                place: port.place,
                fields: port.fields,
            });
        }
        self.graph.order.push(id);
        let place = self.code.nodes[id].place;
        let stream = self.new_stream(Origin::Node(id), place);
        self.graph.nodes[id].shape = Shape::Stream(stream);
        Port {
            stream: Some(stream),
            fields: Vec::new(),
            place,
            text: String::new(),
            fresh: true,
        }
    }

    fn finish_node(&mut self, id: usize, options: Options, inputs: Vec<Port>) -> Vec<Port> {
        let pool = self.pool_class(id, options.pool.as_ref());
        let node = &mut self.graph.nodes[id];
        node.mode = options.mode();
        node.pool = pool;
        node.unordered = options.has("unordered");
        node.ordered = options.has("ordered");
        node.filter = options.has("filter");
        node.flat = options.has("flat");
        node.catch = options.has("catch");
        node.fallible = options.has("fallible");
        node.strided = options.has("stride");
        if let Some(name) = &options.named {
            node.name = format!("{OWN_NAME}{name}");
        }
        let code = &mut self.code.nodes[id];
        code.filter = options.place("filter");
        code.option = options.place("flat");
        code.serial = options.place("serial").or(options.place("fold"));
        code.fallible = options.place("fallible");
        code.group = options.rate("consume");
        code.pool.clone_from(&options.pool);
        code.stride.clone_from(&options.stride);
        code.spawn.clone_from(&options.spawn);
        code.timeout = options.place("timeout").zip(options.timeout.clone());
        code.retry = options.place("retry").zip(options.retry.clone());
        let mut ports = inputs;
        if let Some(size) = options.rate("consume") {
            let group = self.part_of_node(id, Kind::Group(size), options.place("consume"));
            self.graph.nodes[group].catch = std::mem::take(&mut self.graph.nodes[id].catch);
            let given = self.enter(group, ports);
            ports = vec![given];
        }
        let mut given = self.enter(id, ports);
        for (option, kind) in [
            ("flat", Some(Kind::Flat)),
            ("produce", options.rate("produce").map(Kind::Spread)),
            (
                "repeat",
                options.rate("repeat").filter(|&n| n > 1).map(Kind::Repeat),
            ),
        ] {
            if let (Some(place), Some(kind)) = (options.place(option), kind) {
                let part = self.part_of_node(id, kind, Some(place));
                given = self.enter(part, vec![given]);
            }
        }
        vec![given]
    }

    fn looks_like_value(&self, expr: &Expr) -> bool {
        match syntax::bare(expr) {
            Expr::Lit(_)
            | Expr::Unary(_)
            | Expr::Reference(_)
            | Expr::Array(_)
            | Expr::Macro(_)
            | Expr::Struct(_) => true,
            Expr::Path(_) => {
                names::single(expr).is_some_and(|name| self.names.is_value(&plain(name)))
            }
            _ => false,
        }
    }
}

/// The same stream for one more node of a fan.
fn again(port: &Port) -> Port {
    Port {
        fields: port.fields.clone(),
        text: port.text.clone(),
        fresh: false,
        ..*port
    }
}

fn project(mut port: Port, member: &Member, place: Place) -> Port {
    port.fields.push(member.clone());
    port.text = format!("{}.{}", port.text, syntax::text(member));
    port.fresh = false;
    port.place = place;
    port
}

/// A node without its options, and the options first to last.
fn peel(expr: &Expr) -> (&Expr, Vec<&ExprMethodCall>) {
    let mut base = syntax::bare(expr);
    let mut calls = Vec::new();
    while let Expr::MethodCall(call) = base {
        calls.push(call);
        base = syntax::bare(&call.receiver);
    }
    calls.reverse();
    (base, calls)
}

/// `String::len`: no worker can stand there.
fn is_function_of_type(path: &Path) -> bool {
    const PRIMITIVE: &[&str] = &[
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32",
        "i64", "i128", "isize", "f32", "f64",
    ];
    let mut names = path
        .segments
        .iter()
        .rev()
        .map(|segment| plain(&segment.ident));
    let (Some(function), Some(of)) = (names.next(), names.next()) else {
        return false;
    };
    let primitive = path.segments.len() == 2 && PRIMITIVE.contains(&of.as_str());
    function.starts_with(char::is_lowercase)
        && (primitive || (of.starts_with(char::is_uppercase) && of != "Self"))
}

fn worker_name(path: &Path) -> String {
    path.segments
        .last()
        .map_or_else(String::new, |last| plain(&last.ident))
}
