//! Tests of the phases together: texts in, diagnostics and pictures out.

mod canon;
mod expansion;
mod fuzzed;
mod golden;
mod half_typed;
mod laws;
mod mistakes;
mod partition;
mod texts;

use proc_macro2::TokenStream;

use crate::diagnostics::Diagnostics;
use crate::graph::{Facts, Graph};
use crate::partition::Partition;
use crate::{lower, pipeline, syntax};

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap()
}

/// Each mistake as `line:column message`.
fn mistakes(text: &str) -> Vec<String> {
    let (found, expansion) = pipeline::compile_apart(tokens(text));
    syn::parse2::<syn::File>(expansion).expect("what is emitted beside mistakes is Rust");
    found
        .iter()
        .map(|diagnostic| {
            let start = diagnostic.place.span().start();
            format!(
                "{}:{} {}",
                start.line,
                start.column,
                diagnostic.mistake.text()
            )
        })
        .collect()
}

/// The mistakes of a body over the streams `xs` and `ys`, the pool `pool` and the value `n`; lines count from 1 in it.
fn in_body(outputs: &str, body: &str) -> Vec<String> {
    mistakes(&format!("fn p(xs: Stream<i64>, ys: Stream<i64>, pool: Pool, n: usize) -> {outputs} {{ let _ = ys; let _ = xs;\n{body}\n}}"))
        .into_iter()
        .map(|mistake| {
            let (line, rest) = mistake.split_once(':').unwrap();
            format!("{}:{rest}", line.parse::<usize>().unwrap() - 1)
        })
        .collect()
}

fn divided(text: &str) -> (Graph, Facts, Partition) {
    let mut cx = Diagnostics::new();
    let pipeline = syntax::parse(tokens(text), &mut cx).unwrap();
    let lowered = lower::lower(&pipeline, &mut cx);
    let found: Vec<String> = cx
        .finish()
        .iter()
        .map(|diagnostic| diagnostic.mistake.text())
        .collect();
    assert_eq!(found, [] as [&str; 0]);
    let facts = Facts::new(&lowered.graph);
    let partition = crate::partition::partition(&lowered.graph, &facts);
    (lowered.graph, facts, partition)
}

/// The regions of a pipeline, one on each line.
fn picture(text: &str) -> String {
    let (graph, _, partition) = divided(text);
    partition.picture(&graph).trim_end().to_owned()
}
