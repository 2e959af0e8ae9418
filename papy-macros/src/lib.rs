//! The compiler of papy: `pipeline!` and `#[worker]`.
//!
//! Users reach both through the crate `papy`. A pipeline's text goes through five phases, each of which takes the
//! product of the one before and reports all that it finds: `syntax` parses, `lower` resolves names to a `graph`
//! of dense ids, `check` looks at that, `partition` divides it into regions, `expand` writes the code. There are
//! two stop points, after lowering and after checking; expansion cannot fail.

#![forbid(unsafe_code)]

mod check;
mod diagnostics;
mod expand;
mod graph;
mod lower;
mod mistakes;
mod partition;
mod pipeline;
mod suggest;
mod syntax;
#[cfg(test)]
mod tests;
mod worker;

use proc_macro::TokenStream;

/// Compiles a pipeline: a function over streams, whose body says which worker takes what.
///
/// ```text
/// pipeline! {
///     /// Aligns reads and summarises them.
///     pub fn read_stats(reads: Stream<Read>, reference: Arc<Reference>, floor: u8) -> (Stream<Row>, Stream<Histogram>) {
///         let clean = reads >> trim(min_quality = floor).filter();
///         let hits = clean >> align(reference = reference).on(Pool::threads(16));
///         let rows = (hits, clean >> gc) >> row;
///         let summary = rows >> histogram.fold();
///         (rows, summary)
///     }
/// }
/// ```
///
/// It becomes a function of that name, which takes what the header lists and returns a `papy::Pipeline`, and the type
/// of its run, `ReadStatsRun`, with a field for each output.
///
/// The body is Rust grammar:
///
/// | text | meaning |
/// |---|---|
/// | `a >> f`, `f(a)` | node `f` over stream `a` |
/// | `(a, b) >> f`, `f(a, b)` | join: `f` takes one item of each |
/// | using `a` twice | fork: every use gets every item |
/// | `a >> (f, g) >> h` | fork to `f` and `g`, join in `h` |
/// | `let (x, y) = a >> f;` | the parts of a tuple, each a stream |
/// | `a.field >> g` | a field of each item |
/// | `f(k = expr)` | binds the parameter `k` |
/// | `a >> (\|x\| expr)` | a closure as a node |
/// | `let v: T = expr;` | a value, evaluated once |
/// | `a >> sink;` | a node that returns `()` |
/// | `let _ = a;` | drops a stream |
///
/// Options stand behind a node: `.on(pool)`, `.serial()`, `.unordered()`, `.ordered()`, `.stride(n)`, `.spawn(n)`,
/// `.filter()`, `.fold()`, `.catch()`, `.fallible()` (closures), `.named("…")`.
#[proc_macro]
pub fn pipeline(text: TokenStream) -> TokenStream {
    pipeline::compile(text.into()).into()
}

/// Makes a function a worker: it stays the function that it is, and becomes a type that `pipeline!` places in graphs.
///
/// ```text
/// #[worker]
/// fn trim(read: Read, #[param] min_quality: u8) -> Option<Read> { … }
/// ```
///
/// Arguments, in order: state (`&mut S`, optional), inputs (one or more), parameters (`#[param] k: T`, bound by name in
/// the pipeline) and scratch (`#[local(expr)] buf: &mut B`).
#[proc_macro_attribute]
pub fn worker(attr: TokenStream, item: TokenStream) -> TokenStream {
    worker::expand(attr.into(), item.into()).into()
}
