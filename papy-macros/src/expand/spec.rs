//! What a pipeline's text says, as data: the function's `SPEC`.

use proc_macro2::TokenStream;
use quote::quote;

use super::Plan;
use super::span::{internal, papy};
use crate::lower::plain;

pub fn spec(plan: &Plan) -> TokenStream {
    let papy = papy();
    let (graph, facts) = (plan.graph, plan.facts);
    let spec = internal("SPEC");
    let name = plain(&plan.pipeline.name);
    let inputs = graph
        .inputs
        .iter()
        .zip(&facts.input_part)
        .map(|(input, part)| {
            let name = &input.name;
            quote!((#name, #part))
        });
    let nodes = graph.nodes.iter().map(|node| &node.name);
    let outputs = graph.outputs.iter().map(|output| {
        let (name, part, ordered) = (
            &output.name,
            facts.part(graph, output.from),
            facts.ordered(graph, output.from),
        );
        quote!(#papy::OutputSpec { name: #name, part: #part, ordered: #ordered })
    });
    let tails = &facts.tails;
    quote! {
        #[allow(non_upper_case_globals)]
        static #spec: #papy::Spec = #papy::Spec {
            name: #name,
            inputs: &[#(#inputs),*],
            nodes: &[#(#nodes),*],
            outputs: &[#(#outputs),*],
            tails: &[#(#tails),*],
        };
    }
}
