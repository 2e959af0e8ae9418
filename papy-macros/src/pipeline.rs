//! `pipeline!` from end to end: the phases, the two stop points, and the one place that catches panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Span, TokenStream};

use crate::diagnostics::{self, Diagnostic, Diagnostics};
use crate::graph::Facts;
use crate::{check, expand, lower, mistakes, partition, syntax};

/// Compiles the text of a pipeline.
pub fn compile(text: TokenStream) -> TokenStream {
    let (found, expansion) = compile_apart(text);
    let mut tokens = diagnostics::to_tokens(&found);
    tokens.extend(expansion);
    tokens
}

/// The diagnostics, and the expansion beside them.
pub fn compile_apart(text: TokenStream) -> (Vec<Diagnostic>, TokenStream) {
    match catch_unwind(AssertUnwindSafe(|| phases(text))) {
        Ok(product) => product,
        Err(payload) => {
            let what = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or(payload.downcast_ref::<&str>().copied())
                .unwrap_or("the compiler of pipelines failed");
            let mut cx = Diagnostics::new();
            cx.report(Span::call_site(), mistakes::bug(what));
            (cx.finish(), TokenStream::new())
        }
    }
}

fn phases(text: TokenStream) -> (Vec<Diagnostic>, TokenStream) {
    let mut cx = Diagnostics::new();
    let Some(pipeline) = syntax::parse(text, &mut cx) else {
        return (cx.finish(), TokenStream::new());
    };
    let lower::Lowered { graph, code } = lower::lower(&pipeline, &mut cx);
    if cx.any() {
        return (cx.finish(), expand::fallback(&pipeline, &code));
    }
    let facts = Facts::new(&graph);
    check::balance(&graph, &facts, &code, &mut cx);
    if cx.any() {
        return (cx.finish(), expand::fallback(&pipeline, &code));
    }
    let partition = partition::partition(&graph, &facts);
    let numbers = graph.numbers();
    let plan = expand::Plan {
        pipeline: &pipeline,
        graph: &graph,
        code: &code,
        facts: &facts,
        partition: &partition,
        numbers: &numbers,
    };
    (cx.finish(), expand::expand(&plan))
}
