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
///         let clean = reads >> trim(min_quality = floor);
///         let hits = clean >> align(reference = reference).on(Pool::threads(16));
///         let rows = (hits, clean >> gc) >> row;
///         let summary = rows >> histogram.fold();
///         (rows, summary)
///     }
/// }
/// ```
///
/// It becomes a function of that name, which takes what the header lists and returns a `papy::Pipeline`, and the type
/// of its run, `ReadStatsRun`, with a field for each output. An argument of type `Stream<T>` is an input, any other a
/// value. The result is a `Stream<T>`, a tuple of them, or nothing where the pipeline ends in sinks.
///
/// The body is Rust grammar:
///
/// | text | meaning |
/// |---|---|
/// | `a >> f`, `f(a)` | node `f` over stream `a` |
/// | `a >> f >> g` | chain |
/// | `(a, b) >> f`, `f(a, b)` | join: `f` takes one item of each, in that order |
/// | using `a` twice | fork: every use gets every item; items must be `Clone` |
/// | `a >> (f, g) >> h` | fork to `f` and `g`, join in `h` |
/// | `let (x, y) = a >> f;` | `f` returns a tuple; each part is a stream |
/// | `a.field >> g` | a field of each item |
/// | `f(k = expr)` | binds the parameter `k`, evaluated once |
/// | `f(state = expr)` | the first state, instead of its `Default` |
/// | `a >> (\|x\| expr)` | a closure as a node |
/// | `a >> parse::<u32>` | a generic worker, with what inference cannot know |
/// | `let v: T = expr;` | a value, evaluated once, when the pipeline is built |
/// | `let x: Stream<T> = …;` | a stream whose type is checked |
/// | `a >> sink;` | a node that returns `()` |
/// | `let _ = a;` | drops a stream on purpose |
/// | `match a { Pat(x) => x >> f, _ => skip }` | each item goes down one arm; the arms' streams are merged in input order |
/// | `merge(a, b)` | the union of streams of one type |
/// | `other(a, v = x).pipeline()` | another pipeline as a node |
///
/// Options stand behind a node, in any order:
///
/// | option | meaning |
/// |---|---|
/// | `.on(pool)` | runs on this pool, not on the default one |
/// | `.serial()` | one item at a time, in input order; for workers with state, and for any other |
/// | `.fold()` | a worker with state gives nothing for each item, and its state once, at the end |
/// | `.filter()` | the worker returns an `Option`; a `None` takes the item out |
/// | `.produce(n)` | the worker returns an array of `n`, each an item |
/// | `.consume(n)` | the worker is given groups of `n` items, as `[T; n]` or `Vec<T>` |
/// | `.repeat(n)` | each item `n` times |
/// | `.flat()` | the worker returns something to iterate over, each of which is an item |
/// | `.catch()` | the worker is given `Result<T, Fault>`, faults too |
/// | `.fallible()` | a closure's `Err` becomes a fault (a worker's return type says so itself) |
/// | `.spawn(n)` | at most `n` evaluations of this node at once |
/// | `.timeout(d)` | a call that takes longer than the `Duration` costs its item: a fault of kind `Timeout` takes its place |
/// | `.retry(n)` | what fails is tried up to `n` times more |
/// | `.stride(n)` | a hint: schedule `n` items at a time |
/// | `.unordered()` | results may reach an output as they are ready |
/// | `.ordered()` | restores input order behind `.unordered()` |
/// | `.named("…")` | the node's name in faults and reports |
#[proc_macro]
pub fn pipeline(text: TokenStream) -> TokenStream {
    pipeline::compile(text.into()).into()
}

/// Makes a function a worker: it stays the function that it is, and becomes a type that `pipeline!` places in graphs.
///
/// ```text
/// #[worker]
/// fn trim(read: Read, #[param] min_quality: u8) -> Read { … }
/// ```
///
/// Arguments, in order:
///
/// | argument | meaning |
/// |---|---|
/// | `state: &mut S`, the first | one value for the whole stream; the node says `.serial()` or `.fold()` |
/// | `item: T` | an input; with several the node is a join |
/// | `#[param] k: T` | bound by name in the pipeline; cloned for each call |
/// | `#[param] k: &T` | the same, lent to every call; bound with a `T`, a `&T`, an `Arc<T>` or what else borrows as `T` |
/// | `#[local(expr)] buf: &mut B` | scratch memory that begins as `expr` and is reused; no two calls share it at once |
///
/// What it returns:
///
/// | type | meaning |
/// |---|---|
/// | `T` | the item |
/// | `Result<T, E>` | an `Err` becomes a fault; `E` is whatever converts into `Box<dyn Error + Send + Sync>` |
/// | `Option<T>` | under `.filter()`, `None` takes the item out; otherwise it is the item |
/// | `[T; n]` | under `.produce(n)`, `n` items; otherwise it is the item |
/// | `impl Iterator`, `Vec<T>`, … | under `.flat()`, any number of items; otherwise it is the item |
/// | `()` | a sink, or a worker for `.fold()` |
///
/// `#[worker(fallible)]` is for a result type that is not called `Result`.
#[proc_macro_attribute]
pub fn worker(attr: TokenStream, item: TokenStream) -> TokenStream {
    worker::expand(attr.into(), item.into()).into()
}
