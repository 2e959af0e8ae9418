//! What holds for every text, whatever stands in it. The tests ask for it, and so do the fuzz targets, which compile this
//! file by its path.

use std::fmt::Write;

use proc_macro2::{TokenStream, TokenTree};

use crate::diagnostics::Diagnostics;
use crate::expand::{Plan, canon};
use crate::graph::Facts;
use crate::pipeline::compile_apart;
use crate::{lower, partition, syntax};

use super::texts::{self, Dice};

/// Groups within groups. Behind these, it is the stack of `syn` and `rustc` that is tested.
const DEEPEST: usize = 64;

/// `pipeline! { text }` gives diagnostics or a program, both of which are Rust, and prints as a text that says the same. Whether
/// it is a program.
pub fn pipeline(text: &TokenStream) -> bool {
    if depth(text) > DEEPEST {
        return false;
    }
    let (found, expansion) = compile_apart(text.clone());
    let found: Vec<String> = found
        .iter()
        .map(|diagnostic| diagnostic.mistake.text())
        .collect();
    assert!(
        !found.iter().any(|message| message.contains("papy bug")),
        "{found:?}\n{text}"
    );
    if let Err(error) = syn::parse2::<syn::File>(expansion) {
        panic!("{error}\n{found:?}\n{text}");
    }
    if found.is_empty() {
        stays_the_same(text);
    }
    found.is_empty()
}

/// What a pipeline is printed as is printed as itself, and is the same graph.
fn stays_the_same(text: &TokenStream) {
    let (printed_text, graph) =
        printed(text.clone()).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
    let parsed = printed_text
        .parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}\n{printed_text}"));
    let (again, same) =
        printed(parsed).unwrap_or_else(|found| panic!("{found:?}\n{text}\n{printed_text}"));
    assert!(
        again == printed_text,
        "{text}\n--- is printed as\n{printed_text}\n--- and then as\n{again}"
    );
    assert!(
        same == graph,
        "another graph\n{text}\n--- is printed as\n{printed_text}\n{graph}\n{same}"
    );
}

/// `#[worker(attr)] item` gives Rust for what is a function, and errors for what is none. Whether it is a worker.
pub fn worker(attr: &TokenStream, item: &TokenStream) -> bool {
    if depth(attr).max(depth(item)) > DEEPEST {
        return false;
    }
    let expansion = crate::worker::expand(attr.clone(), item.clone());
    let wrong = expansion.to_string().contains("compile_error !");
    match syn::parse2::<syn::ItemFn>(item.clone()) {
        Ok(_) => {
            if let Err(error) = syn::parse2::<syn::File>(expansion.clone()) {
                panic!("{error}\n#[worker({attr})] {item}\n{expansion}");
            }
        }
        Err(_) => assert!(wrong, "nothing is said about {item}"),
    }
    !wrong
}

/// The text of a pipeline, which need not be tokens.
pub fn pipeline_text(text: &str) -> bool {
    text.parse().is_ok_and(|tokens| pipeline(&tokens))
}

/// What stands in the parentheses of `#[worker]`, on the first line, and the function.
pub fn worker_text(text: &str) -> bool {
    let (attr, item) = text.split_once('\n').unwrap_or(("", text));
    match (attr.parse(), item.parse()) {
        (Ok(attr), Ok(item)) => worker(&attr, &item),
        _ => false,
    }
}

/// Forgets where the tokens of earlier texts stood, which otherwise is kept for ever.
pub fn forget_places() {
    proc_macro2::extra::invalidate_current_thread_spans();
}

/// A pipeline by grammar.
pub fn pipeline_grammar(bytes: &[u8]) -> bool {
    let mut dice = Dice::new(bytes);
    let text = texts::pipeline(&mut dice);
    let Ok(tokens) = text.parse() else {
        panic!("these are no tokens: {text}");
    };
    pipeline(&texts::mutated(tokens, &mut dice))
}

/// A worker by grammar.
pub fn worker_grammar(bytes: &[u8]) -> bool {
    let mut dice = Dice::new(bytes);
    let (attr, item) = texts::worker(&mut dice);
    let (Ok(attr), Ok(item)) = (attr.parse(), item.parse()) else {
        panic!("these are no tokens: {attr} {item}");
    };
    worker(
        &texts::mutated(attr, &mut dice),
        &texts::mutated(item, &mut dice),
    )
}

/// How many groups stand in one another.
fn depth(text: &TokenStream) -> usize {
    // What is asked for is asked without recursion, since it says how deep one may go.
    let mut level: Vec<TokenStream> = vec![text.clone()];
    let mut depth = 0;
    while !level.is_empty() {
        depth += 1;
        level = level
            .into_iter()
            .flatten()
            .filter_map(|token| match token {
                TokenTree::Group(group) => Some(group.stream()),
                _ => None,
            })
            .collect();
    }
    depth
}

/// The canonical text, and everything that is known of the graph but for what its streams are called; or what is wrong.
pub fn printed(text: TokenStream) -> Result<(String, String), Vec<String>> {
    let mut cx = Diagnostics::new();
    let Some(pipeline) = syntax::parse(text, &mut cx) else {
        let _ = cx.finish();
        return Err(Vec::new());
    };
    let lower::Lowered { graph, code } = lower::lower(&pipeline, &mut cx);
    let found: Vec<String> = cx
        .finish()
        .iter()
        .map(|diagnostic| diagnostic.mistake.text())
        .collect();
    if !found.is_empty() {
        return Err(found);
    }
    let facts = Facts::new(&graph);
    let partition = partition::partition(&graph, &facts);
    let numbers = graph.numbers();
    let plan = Plan {
        pipeline: &pipeline,
        graph: &graph,
        code: &code,
        facts: &facts,
        partition: &partition,
        numbers: &numbers,
    };
    let text = canon::canonical(&plan, &canon::Units::new(&plan)).text;
    let mut known = String::new();
    for (node, code) in graph.nodes.iter().zip(&code.nodes) {
        let _ = writeln!(known, "{node:?}");
        for taken in &code.args {
            let _ = writeln!(known, "    {:?}", taken.fields);
        }
    }
    for (stream, code) in graph.streams.iter().zip(&code.streams) {
        let _ = writeln!(known, "{:?} {}", stream.origin, code.annotations.len());
    }
    for (output, code) in graph.outputs.iter().zip(&code.outputs) {
        let _ = writeln!(known, "{output:?} {:?}", code.taken.fields);
    }
    let _ = writeln!(known, "{:?} {partition:?}", graph.order);
    Ok((text, unspanned(&known)))
}

/// Spans are numbers of bytes, which differ.
fn unspanned(text: &str) -> String {
    let mut pieces = text.split("bytes(");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        text + piece.split_once(')').map_or("", |(_, rest)| rest)
    })
}
