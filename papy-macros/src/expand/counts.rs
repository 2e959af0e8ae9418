//! What a pipeline does with the counts of its streams, as constants: for its hosts, and for itself, where it is one.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::Plan;
use super::span::{at, papy};
use crate::diagnostics::Place;
use crate::graph::{Kind, Mode, NodeId, StreamId};
use crate::lower::{Work, without_arguments};

/// What is counted: a node that gives a slot for each of its one stream changes nothing, and is left out.
pub struct Steps {
    nodes: Vec<NodeId>,
    /// The number of each stream; one that only goes through nodes keeps its own.
    pub numbers: Vec<usize>,
    streams: usize,
}

impl Steps {
    pub fn new(plan: &Plan) -> Steps {
        let graph = plan.graph;
        let mut steps = Steps {
            nodes: Vec::new(),
            numbers: vec![0; graph.streams.len()],
            streams: 0,
        };
        for input in &graph.inputs {
            steps.number(input.stream);
        }
        for &id in &graph.order {
            let node = &graph.nodes[id];
            let keeps = node.kind == Kind::Work && node.mode != Mode::Fold && !node.filter;
            if let ([arg], true) = (node.args.as_slice(), keeps) {
                for &out in &node.outs {
                    steps.numbers[out] = steps.numbers[*arg];
                }
                continue;
            }
            steps.nodes.push(id);
            node.outs.iter().for_each(|&out| steps.number(out));
        }
        steps
    }

    fn number(&mut self, stream: StreamId) {
        self.numbers[stream] = self.streams;
        self.streams += 1;
    }
}

/// The constants of the pipeline's type.
pub fn counts(plan: &Plan) -> TokenStream {
    let papy = papy();
    let vis = &plan.pipeline.vis;
    let graph = plan.graph;
    let steps = Steps::new(plan);
    let inputs = graph.inputs.iter().enumerate().map(|(number, input)| {
        let (stream, name) = (steps.numbers[input.stream], &input.name);
        quote!(#papy::Counted {
            count: #papy::Count::Input(#number), ins: &[], outs: &[#stream], names: &[], node: #name,
        })
    });
    let nodes = steps.nodes.iter();
    let nodes = nodes.map(|&node| counted(plan, node, &steps.numbers));
    let (streams, many) = (steps.streams, graph.inputs.len() + steps.nodes.len());
    let number = |stream: StreamId| steps.numbers[stream];
    let entering = graph.inputs.iter().map(|input| number(input.stream));
    let leaving = graph.outputs.iter().map(|output| number(output.from));
    quote! {
        #[doc(hidden)]
        #vis const COUNTS: &'static [#papy::Counted] = &[#(#inputs,)* #(#nodes,)*];
        #[doc(hidden)]
        #vis const SOLVED: &'static #papy::Solved<#streams, #many> = &#papy::solve(Self::COUNTS);
        #[doc(hidden)]
        #vis const INTERFACE: &'static #papy::Interface = &#papy::Interface {
            inputs: &Self::SOLVED.inputs([#(#entering),*]),
            outputs: &Self::SOLVED.outputs([#(#leaving),*]),
        };
    }
}

fn counted(plan: &Plan, id: NodeId, numbers: &[usize]) -> TokenStream {
    let papy = papy();
    let node = &plan.graph.nodes[id];
    let count = match (node.kind, &plan.code.nodes[id].work) {
        (Kind::Work, _) if node.mode == Mode::Fold => quote!(Begin(true)),
        (Kind::Work, _) => {
            let filters = node.filter;
            quote!(Keep(1, #filters))
        }
        (Kind::Group(size), _) => quote!(Group(#size)),
        (Kind::Spread(n) | Kind::Repeat(n), _) => quote!(Keep(#n, false)),
        (Kind::Flat, _) => quote!(Begin(false)),
        (Kind::Route, _) => quote!(Route),
        (Kind::Arms, _) => {
            let skips = node.arms.iter().any(Option::is_none);
            quote!(Arms(#skips))
        }
        (Kind::Merge, _) => quote!(Merge),
        (Kind::Pipeline, Work::Worker { path, .. }) => {
            let path = without_arguments(path);
            let call = plan.code.nodes[id]
                .option
                .map_or_else(Span::mixed_site, Place::span);
            let interface =
                quote_spanned!(at(call)=> <#path as ::papy::__private::Piped>::INTERFACE);
            quote!(Call(#interface))
        }
        (Kind::Pipeline, _) => quote!(Keep(1, false)),
    };
    let number = |stream: &StreamId| numbers[*stream];
    let (ins, outs) = (node.args.iter().map(number), node.outs.iter().map(number));
    let name = |stream: &StreamId| &plan.graph.streams[*stream].name;
    let names = node.args.iter().map(name);
    let called = &plan.graph.nodes[node.owner].name;
    quote!(#papy::Counted {
        count: #papy::Count::#count,
        ins: &[#(#ins),*],
        outs: &[#(#outs),*],
        names: &[#(#names),*],
        node: #called,
    })
}

/// Has rustc refuse what does not balance, where the pipeline has others as nodes.
pub fn checks(plan: &Plan) -> TokenStream {
    let graph = plan.graph;
    if !graph.nodes.iter().any(|node| node.kind == Kind::Pipeline) {
        return TokenStream::new();
    }
    let name = &plan.pipeline.name;
    let steps = Steps::new(plan);
    let checked = steps.nodes.iter().enumerate().filter(|&(_, &id)| {
        let node = &graph.nodes[id];
        node.args.len() > 1 || node.kind == Kind::Pipeline
    });
    checked
        .map(|(place, &id)| {
            let step = graph.inputs.len() + place;
            let user = plan.code.nodes[id].place.span();
            quote_spanned!(at(user)=> const _: () = #name::SOLVED.check(#name::COUNTS, #step);)
        })
        .collect()
}

/// Those of a pipeline that has mistakes: nothing is said of its hosts.
pub fn unfinished(pipeline: &crate::syntax::Pipeline) -> TokenStream {
    let (papy, vis) = (papy(), &pipeline.vis);
    quote! {
        #[doc(hidden)]
        #vis const INTERFACE: &'static #papy::Interface = &#papy::Interface { inputs: &[], outputs: &[] };
    }
}
