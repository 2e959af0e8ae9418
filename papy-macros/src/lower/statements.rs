//! Statements: `let`s of streams and of values, sinks, and the outputs at the end.

use proc_macro2::Ident;
use syn::{Expr, Local, Member, Pat, Stmt, Type};

use super::streams::Port;
use super::{Lowering, OutputCode, Step, Taken, names, plain};
use crate::diagnostics::Place;
use crate::graph::{Kind, Origin, Output, Shape};
use crate::mistakes;
use crate::syntax::{self, Pipeline, StreamType, stream_type};

impl Lowering<'_> {
    pub(super) fn statements(&mut self, pipeline: &Pipeline) {
        let body = &pipeline.body;
        let (last, before) = match body.statements.split_last() {
            Some((Stmt::Expr(last, None), before)) => (Some(last), before),
            _ => (None, body.statements.as_slice()),
        };
        let promised = pipeline.outputs.len();
        for (at, statement) in before.iter().enumerate() {
            let last = at + 1 == before.len() && last.is_none();
            match statement {
                // Its streams are the outputs but for the `;`, which is reported below.
                Stmt::Expr(expr, Some(_))
                    if last
                        && promised > 0
                        && names::single(expr)
                            .is_some_and(|name| self.names.is_stream(&plain(name))) =>
                {
                    self.names.touch(expr);
                }
                statement => self.statement(statement),
            }
        }
        match last {
            Some(last) if promised > 0 || !pipeline.outputs_known => {
                self.outputs(last, pipeline.outputs_known.then_some(promised));
            }
            // Where the header promises nothing, the last line may be a sink without `;`.
            Some(last) => self.sink(last, true),
            // In text that could not be read, or beside a broken header, they may well be.
            None if promised > 0 && body.unread.is_empty() => {
                if let Some(Stmt::Expr(Expr::Return(_), _)) = body.statements.last() {
                    // That is reported.
                    return;
                }
                // What was to come out is not unused.
                self.names.touch_streams();
                let semicolon = matches!(body.statements.last(), Some(Stmt::Expr(_, Some(_))));
                let place = match body.statements.last() {
                    Some(Stmt::Expr(_, Some(semi))) => Place::of(semi),
                    _ => body.end,
                };
                self.cx
                    .report(place, mistakes::no_outputs(promised, semicolon));
            }
            None => {}
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Local(local) => self.local(local),
            Stmt::Item(_) => self
                .code
                .steps
                .push(Step::Plain(Box::new(statement.clone()))),
            Stmt::Expr(expr, _) => self.sink(expr, false),
            Stmt::Macro(mac) => {
                self.names.touch(&mac.mac);
                self.cx
                    .report(Place::of(mac), super::explain::macro_call(&mac.mac));
            }
        }
    }

    fn local(&mut self, local: &Local) {
        let (pat, ty) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pat => (pat, None),
        };
        let Some(init) = &local.init else {
            self.cx
                .report(Place::of(local.let_token), mistakes::let_without_value());
            self.broken(pat);
            return;
        };
        if let Some(types) = ty.map(annotations) {
            match types {
                None => {
                    self.check_value_expr(&init.expr);
                    self.code
                        .steps
                        .push(Step::Plain(Box::new(Stmt::Local(local.clone()))));
                    self.define_values(pat);
                    if let (Some(name), Some(class)) =
                        (single_name(pat), super::options::textual_pool(&init.expr))
                    {
                        self.known_pools.insert(plain(name), class);
                    }
                }
                Some(types) => self.stream_let(local, pat, &types),
            }
            return;
        }
        self.stream_let(local, pat, &[]);
    }

    /// `let name = stream;`, `let (a, b) = …;`, `let _ = stream;`
    fn stream_let(&mut self, local: &Local, pat: &Pat, types: &[Type]) {
        let Some(init) = &local.init else { return };
        if let Some((word, _)) = &init.diverge {
            self.cx.report(Place::of(word), mistakes::let_else());
        }
        if self.is_plain_value(&init.expr) {
            let name = single_name(pat).map_or_else(|| "name".to_owned(), plain);
            self.names.touch(&init.expr);
            self.cx.report(
                Place::of(&init.expr),
                mistakes::value_needs_type(
                    &syntax::short_text(&init.expr),
                    &name,
                    &likely_type(&init.expr),
                ),
            );
            self.broken(pat);
            return;
        }
        if let (Expr::Closure(closure), Some(name)) = (syntax::bare(&init.expr), single_name(pat)) {
            self.names.touch(closure);
            let place = Place::from(closure.inputs_begin.span);
            self.cx
                .report(place, mistakes::closure_as_value(&plain(name)));
            self.broken(pat);
            return;
        }
        self.naming = single_name(pat).map(plain);
        let ports = self.streams(&init.expr);
        self.naming = None;
        match pat {
            Pat::Wild(_) => {}
            Pat::Ident(name) if name.subpat.is_none() && name.by_ref.is_none() => {
                let [port] = ports.as_slice() else {
                    self.cx.report(
                        Place::of(&init.expr),
                        mistakes::tuple_of_streams(ports.len()),
                    );
                    self.broken(pat);
                    return;
                };
                self.name(&name.ident, port, types.first());
            }
            Pat::Tuple(tuple) => {
                let names: Vec<&Pat> = tuple.elems.iter().collect();
                match ports.as_slice() {
                    [port] => self.take_apart(tuple, port, types),
                    ports if ports.len() == names.len() => {
                        for (at, (pat, port)) in names.into_iter().zip(ports).enumerate() {
                            match pat {
                                Pat::Wild(_) => {}
                                Pat::Ident(name) if name.subpat.is_none() => {
                                    self.name(&name.ident, port, types.get(at));
                                }
                                Pat::Tuple(tuple) => self.take_apart(tuple, port, &[]),
                                other => self.bad_pattern(other),
                            }
                        }
                    }
                    ports => {
                        self.cx.report(
                            Place::of(pat),
                            mistakes::pattern_size(names.len(), ports.len()),
                        );
                        self.broken(pat);
                    }
                }
            }
            other => self.bad_pattern(other),
        }
    }

    fn bad_pattern(&mut self, pat: &Pat) {
        self.cx.report(Place::of(pat), mistakes::stream_pattern());
        self.broken(pat);
    }

    /// Defines names whose meaning is broken, so that their uses say nothing more.
    pub(super) fn broken(&mut self, pat: &Pat) {
        for name in names::bound(pat) {
            self.names.touch_name(&plain(&name));
            self.define_stream(&name, None, Vec::new());
        }
    }

    fn name(&mut self, name: &Ident, port: &Port, ty: Option<&Type>) {
        if let (Some(stream), Some(ty), true) = (port.stream, ty, port.fields.is_empty()) {
            self.code.streams[stream].annotations.push(ty.clone());
        }
        if port.stream.is_none() {
            self.names.touch_name(&plain(name));
        }
        self.define_stream(name, port.stream, port.fields.clone());
    }

    /// `let (a, b) = stream;`
    fn take_apart(&mut self, tuple: &syn::PatTuple, port: &Port, types: &[Type]) {
        let pattern = Pat::Tuple(tuple.clone());
        let Some(stream) = port.stream else {
            return self.broken(&pattern);
        };
        let node = self.graph.producer(stream);
        match node {
            Some(node) if port.fresh && self.graph.nodes[node].kind == Kind::Pipeline => {
                self.outputs_of_pipeline(tuple, node, stream, types);
            }
            Some(node) if port.fresh => {
                let shape = self.parts(tuple, node, types);
                self.graph.nodes[node].shape = shape;
                self.code.nodes[node].split = Some(Place::of(tuple));
            }
            // The stream has a name, so other uses of it: its parts are projections.
            _ => self.project(tuple, stream, &port.fields),
        }
    }

    /// The outputs of a pipeline that is a node, each a stream; `first` is the first.
    fn outputs_of_pipeline(
        &mut self,
        tuple: &syn::PatTuple,
        node: usize,
        first: usize,
        types: &[Type],
    ) {
        let mut outputs = Vec::new();
        for (at, pat) in tuple.elems.iter().enumerate() {
            let stream = if at == 0 {
                first
            } else {
                self.new_stream(Origin::Node(node), Place::of(pat))
            };
            outputs.push(stream);
            match pat {
                Pat::Wild(_) => {}
                Pat::Ident(name) if name.subpat.is_none() => {
                    let annotations = &mut self.code.streams[stream].annotations;
                    annotations.extend(types.get(at).cloned());
                    self.define_stream(&name.ident, Some(stream), Vec::new());
                }
                Pat::Tuple(tuple) => self.project(tuple, stream, &[]),
                other => self.bad_pattern(other),
            }
        }
        self.graph.nodes[node].shape = Shape::List(outputs);
    }

    /// The parts of a node's result, each a stream.
    fn parts(&mut self, tuple: &syn::PatTuple, node: usize, types: &[Type]) -> Shape {
        let mut parts = Vec::new();
        for (at, pat) in tuple.elems.iter().enumerate() {
            parts.push(match pat {
                Pat::Wild(_) => Shape::Dropped,
                Pat::Ident(name) if name.subpat.is_none() => {
                    let stream = self.new_stream(Origin::Node(node), Place::of(name));
                    self.code.streams[stream]
                        .annotations
                        .extend(types.get(at).cloned());
                    self.define_stream(&name.ident, Some(stream), Vec::new());
                    Shape::Stream(stream)
                }
                Pat::Tuple(inner) => self.parts(inner, node, &[]),
                other => {
                    self.bad_pattern(other);
                    Shape::Dropped
                }
            });
        }
        Shape::Parts(parts)
    }

    fn project(&mut self, tuple: &syn::PatTuple, stream: usize, fields: &[Member]) {
        for (at, pat) in tuple.elems.iter().enumerate() {
            let mut fields = fields.to_vec();
            let index = u32::try_from(at).unwrap_or(u32::MAX);
            fields.push(Member::Unnamed(syn::Index {
                index,
                span: Place::of(pat).span(),
            }));
            match pat {
                Pat::Wild(_) => {}
                Pat::Ident(name) if name.subpat.is_none() => {
                    self.define_stream(&name.ident, Some(stream), fields);
                }
                Pat::Tuple(inner) => self.project(inner, stream, &fields),
                other => self.bad_pattern(other),
            }
        }
    }

    /// An expression statement ends in a sink.
    pub(super) fn sink(&mut self, expr: &Expr, last: bool) {
        if let Expr::Match(route) = syntax::bare(expr) {
            return self.sink_route(route);
        }
        if let Expr::Assign(assign) = expr
            && names::single(&assign.left).is_some_and(|name| self.names.is_broken(&plain(name)))
        {
            // Its `let` is reported.
            return self.names.touch(expr);
        }
        for port in self.streams(expr) {
            let Some(stream) = port.stream else { continue };
            match self.graph.producer(stream) {
                Some(node) if port.fresh && self.graph.nodes[node].kind == Kind::Pipeline => {
                    // as a statement it has no outputs
                    self.graph.nodes[node].outs.clear();
                    self.graph.nodes[node].shape = Shape::List(Vec::new());
                }
                Some(node) if port.fresh => self.graph.nodes[node].shape = Shape::Sink,
                _ if last => self.cx.report(port.place, mistakes::unexpected_output()),
                _ => self
                    .cx
                    .report(port.place, mistakes::idle_statement(&port.text)),
            }
        }
    }

    /// The last line; how many outputs are `promised` is not known where the header is broken.
    fn outputs(&mut self, last: &Expr, promised: Option<usize>) {
        let whole = syntax::bare(last);
        let elements: Vec<&Expr> = match whole {
            Expr::Tuple(tuple) => tuple.elems.iter().collect(),
            single => vec![single],
        };
        let is_tuple = matches!(whole, Expr::Tuple(_));
        let ports: Vec<(&Expr, Vec<Port>)> = elements
            .into_iter()
            .map(|element| (element, self.streams(element)))
            .collect();
        let given: usize = ports.iter().map(|(_, ports)| ports.len()).sum();
        let broken = ports.iter().any(|(element, ports)| {
            ports.iter().any(|port| port.stream.is_none())
                && !matches!(syntax::bare(element), Expr::Path(_))
        });
        if let Some(promised) = promised.filter(|&promised| promised != given) {
            if broken {
                // What was reported may be more than one stream.
                return;
            }
            self.cx
                .report(Place::of(whole), mistakes::output_count(promised, given));
            return;
        }
        self.code.output_names = ports
            .iter()
            .map(|(element, _)| {
                names::single(element)
                    .cloned()
                    .unwrap_or(Ident::new("out", Place::of(element).span()))
            })
            .collect();
        for (element, ports) in ports {
            let named = names::single(element);
            for port in ports {
                let name = match named {
                    Some(name) => name.clone(),
                    None if !is_tuple && given == 1 => Ident::new("out", port.place.span()),
                    None => {
                        if port.stream.is_some() {
                            self.cx
                                .report(Place::of(element), mistakes::unnamed_output());
                        }
                        break;
                    }
                };
                let Some(from) = port.stream else { continue };
                let key = plain(&name);
                if self.graph.outputs.iter().any(|output| output.name == key) {
                    self.cx
                        .report(Place::of(element), mistakes::output_twice(&key));
                    continue;
                }
                self.graph.outputs.push(Output { name: key, from });
                self.code.outputs.push(OutputCode {
                    name,
                    taken: Taken {
                        place: port.place,
                        fields: port.fields,
                    },
                });
            }
        }
    }

    /// What is a value by its looks, where a stream is meant.
    fn is_plain_value(&self, expr: &Expr) -> bool {
        match syntax::bare(expr) {
            Expr::Path(path) => match names::single(expr).map(plain) {
                Some(name) if self.names.get(&name).is_some() => self.names.is_value(&name),
                _ => path.path.segments.last().is_some_and(|last| {
                    let name = plain(&last.ident);
                    name.len() > 1 && name.chars().all(|c| !c.is_lowercase()) && name != "_"
                }),
            },
            Expr::Array(array) => !array.elems.iter().any(|element| {
                names::single(element).is_some_and(|name| self.names.is_stream(&plain(name)))
            }),
            Expr::Binary(binary) => {
                // these may be meant for `>>`
                let arrow = matches!(
                    binary.op,
                    syn::BinOp::Shr(_)
                        | syn::BinOp::Shl(_)
                        | syn::BinOp::BitOr(_)
                        | syn::BinOp::Gt(_)
                );
                !arrow || self.is_plain_value(&binary.left)
            }
            Expr::MethodCall(_) => {
                let mut base = syntax::bare(expr);
                while let Expr::MethodCall(call) = base {
                    base = syntax::bare(&call.receiver);
                }
                if matches!(base, Expr::Call(_)) {
                    return self.is_plain_value(base);
                }
                !matches!(
                    base,
                    Expr::Closure(_) | Expr::Tuple(_) | Expr::Binary(_) | Expr::Match(_)
                ) && {
                    let stream =
                        names::single(base).is_some_and(|name| !self.names.is_value(&plain(name)));
                    let field = matches!(base, Expr::Field(_));
                    let path = matches!(base, Expr::Path(_)) && names::single(base).is_none();
                    !stream && !field && !path
                }
            }
            Expr::Call(call) => {
                let constructor = match syntax::bare(&call.func) {
                    Expr::Path(path) => {
                        let segments = &path.path.segments;
                        segments.len() > 1
                            && segments.iter().rev().nth(1).is_some_and(|s| {
                                s.ident.to_string().starts_with(char::is_uppercase)
                            })
                    }
                    _ => false,
                };
                let streams = call.args.iter().any(|arg| {
                    names::single(arg).is_some_and(|name| self.names.is_stream(&plain(name)))
                        || matches!(syntax::bare(arg), Expr::Assign(_))
                });
                constructor && !streams
            }
            Expr::Field(field) => self.is_plain_value(&field.base),
            Expr::Block(_)
            | Expr::ForLoop(_)
            | Expr::While(_)
            | Expr::Loop(_)
            | Expr::If(_)
            | Expr::Try(_)
            | Expr::Return(_)
            | Expr::Tuple(_)
            | Expr::Closure(_)
            | Expr::Match(_)
            | Expr::Await(_)
            | Expr::Assign(_) => false,
            _ => true,
        }
    }
}

