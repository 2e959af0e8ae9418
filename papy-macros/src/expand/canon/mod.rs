//! The canonical text of a pipeline: one statement for each node, in the language itself.
//!
//! It is written from the header and the graph. Read again, it gives the same graph, and is printed as the same text:
//! nodes keep their order, since their names are numbered in it; values stand where they stood, since later ones may
//! depend on it.

mod names;
mod nodes;
mod streams;
mod tokens;
mod units;

use proc_macro2::Ident;
use quote::{ToTokens, quote};
use syn::Type;

use super::Plan;
use crate::graph::{Kind, NodeId, Output, Shape, StreamId};
use crate::lower::{OutputCode, Step, plain};
use crate::syntax::{Argument, Pipeline};
use names::Names;
pub use nodes::NodeText;
use streams::Streams;
use tokens::{STEP, text};
pub use units::Units;

/// Headers that are longer stand on several lines.
const WIDE: usize = 100;

/// A pipeline as text, and what it calls its parts.
pub struct Canon {
    pub text: String,
    /// The name of each stream that has one.
    pub streams: Vec<Option<String>>,
}

/// Writes a pipeline.
pub fn canonical(plan: &Plan, units: &Units) -> Canon {
    let tail = tail(plan, units);
    let names = Names::new(plan, units, tail);
    let streams = (0..plan.graph.streams.len())
        .map(|stream| names.get(stream).map(plain))
        .collect();
    let mut writer = Writer {
        plan,
        units,
        streams: Streams::new(plan, units, names),
        lines: Vec::new(),
    };
    writer.inputs();
    for step in &plan.code.steps {
        match step {
            Step::Plain(statement) => writer.lines.push(text(statement, STEP)),
            Step::Node(node) if units.is_statement(*node) && tail != Some(*node) => {
                writer.unit(*node);
            }
            Step::Node(_) => {}
        }
    }
    writer.outputs(tail);
    let mut written = header(plan.pipeline);
    for line in &writer.lines {
        written.push_str(&format!("{}{line}\n", " ".repeat(STEP)));
    }
    written.push('}');
    Canon {
        text: written,
        streams,
    }
}

/// The unit that stands in the last line without a name.
fn tail(plan: &Plan, units: &Units) -> Option<NodeId> {
    let ([output], [code]) = (plan.graph.outputs.as_slice(), plan.code.outputs.as_slice()) else {
        return None;
    };
    let unnamed = output.name == "out" && code.taken.fields.is_empty();
    units.unit(output.from).filter(|_| unnamed)
}

