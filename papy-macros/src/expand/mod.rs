//! Graph to tokens. Cannot fail, and emits calls into the runtime, never algorithms.

mod builds;
mod fallback;
mod header;
mod kernel;
mod regions;
mod run;
mod span;
mod spec;

use proc_macro2::TokenStream;
use quote::quote;

pub use fallback::fallback;

use crate::graph::{Facts, Graph};
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
    let spec = spec::spec(plan);
    let builds = builds::builds(plan);
    let regions = regions::regions(plan, &builds);
    let steps = &builds.steps;
    let function = header.function(
        &outputs,
        &quote! {
            #spec
            #(#steps)*
            #regions
        },
    );
    quote!(#run #function)
}
