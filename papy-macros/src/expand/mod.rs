//! Graph to tokens. Cannot fail, and emits calls into the runtime, never algorithms.

mod builds;
pub mod canon;
mod counts;
mod fallback;
mod graph;
mod header;
mod in_place;
mod items;
mod kernel;
mod node;
mod regions;
mod run;
mod span;

use proc_macro2::TokenStream;
use quote::quote;

pub use fallback::fallback;

use crate::graph::{Facts, Graph, NodeId};
use crate::lower::Code;
use crate::partition::Partition;
use crate::syntax::Pipeline;
use header::Header;

/// Everything that is known about a pipeline that has no mistakes.
pub struct Plan<'a> {
    pub pipeline: &'a Pipeline,
    pub graph: &'a Graph,
    pub code: &'a Code,
    pub facts: &'a Facts,
    pub partition: &'a Partition,
    /// The place of each node among those that the text has names for.
    pub numbers: &'a [usize],
}

impl Plan<'_> {
    /// The place of a node among those that the text has names for.
    fn number(&self, node: NodeId) -> usize {
        self.numbers[node]
    }
}

/// The run's type and the pipeline's function.
pub fn expand(plan: &Plan) -> TokenStream {
    let outputs: Vec<run::Field> = plan
        .code
        .outputs
        .iter()
        .zip(&plan.pipeline.outputs)
        .map(|(output, ty)| (output.name.clone(), ty.clone()))
        .collect();
    let header = Header::new(plan.pipeline);
    let run = run::run(&header, &outputs);
    let graph = graph::graph(plan);
    let papy = span::papy();
    let builds = builds::builds(plan);
    let regions = regions::regions(plan, &builds);
    let steps = &builds.steps;
    let (counts, checks) = (counts::counts(plan), counts::checks(plan));
    let contents = items::Contents {
        outputs: &outputs,
        graph,
        constants: counts,
        body: quote! {
            #checks
            #[allow(unused_imports)]
            use #papy::Bundle as _;
            #(#steps)*
            #regions
        },
    };
    let items = items::items(&header, &contents);
    quote!(#run #items)
}