fn single_name(pat: &Pat) -> Option<&Ident> {
    match pat {
        Pat::Ident(name) => Some(&name.ident),
        _ => None,
    }
}

/// The type that a value has by its looks: `Pool::threads(4)` is a `Pool`.
fn likely_type(expr: &Expr) -> String {
    let known = match syntax::bare(expr) {
        Expr::Call(call) => match syntax::bare(&call.func) {
            Expr::Path(path) => path.path.segments.iter().rev().nth(1).map(type_of),
            _ => None,
        },
        Expr::Struct(made) => made.path.segments.last().map(type_of),
        Expr::Macro(mac) if mac.mac.path.is_ident("vec") => Some("Vec<_>".to_owned()),
        Expr::Macro(mac) if mac.mac.path.is_ident("format") => Some("String".to_owned()),
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(_) => Some("&str".to_owned()),
            syn::Lit::Bool(_) => Some("bool".to_owned()),
            syn::Lit::Char(_) => Some("char".to_owned()),
            syn::Lit::Int(int) if !int.suffix().is_empty() => Some(int.suffix().to_owned()),
            syn::Lit::Float(float) if float.suffix().is_empty() => Some("f64".to_owned()),
            syn::Lit::Float(float) => Some(float.suffix().to_owned()),
            _ => None,
        },
        _ => None,
    };
    known
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "…".to_owned())
}

