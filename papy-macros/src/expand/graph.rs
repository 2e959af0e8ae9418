//! What a pipeline's text says, as data: the function's `GRAPH`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::Plan;
use super::span::{at, papy};
use crate::diagnostics::Place;
use crate::graph::{Kind, NodeId};
use crate::lower::{Work, plain, without_arguments};

pub fn graph(plan: &Plan) -> TokenStream {
    let papy = papy();
    let graph = plan.graph;
    let name = plain(&plan.pipeline.name);
    let inputs = graph.inputs.iter().map(|input| &input.name);
    let named = graph.nodes.iter().enumerate();
    let nodes = named
        .filter(|(_, node)| node.kind.is_named())
        .map(|(id, node)| {
            let (name, times) = (&node.name, times(plan, id));
            match (&node.kind, &plan.code.nodes[id].work) {
                (Kind::Pipeline, Work::Worker { path, .. }) => {
                    let path = without_arguments(path);
                    let call = plan.code.nodes[id]
                        .option
                        .map_or_else(Span::mixed_site, Place::span);
                    let graph =
                        quote_spanned!(at(call)=> <#path as ::papy::__private::Piped>::GRAPH);
                    quote!(#papy::Node::pipeline(#name, #graph))
                }
                _ => quote!(#papy::Node::new(#name, #times)),
            }
        });
    let outputs = graph.outputs.iter().map(|output| &output.name);
    quote! {
        &#papy::Graph::new(
            #name,
            &[#(#inputs),*],
            &[#(#nodes),*],
            &[#(#outputs),*],
        )
    }
}

/// The graph of a pipeline that has mistakes.
pub fn unfinished(name: &str) -> TokenStream {
    let papy = papy();
    quote!(&#papy::Graph::new(#name, &[], &[], &[]))
}

/// Slots that leave for each evaluation of a node, by its options.
fn times(plan: &Plan, owner: NodeId) -> u64 {
    let own = plan.graph.nodes.iter().filter(|node| node.owner == owner);
    own.map(|node| match node.kind {
        Kind::Spread(n) | Kind::Repeat(n) => n,
        _ => 1,
    })
    .product()
}