/// Everything up to the body's brace.
fn header(pipeline: &Pipeline) -> String {
    let vis = match text(&pipeline.vis, 0) {
        vis if vis.is_empty() => vis,
        vis => vis + " ",
    };
    let generics = match &pipeline.generics.params {
        params if params.is_empty() => String::new(),
        params => format!("<{}>", text(params, 0)),
    };
    let args: Vec<String> = pipeline
        .args
        .iter()
        .map(|arg| match arg {
            Argument::Input { name, ty } => text(quote!(#name: Stream<#ty>), 0),
            Argument::Value { pat, ty, .. } => text(quote!(#pat: #ty), 0),
            Argument::Broken { pat, .. } => text(pat, 0),
        })
        .collect();
    let outputs: Vec<String> = pipeline
        .outputs
        .iter()
        .map(|ty| text(quote!(Stream<#ty>), 0))
        .collect();
    let gives = match outputs.as_slice() {
        [] => String::new(),
        [output] => format!(" -> {output}"),
        outputs => format!(" -> ({})", outputs.join(", ")),
    };
    let front = format!("{vis}fn {}{generics}", pipeline.name);
    let mut header = format!("{front}({}){gives}", args.join(", "));
    if header.len() + 2 > WIDE {
        let indent = " ".repeat(STEP);
        let args = args.iter().map(|arg| format!("{indent}{arg},\n"));
        let args: Vec<String> = args.collect();
        header = format!("{front}(\n{}){gives}", args.concat());
    }
    let clauses = pipeline.generics.where_clause.iter();
    let predicates: Vec<String> = clauses
        .flat_map(|clause| &clause.predicates)
        .map(|predicate| format!("{}{},\n", " ".repeat(STEP), text(predicate, STEP)))
        .collect();
    if predicates.is_empty() {
        return header + " {\n";
    }
    format!("{header}\nwhere\n{}{{\n", predicates.concat())
}

struct Writer<'a> {
    plan: &'a Plan<'a>,
    units: &'a Units<'a>,
    streams: Streams<'a>,
    /// The statements.
    lines: Vec<String>,
}

impl Writer<'_> {
    fn inputs(&mut self) {
        for input in &self.plan.graph.inputs {
            self.about(input.stream, 0);
        }
    }

    /// The statement of a unit.
    fn unit(&mut self, unit: NodeId) {
        let last = &self.plan.graph.nodes[self.units.last[unit]];
        if self.units.gives_nothing(unit) {
            let text = self.streams.sink(unit, STEP);
            let route = last.kind == Kind::Route;
            self.statement(format!("{text}{}", if route { "" } else { ";" }));
            return;
        }
        let (pattern, told) = match &last.shape {
            Shape::Stream(stream) => self.pattern(*stream),
            Shape::Parts(parts) => self.tuple(parts),
            Shape::List(streams) => match streams.as_slice() {
                [stream] => self.pattern(*stream),
                streams => {
                    let parts: Vec<Shape> = streams
                        .iter()
                        .map(|&stream| match self.streams.names.get(stream) {
                            Some(_) => Shape::Stream(stream),
                            None => Shape::Dropped,
                        })
                        .collect();
                    self.tuple(&parts)
                }
            },
            Shape::Pending | Shape::Sink | Shape::Dropped => ("_".to_owned(), 0),
        };
        let text = self.streams.unit(unit, STEP);
        self.statement(format!("let {pattern} = {text};"));
        for &stream in &last.outs {
            if self.streams.names.get(stream).is_some() {
                self.about(stream, told);
            }
        }
    }

    /// A statement, behind the other names that it needs.
    fn statement(&mut self, text: String) {
        for (alias, stream) in std::mem::take(&mut self.streams.undefined) {
            let name = self.streams.stream(stream, &[]);
            self.lines.push(format!("let {alias} = {name};"));
        }
        self.lines.push(text);
    }

    /// The name of a stream with the type that is said of it, and how many types that tells.
    fn pattern(&self, stream: StreamId) -> (String, usize) {
        let annotations = &self.plan.code.streams[stream].annotations;
        match (self.streams.names.get(stream), annotations.first()) {
            (Some(name), Some(ty)) => (text(quote!(#name: Stream<#ty>), STEP), 1),
            (Some(name), None) => (name.to_string(), 0),
            (None, _) => ("_".to_owned(), 0),
        }
    }

    /// A tuple of names, with their types where each has one.
    fn tuple(&self, parts: &[Shape]) -> (String, usize) {
        let types: Option<Vec<&Type>> = parts
            .iter()
            .map(|part| match part {
                Shape::Stream(stream) => self.plan.code.streams[*stream].annotations.first(),
                _ => None,
            })
            .collect();
        let names = self.tuple_of_names(parts);
        match types.filter(|types| !types.is_empty()) {
            Some(types) => {
                let last = (types.len() == 1).then(|| quote!(,));
                let types = text(quote!((#(Stream<#types>),* #last)), STEP);
                (format!("{names}: {types}"), 1)
            }
            None => (names, 0),
        }
    }

    fn tuple_of_names(&self, parts: &[Shape]) -> String {
        let names: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Shape::Stream(stream) => {
                    let name = self.streams.names.get(*stream);
                    name.map_or_else(|| "_".to_owned(), Ident::to_string)
                }
                Shape::Parts(parts) => self.tuple_of_names(parts),
                _ => "_".to_owned(),
            })
            .collect();
        match names.as_slice() {
            [name] => format!("({name},)"),
            names => format!("({})", names.join(", ")),
        }
    }

    /// What else is to be said of a stream: its other types, and that nothing uses it.
    fn about(&mut self, stream: StreamId, told: usize) {
        let Some(name) = self.streams.names.get(stream).cloned() else {
            return;
        };
        for ty in self.plan.code.streams[stream].annotations.iter().skip(told) {
            let alias = self.streams.names.unused(&plain(&name));
            let line = text(quote!(let #alias: Stream<#ty> = #name;), STEP);
            self.lines.push(line);
        }
        if self.units.uses[stream] == 0 && !plain(&name).starts_with('_') {
            self.lines.push(format!("let _ = {name};"));
        }
    }

    /// The last line.
    fn outputs(&mut self, tail: Option<NodeId>) {
        if let Some(unit) = tail {
            let text = self.streams.unit(unit, STEP);
            self.statement(text);
            return;
        }
        let (outputs, codes) = (&self.plan.graph.outputs, &self.plan.code.outputs);
        let names: Vec<String> = outputs
            .iter()
            .zip(codes)
            .map(|(output, code)| self.output(output, code, outputs.len() == 1))
            .collect();
        match names.as_slice() {
            [] => {}
            [name] => self.lines.push(name.clone()),
            names => self.lines.push(format!("({})", names.join(", "))),
        }
    }

    /// An output by its name, which is defined where it is no stream's.
    fn output(&mut self, output: &Output, code: &OutputCode, single: bool) -> String {
        let fields = &code.taken.fields;
        let text = self.streams.stream(output.from, fields);
        let name = self.streams.names.get(output.from);
        let own = name.is_some_and(|name| plain(name) == output.name);
        if single && output.name == "out" && !fields.is_empty() || own && fields.is_empty() {
            return text;
        }
        let name = code.name.to_token_stream().to_string();
        self.lines.push(format!("let {name} = {text};"));
        name
    }
}