/// The type of a constructor's path; the usual generic ones leave their arguments to rustc.
fn type_of(segment: &syn::PathSegment) -> String {
    let name = segment.ident.to_string();
    if !name.starts_with(char::is_uppercase) {
        return String::new();
    }
    if !segment.arguments.is_empty() {
        return syntax::text(segment).replace("::<", "<");
    }
    match name.as_str() {
        "Vec" | "VecDeque" | "HashSet" | "BTreeSet" | "Box" | "Rc" | "Arc" | "Cell" | "RefCell"
        | "Mutex" | "RwLock" | "Option" => name + "<_>",
        "HashMap" | "BTreeMap" => name + "<_, _>",
        _ => name,
    }
}

/// The item types where a `let`'s type says that it names streams.
fn annotations(ty: &Type) -> Option<Vec<Type>> {
    match ty {
        Type::Group(group) => annotations(&group.elem),
        Type::Tuple(tuple) if !tuple.elems.is_empty() => {
            let items = tuple.elems.iter().map(|ty| match stream_type(ty) {
                StreamType::Of(item) => Some(item.clone()),
                _ => None,
            });
            items.collect()
        }
        ty => match stream_type(ty) {
            StreamType::Of(item) => Some(vec![item.clone()]),
            _ => None,
        },
    }
}
