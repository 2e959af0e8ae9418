//! What a pipeline's text says, as data: the `GRAPH` of its type.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::Plan;
use super::canon::{Canon, NodeText, Units};
use super::span::{at, papy};
use crate::diagnostics::Place;
use crate::graph::{Kind, NodeId, Origin, Shape, StreamId};
use crate::lower::{Taken, Work, plain, without_arguments};
use crate::syntax;

pub fn graph(plan: &Plan) -> TokenStream {
    let papy = papy();
    let units = Units::new(plan);
    let told = Told {
        plan,
        canon: super::canon::canonical(plan, &units),
        units: &units,
        places: places(plan),
        times: times(plan),
        regions: regions(plan),
        counted: super::counts::Steps::new(plan).numbers,
    };
    let name = plain(&plan.pipeline.name);
    let inputs = plan.graph.inputs.iter().map(|input| &input.name);
    let nodes = named(plan).map(|id| told.node(id));
    let outputs = plan.graph.outputs.iter().map(|output| &output.name);
    let parts = told.graph();
    quote! {
        &#papy::Graph::new(
            #name,
            &[#(#inputs),*],
            &[#(#nodes),*],
            &[#(#outputs),*],
        ).told(#parts)
    }
}

/// The graph of a pipeline that has mistakes.
pub fn unfinished(name: &str) -> TokenStream {
    let papy = papy();
    quote!(&#papy::Graph::new(#name, &[], &[], &[]))
}

fn named<'a>(plan: &'a Plan) -> impl Iterator<Item = NodeId> + 'a {
    let nodes = plan.graph.nodes.iter().enumerate();
    nodes
        .filter(|(_, node)| node.kind.is_named())
        .map(|(id, _)| id)
}

/// Slots that leave for each evaluation of each node, by its options.
fn times(plan: &Plan) -> Vec<u64> {
    let mut times = vec![1; plan.graph.nodes.len()];
    for node in &plan.graph.nodes {
        if let Kind::Spread(n) | Kind::Repeat(n) = node.kind {
            times[node.owner] *= n;
        }
    }
    times
}

/// The regions that evaluate nodes of the text, numbered as those are met.
fn regions(plan: &Plan) -> BTreeMap<usize, usize> {
    let mut regions = BTreeMap::new();
    for region in named(plan).filter_map(|id| plan.partition.region_of[id]) {
        let next = regions.len();
        regions.entry(region).or_insert(next);
    }
    regions
}

/// The number of each `match` and of each `merge` in the text.
fn places(plan: &Plan) -> BTreeMap<NodeId, usize> {
    let of = |kind: Kind| {
        let nodes = plan.graph.nodes.iter().enumerate();
        let found = nodes.filter(move |(_, node)| node.kind == kind);
        found.enumerate().map(|(number, (id, _))| (id, number))
    };
    of(Kind::Route).chain(of(Kind::Merge)).collect()
}

struct Told<'a> {
    plan: &'a Plan<'a>,
    canon: Canon,
    units: &'a Units<'a>,
    places: BTreeMap<NodeId, usize>,
    times: Vec<u64>,
    regions: BTreeMap<usize, usize>,
    /// The number under which each stream is counted.
    counted: Vec<usize>,
}

impl Told<'_> {
    fn graph(&self) -> TokenStream {
        let papy = papy();
        let (plan, text) = (self.plan, &self.canon.text);
        let edges = self.edges();
        let order = plan.graph.order.iter();
        let order = order
            .filter(|&&id| plan.graph.nodes[id].kind.is_named())
            .map(|&id| plan.number(id));
        let inputs = plan.graph.inputs.iter();
        let entering = inputs.map(|input| self.counted[input.stream]);
        quote!(#papy::GraphParts {
            text: #text,
            edges: &[#(#edges),*],
            order: &[#(#order),*],
            shares: &Self::SOLVED.shares(),
            entering: &[#(#entering),*],
        })
    }

    fn node(&self, id: NodeId) -> TokenStream {
        let papy = papy();
        let plan = self.plan;
        let node = &plan.graph.nodes[id];
        let name = &node.name;
        let made = match (&node.kind, &plan.code.nodes[id].work) {
            (Kind::Pipeline, Work::Worker { path, .. }) => {
                let path = without_arguments(path);
                let call = plan.code.nodes[id]
                    .option
                    .map_or_else(Span::mixed_site, Place::span);
                let graph = quote_spanned!(at(call)=> <#path as ::papy::__private::Piped>::GRAPH);
                quote!(#papy::Node::pipeline(#name, #graph))
            }
            _ => {
                let times = self.times[id];
                quote!(#papy::Node::new(#name, #times))
            }
        };
        let NodeText {
            worker,
            params,
            options,
            ..
        } = NodeText::new(plan, self.units, id, 0);
        let params = params.iter().map(|(name, value)| quote!((#name, #value)));
        let options = options.iter().map(|(name, given)| quote!((#name, #given)));
        let args = self.units.args(id);
        let takes = args
            .iter()
            .map(|&(stream, taken)| self.stream(stream, taken));
        let gives = self.gives(id);
        let region = match self.region(id) {
            Some(region) => quote!(::core::option::Option::Some(#region)),
            None => quote!(::core::option::Option::None),
        };
        let counted = node.args.iter().map(|&arg| self.counted[arg]);
        quote!(#made.told(#papy::NodeParts {
            worker: #worker,
            params: &[#(#params),*],
            options: &[#(#options),*],
            takes: &[#(#takes),*],
            gives: &[#(#gives),*],
            region: #region,
            counted: &[#(#counted),*],
        }))
    }

    /// The name of a stream where it is used, with the fields that are taken of its items.
    fn stream(&self, stream: StreamId, taken: &Taken) -> String {
        let mut name = self.name(stream);
        for field in &taken.fields {
            name.push('.');
            name.push_str(&syntax::text(field));
        }
        name
    }

    fn name(&self, stream: StreamId) -> String {
        if let Some(name) = &self.canon.streams[stream] {
            return name.clone();
        }
        let graph = self.plan.graph;
        match graph.producer(stream).map(|node| graph.nodes[node].kind) {
            Some(Kind::Arms) => "match".to_owned(),
            Some(Kind::Merge) => "merge".to_owned(),
            _ => graph.streams[stream].name.clone(),
        }
    }

    /// The streams of a node's result.
    fn gives(&self, id: NodeId) -> Vec<String> {
        fn streams(shape: &Shape, found: &mut Vec<StreamId>) {
            match shape {
                Shape::Stream(stream) => found.push(*stream),
                Shape::List(streams) => found.extend(streams),
                Shape::Parts(parts) => parts.iter().for_each(|part| streams(part, found)),
                Shape::Pending | Shape::Sink | Shape::Dropped => {}
            }
        }
        let mut found = Vec::new();
        streams(
            &self.plan.graph.nodes[self.units.last[id]].shape,
            &mut found,
        );
        found.into_iter().map(|stream| self.name(stream)).collect()
    }

    /// The region of a node among those that evaluate nodes of the text.
    fn region(&self, id: NodeId) -> Option<usize> {
        let own = self.plan.partition.region_of[id]?;
        self.regions.get(&own).copied()
    }

    /// Every use of a stream, but for those between what a node's options are made of.
    fn edges(&self) -> Vec<TokenStream> {
        let papy = papy();
        let (graph, code) = (self.plan.graph, self.plan.code);
        let mut edges = Vec::new();
        let mut edge = |stream: StreamId, taken: &Taken, to: TokenStream, label: bool| {
            let from = self.origin(stream);
            let name = if label {
                self.stream(stream, taken)
            } else {
                String::new()
            };
            edges.push(quote!(#papy::Edge::new(#papy::End::#from, #papy::End::#to, #name)));
        };
        for (id, node) in graph.nodes.iter().enumerate() {
            for (at, (&arg, taken)) in node.args.iter().zip(&code.nodes[id].args).enumerate() {
                let producer = graph.producer(arg);
                let within = producer.is_some_and(|producer| {
                    node.kind != Kind::Arms && self.units.is_one(id, producer)
                });
                if !within {
                    let tag = node.kind == Kind::Arms && at == 0;
                    edge(arg, taken, self.end(id), !tag);
                }
            }
        }
        for (at, (output, code)) in graph.outputs.iter().zip(&code.outputs).enumerate() {
            edge(output.from, &code.taken, quote!(Output(#at)), true);
        }
        edges
    }

    fn origin(&self, stream: StreamId) -> TokenStream {
        match self.plan.graph.streams[stream].origin {
            Origin::Input(input) => quote!(Input(#input)),
            Origin::Node(node) => self.end(node),
        }
    }

    fn end(&self, id: NodeId) -> TokenStream {
        let node = &self.plan.graph.nodes[id];
        let place = |id: NodeId| self.places.get(&id).copied().unwrap_or_default();
        match node.kind {
            Kind::Route => {
                let place = place(id);
                quote!(Match(#place))
            }
            Kind::Arms => {
                let place = self.plan.graph.producer(node.args[0]).map_or(0, place);
                quote!(Arms(#place))
            }
            Kind::Merge => {
                let place = place(id);
                quote!(Merge(#place))
            }
            Kind::Work | Kind::Pipeline => {
                let number = self.plan.number(id);
                quote!(Node(#number))
            }
            Kind::Group(_) | Kind::Spread(_) | Kind::Repeat(_) | Kind::Flat => {
                let number = self.plan.number(node.owner);
                quote!(Node(#number))
            }
        }
    }
}
