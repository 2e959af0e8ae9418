//! **papy** runs ordinary functions as a parallel pipeline: a graph that reads like one, is checked when it is compiled,
//! and runs in order and in bounded memory.
//!
//! ```
//! use papy::prelude::*;
//!
//! #[worker]
//! fn parse(line: String) -> Result<f64, std::num::ParseFloatError> {
//!     line.trim().parse()
//! }
//!
//! #[worker]
//! fn square(x: f64) -> f64 {
//!     x * x
//! }
//!
//! #[worker]
//! fn row(x: f64, squared: f64) -> String {
//!     format!("{x} squared is {squared}")
//! }
//!
//! pipeline! {
//!     /// Tells the square of each number.
//!     fn squares(lines: Stream<String>) -> Stream<String> {
//!         let numbers = lines >> parse;
//!         let rows = (numbers, numbers >> square) >> row;
//!         rows
//!     }
//! }
//!
//! let lines = ["2", "three", "4"].map(String::from);
//! let rows = squares(lines).collect();
//! assert_eq!(rows[0].as_ref().unwrap(), "2 squared is 4");
//! assert_eq!(rows[1].as_ref().unwrap_err().to_string(), "`parse` at item 1: failed: invalid float literal");
//! assert_eq!(rows[2].as_ref().unwrap(), "4 squared is 16");
//! ```
//!
//! - [`worker`] makes a function one that pipelines can use; it stays an ordinary function.
//! - [`pipeline!`] compiles a graph of workers into a function that takes the inputs and gives a [`Pipeline`].
//! - [`Pipeline`] runs it: [`collect`](Pipeline::collect), [`for_each`](Pipeline::for_each), [`run`](Pipeline::run) here, or
//!   [`start`](Pipeline::start) in the background.
//! - A [`Fault`] takes the place of an item that failed; the others go on.
//! - A [`Pool`] is what nodes run on, where they should not run on the default one.
//! - A [`Graph`] is a pipeline as data: `squares::GRAPH` prints as canonical text, and answers questions.
//! - [`NumapExt::numap`] is a parallel map for iterators, without a macro.
//! - [`testing`] helps to test pipelines: counted items, planned faults, time limits, and what a test leaves behind.
//!
//! What the macros write says `::papy`. A crate that depends on papy under another name gives it this one, too, at its
//! root: `extern crate my_papy as papy;`.

#![forbid(unsafe_code)]

/// The programs of the README, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Compiles a pipeline: a function over streams that runs in parallel.
///
/// # The header
///
/// An argument of type [`Stream<T>`](Stream) is an **input**, any other is a **value**, given when the pipeline is built.
/// The result is a `Stream<T>`, a tuple of them (up to 16), or nothing. Generics, lifetimes, where-clauses, visibility,
/// doc comments and attributes work as on any function.
///
/// ```
/// use papy::prelude::*;
///
/// #[worker]
/// fn first_word<'a>(line: &'a str) -> Option<&'a str> {
///     line.split_whitespace().next()
/// }
///
/// pipeline! {
///     /// The first word of each line that is at least `len` bytes long.
///     pub fn first_words<'a>(lines: Stream<&'a str>, len: usize) -> Stream<&'a str> {
///         let words = lines >> first_word.filter();
///         let long = words >> (|word: &'a str| (word.len() >= len).then_some(word)).filter();
///         long
///     }
/// }
///
/// let text = String::from("the quick\n\nbrown fox\njumps");
/// let words: Vec<&str> = first_words(text.lines(), 4).collect().into_iter().map(Result::unwrap).collect();
/// assert_eq!(words, ["brown", "jumps"]);
/// ```
///
/// The function takes what the header lists, in that order, and returns a [`Pipeline`]. Its run is a type of its own,
/// here `FirstWordsRun`, with a field for each output, called as the stream is (here `long`). A single output without a
/// name is called `out`; in a tuple every output has a name.
///
/// # Values
///
/// A `let` **with a type** is plain Rust, evaluated once, when the pipeline is built. A `let` without one, or with
/// `Stream<T>`, names a stream. A literal where a stream is meant is an error that says so.
///
/// ```
/// # use papy::prelude::*;
/// pipeline! {
///     fn scaled(xs: Stream<f64>, percent: f64) -> Stream<f64> {
///         let by: f64 = percent / 100.0;
///         let scaled: Stream<f64> = xs >> (|x| x * by);
///         scaled
///     }
/// }
/// assert_eq!(scaled([1.0, 2.0], 50.0).collect()[1].as_ref().unwrap(), &1.0);
/// ```
///
/// # Nodes, forks and joins
///
/// `a >> f` and `f(a)` are the same. A stream that is used twice is a fork: every use gets every item, so its items
/// must be `Clone`. Streams in parentheses are a join: the node takes one item of each, and they belong together, because
/// they come from the same item of the input, whatever was taken out or failed on the way. Joined inputs are paired by
/// their position.
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// #[worker]
/// fn square(x: i64) -> i64 {
///     x * x
/// }
///
/// #[worker]
/// fn add(x: i64, y: i64) -> i64 {
///     x + y
/// }
///
/// pipeline! {
///     fn ways(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
///         let joined = (xs, xs >> double) >> add;
///         let called = add(xs, double(xs));
///         let fanned = xs >> (double, square) >> add;
///         (joined, called, fanned)
///     }
/// }
///
/// let (joined, called, fanned) = ways([5]).collect();
/// assert_eq!([&joined[0], &called[0], &fanned[0]].map(|x| *x.as_ref().unwrap()), [15, 15, 35]);
/// ```
///
/// A tuple that a node returns can be taken apart, and a field of a struct can be a stream:
///
/// ```
/// # use papy::prelude::*;
/// #[derive(Clone)]
/// struct Point {
///     x: f64,
///     y: f64,
/// }
///
/// #[worker]
/// fn polar(p: Point) -> (f64, f64) {
///     (p.x.hypot(p.y), p.y.atan2(p.x))
/// }
///
/// pipeline! {
///     fn points(points: Stream<Point>) -> (Stream<f64>, Stream<f64>) {
///         let (radius, angle) = points >> polar;
///         let _ = angle;
///         let sum = (points.x, points.y) >> (|x, y| x + y);
///         (radius, sum)
///     }
/// }
///
/// let (radius, sum) = points([Point { x: 3.0, y: 4.0 }]).collect();
/// assert_eq!((radius[0].as_ref().unwrap(), sum[0].as_ref().unwrap()), (&5.0, &7.0));
/// ```
///
/// A stream that nothing uses is an error; `let _ = angle;` says that it is on purpose. A pipeline may end in sinks,
/// nodes that return `()`:
///
/// ```
/// # use papy::prelude::*;
/// use std::sync::{Arc, Mutex};
///
/// #[worker]
/// fn keep(x: i64, #[param] to: &Mutex<Vec<i64>>) {
///     to.lock().unwrap().push(x);
/// }
///
/// pipeline! {
///     fn kept(xs: Stream<i64>, to: Arc<Mutex<Vec<i64>>>) {
///         xs >> keep(to = to).serial();
///     }
/// }
///
/// let to = Arc::new(Mutex::new(Vec::new()));
/// kept([1, 2, 3], to.clone()).run();
/// assert_eq!(*to.lock().unwrap(), [1, 2, 3]);
/// ```
///
/// # Routes
///
/// `match` over a stream sends each item down one arm. Its value is the arms' streams merged, in input order. Patterns and
/// guards are those of Rust, and rustc checks that they are exhaustive; a name that a pattern binds is a stream in its arm. An
/// arm is a chain, a join (also with streams from outside of the same rate), another `match`, or `skip`, which takes the item
/// out. As a statement, the arms end in sinks.
///
/// ```
/// # use papy::prelude::*;
/// enum Shape {
///     Circle { r: f64 },
///     Rect(f64, f64),
///     Point,
/// }
///
/// #[worker]
/// fn circle(r: f64) -> f64 {
///     3.0 * r * r
/// }
///
/// #[worker]
/// fn rect(w: f64, h: f64) -> f64 {
///     w * h
/// }
///
/// pipeline! {
///     fn areas(shapes: Stream<Shape>, least: f64) -> Stream<f64> {
///         let areas = match shapes {
///             Shape::Circle { r } if r < least => skip,
///             Shape::Circle { r } => r >> circle,
///             Shape::Rect(w, h) => (w, h) >> rect,
///             Shape::Point => skip,
///         };
///         areas
///     }
/// }
/// let shapes = [Shape::Rect(2.0, 3.0), Shape::Point, Shape::Circle { r: 2.0 }, Shape::Circle { r: 0.5 }];
/// let areas: Vec<f64> = areas(shapes, 1.0).collect().into_iter().map(Result::unwrap).collect();
/// assert_eq!(areas, [6.0, 12.0]);
/// ```
///
/// # Merging
///
/// `merge(a, b)` is the union of streams of one type. Of one origin (the same input, through nodes that keep slots) it gives
/// an item of `a`, then the one of `b`, and so on. Of different origins it gives them as they come; that is counted anew.
///
/// ```
/// # use papy::prelude::*;
/// pipeline! {
///     fn both(xs: Stream<i64>) -> Stream<i64> {
///         merge(xs, xs >> (|x| -x))
///     }
/// }
/// let both: Vec<i64> = both([1, 2]).collect().into_iter().map(Result::unwrap).collect();
/// assert_eq!(both, [1, -1, 2, -2]);
/// ```
///
/// # Pipelines in pipelines
///
/// `other(a, v = x).pipeline()`, or `a >> other(v = x).pipeline()`, is another pipeline as a node: inputs by position, values by
/// name. It joins the run of its host: one engine, and faults and reports name its nodes `other/node`. Its rates are checked in
/// the host's joins, also where it comes from another crate. Several outputs are named, `let (a, b) = other(x).pipeline();`.
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn scale(x: f64, #[param] by: f64) -> f64 {
///     x * by
/// }
///
/// pipeline! {
///     fn scaled(xs: Stream<f64>, by: f64) -> Stream<f64> {
///         xs >> scale(by = by)
///     }
/// }
///
/// pipeline! {
///     fn ratios(xs: Stream<f64>) -> Stream<f64> {
///         let doubled = xs >> scaled(by = 2.0).pipeline();
///         (doubled, xs >> scaled(by = 4.0).pipeline()) >> (|a, b| a / b)
///     }
/// }
/// assert_eq!(ratios([3.0]).collect()[0].as_ref().unwrap(), &0.5);
/// let report = ratios([1.0, 2.0]).run();
/// assert_eq!(report.node("scaled#2/scale").unwrap().items_out(), 2);
/// ```
///
/// # Closures
///
/// A closure is a node, also of a join. It captures values of the body; a value that several closures use is cloned for
/// each. It stands in parentheses unless it ends the chain. What it returns is the item, also a `Result`, unless the
/// node says `.fallible()`.
///
/// # Names
///
/// A node is called by its worker: `square`, the second one in the text `square#2`, a closure `closure`; `.named("…")`
/// calls it otherwise. An input is called by its argument. Faults and reports use these names.
///
/// # Options
///
/// Options stand behind a node, in any order. A misspelt one is an error with the nearest name.
///
/// ## `.filter()`
///
/// The worker returns an `Option` (or a `Result` of one), and `None` takes the item out. A hole keeps its place, so a
/// join of a filtered stream with another pairs the right items, and leaves out those that have no partner.
///
/// ```
/// # use papy::prelude::*;
/// pipeline! {
///     fn even_squares(xs: Stream<i64>) -> Stream<String> {
///         let even = xs >> (|x| (x % 2 == 0).then_some(x)).filter();
///         let squares = xs >> (|x| x * x);
///         (even, squares) >> (|x, squared| format!("{x}: {squared}"))
///     }
/// }
/// let rows: Vec<_> = even_squares(1..=4).collect().into_iter().map(Result::unwrap).collect();
/// assert_eq!(rows, ["2: 4", "4: 16"]);
/// ```
///
/// ## `.produce(n)`, `.repeat(n)`
///
/// Under `.produce(n)` the worker returns an array of `n`, each of which is an item. `.repeat(n)` gives each item `n`
/// times. A fault, or what a filter took out, is that of all `n`.
///
/// ## `.consume(n)`
///
/// The worker is given groups of `n` items, in input order: as `[T; n]`, or as `Vec<T>` to take a shorter last group too.
/// For a worker that takes `[T; n]` a shorter last group is a fault of kind [`Incomplete`](FaultKind::Incomplete). With
/// several inputs an item of the group is a tuple. What a filter took out is passed over; a fault counts as one of the
/// `n`, and makes the group one fault. The items of a group may have been worked on by any number of threads.
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn halves(x: f64) -> [f64; 2] {
///     [x / 2.0, x / 2.0]
/// }
///
/// #[worker]
/// fn mean(group: Vec<f64>) -> f64 {
///     group.iter().sum::<f64>() / group.len() as f64
/// }
///
/// pipeline! {
///     fn means(xs: Stream<f64>) -> Stream<f64> {
///         xs >> halves.produce(2) >> mean.consume(4)
///     }
/// }
/// let means: Vec<f64> = means([1.0, 3.0, 10.0]).collect().into_iter().map(Result::unwrap).collect();
/// assert_eq!(means, [1.0, 5.0]);
/// ```
///
/// Streams of different rates meet in a join only where they balance, which is checked when the pipeline is compiled:
///
/// ```compile_fail
/// # use papy::prelude::*;
/// # #[worker]
/// # fn halves(x: f64) -> [f64; 2] { [x / 2.0, x / 2.0] }
/// pipeline! {
///     fn unbalanced(xs: Stream<f64>) -> Stream<f64> {
///         // error: `xs` brings 1 item for every 2 of `halves` at `closure`
///         (xs, xs >> halves.produce(2)) >> (|x, half| x - half)
///     }
/// }
/// ```
///
/// ## `.flat()`
///
/// The worker returns anything to iterate over, and each item of that is an item of the stream. Iterators are pulled as
/// there is room, so one that gives a billion takes no more memory than one that gives ten. What comes out is counted anew:
/// it can be forked and joined with itself, but not paired with what stands before the `.flat()`.
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn words(line: &'static str) -> impl Iterator<Item = &'static str> + Send + use<> {
///     line.split(' ')
/// }
///
/// pipeline! {
///     fn lengths(lines: Stream<&'static str>) -> Stream<usize> {
///         lines >> words.flat() >> (|word: &str| word.len())
///     }
/// }
/// let lengths: Vec<usize> = lengths(["a bee", "sees"]).collect().into_iter().map(Result::unwrap).collect();
/// assert_eq!(lengths, [1, 3, 4]);
/// ```
///
/// ## `.serial()`
///
/// One item at a time, in input order. A worker with state (a first argument `&mut S`) says `.serial()` or `.fold()`;
/// any other may say `.serial()`. The first state is `S::default()`, or `f(state = expr)`.
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn number(next: &mut usize, line: &'static str) -> String {
///     *next += 1;
///     format!("{next} {line}")
/// }
///
/// pipeline! {
///     fn numbered(lines: Stream<&'static str>, from: usize) -> Stream<String> {
///         lines >> number(state = from - 1).serial()
///     }
/// }
/// assert_eq!(numbered(["a", "b"], 10).collect()[1].as_ref().unwrap(), "11 b");
/// ```
///
/// ## `.fold()`
///
/// The worker gives nothing for each item; its state is the one item that comes out, at the end. Faults pass it by and
/// come out before it. What comes out of a fold cannot be paired with other streams by position.
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn longest(found: &mut String, word: &'static str) {
///     if word.len() > found.len() {
///         *found = word.to_owned();
///     }
/// }
///
/// pipeline! {
///     fn longest_word(words: Stream<&'static str>) -> Stream<usize> {
///         words >> longest.fold() >> (|word: String| word.len())
///     }
/// }
/// assert_eq!(longest_word(["a", "abc", "ab"]).collect()[0].as_ref().unwrap(), &3);
/// ```
///
/// ## `.catch()`
///
/// The worker is given `Result<T, Fault>` for each of its inputs, so it sees the faults that pass other nodes by.
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn or_zero(x: Result<i64, Fault>) -> i64 {
///     x.unwrap_or(0)
/// }
///
/// pipeline! {
///     fn numbers(texts: Stream<&'static str>) -> Stream<i64> {
///         texts >> (|text: &str| text.parse::<i64>()).fallible() >> or_zero.catch()
///     }
/// }
/// let numbers: Vec<i64> = numbers(["1", "x"]).collect().into_iter().map(Result::unwrap).collect();
/// assert_eq!(numbers, [1, 0]);
/// ```
///
/// ## `.fallible()`
///
/// Makes the `Err` of a closure a fault, as in the example above. A worker needs no such word: its `Result` is
/// recognised, or it says [`#[worker(fallible)]`](macro@worker).
///
/// ## `.on(pool)`
///
/// Runs the node on that [`Pool`]. Without it, a node runs on rayon's global pool. Nodes with the same pool share it.
///
/// ```
/// # use papy::prelude::*;
/// # fn fetch(_: &str) -> std::io::Result<String> { Ok(String::new()) }
/// pipeline! {
///     fn pages(urls: Stream<&'static str>) -> Stream<usize> {
///         let waiting: Pool = Pool::threads(16);
///         urls >> (|url| fetch(url)).fallible().on(waiting) >> (|page: String| page.len())
///     }
/// }
/// assert_eq!(pages(["a", "b"]).collect().len(), 2);
/// ```
///
/// ## `.spawn(n)`
///
/// At most `n` evaluations of this node at once, on whatever pool it runs.
///
/// ## `.timeout(d)`
///
/// Gives each call so much time. When a call has run for `d`, its item is a fault of kind [`FaultKind::Timeout`] at once, and
/// the run goes on. `secs(n)` and `millis(n)` are in the prelude; any [`Duration`](std::time::Duration) will do, also one that
/// is a value of the pipeline (none at all means a nanosecond).
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn answer(millis: u64) -> u64 {
///     std::thread::sleep(std::time::Duration::from_millis(millis));
///     42
/// }
///
/// pipeline! {
///     fn answers(questions: Stream<u64>, waiting: Pool) -> Stream<u64> {
///         questions >> answer.on(waiting).timeout(millis(100))
///     }
/// }
/// let mut answered = 0;
/// let report = answers([1, 1000, 2], Pool::threads(4)).for_each(|result| match result {
///     Ok(_) => answered += 1,
///     Err(fault) => assert_eq!(fault.to_string(), "`answer` at item 1: timed out: no result within 100ms"),
/// });
/// assert_eq!(answered, 2);
/// assert_eq!(report.node("answer").unwrap().abandoned(), 1);
/// ```
///
/// The time counts from when a call begins, not from when its item was queued. A call cannot be ended from outside: it is
/// abandoned, goes on by itself, and what it gives is dropped. It holds up neither the pool, which gets another thread, nor the
/// end of the run, nor its drop. So such a node owns what it works on: its items, parameters and results are `'static`,
/// which rustc asks for at `.timeout`, while the rest of the pipeline may borrow. Its calls are made by threads of papy's
/// own, as many at once as its pool has (one on [`Pool::inline`]), and each costs some tenths of a microsecond more than a call
/// without a limit. It does not go with `.serial()` and `.fold()`. Under [`.inline()`](Pipeline::inline), and where no
/// thread can be had for it, calls take the time that they take.
///
/// ## `.retry(n)`
///
/// Tries an item up to `n` times more (a 0 means once) when its call returns an `Err`, panics, or takes too long, each time
/// with the full time. The fault of the last try is the item's, and tells how many there were:
///
/// ```
/// # use papy::prelude::*;
/// # use std::sync::atomic::{AtomicU32, Ordering};
/// #[worker]
/// fn fetch(page: u32, #[param] calls: &AtomicU32) -> Result<u32, &'static str> {
///     match calls.fetch_add(1, Ordering::Relaxed) {
///         0 => Err("connection reset"),
///         _ if page == 404 => Err("not found"),
///         _ => Ok(page),
///     }
/// }
///
/// pipeline! {
///     fn pages(numbers: Stream<u32>, calls: AtomicU32) -> Stream<u32> {
///         numbers >> fetch(calls = calls).retry(2)
///     }
/// }
/// let pages = pages([7, 404], AtomicU32::new(0)).collect();
/// assert_eq!(pages[0].as_ref().unwrap(), &7);
/// let fault = pages[1].as_ref().unwrap_err();
/// assert_eq!(fault.attempts(), 3);
/// assert_eq!(fault.to_string(), "`fetch` at item 1: failed in each of 3 tries: not found");
/// ```
///
/// Items must be `Clone`: a copy is kept for each try that may follow another. It does not go with `.serial()` and `.fold()`,
/// whose state a failed call may have changed.
///
/// ## `.stride(n)`
///
/// A hint: schedule `n` items at a time at this node. Without it the run finds out what is best; [`Pipeline::stride`]
/// is the same for all nodes.
///
/// ## `.unordered()` and `.ordered()`
///
/// `.unordered()` lets results reach an output as they are ready. Joins behind it still pair what belongs together, and
/// `.serial()` and `.fold()` still see input order. `.ordered()` on a later node restores the order.
///
/// ```
/// # use papy::prelude::*;
/// pipeline! {
///     fn squares(xs: Stream<u64>, pool: Pool) -> Stream<u64> {
///         xs >> (|x| x * x).on(pool).spawn(2).stride(8).unordered().named("square")
///     }
/// }
/// let mut all: Vec<u64> = squares(0..100, Pool::threads(4)).collect().into_iter().map(Result::unwrap).collect();
/// all.sort();
/// assert!(all.into_iter().eq((0..100).map(|x| x * x)));
/// ```
///
/// ## `.named("…")`
///
/// The node's name in faults and reports.
///
/// # In brief
///
#[doc(inline)]
pub use papy_macros::pipeline;

/// Makes a function a worker: what pipelines are made of.
///
/// The function stays as it is, to be called and tested like any other:
///
/// ```
/// use papy::prelude::*;
///
/// #[worker]
/// fn trim(text: String, #[param] len: usize) -> String {
///     text.chars().take(len).collect()
/// }
///
/// pipeline! {
///     fn trimmed(texts: Stream<String>, len: usize) -> Stream<String> {
///         texts >> trim(len = len)
///     }
/// }
///
/// assert_eq!(trim("abc".into(), 2), "ab");
/// assert_eq!(trimmed(["abc".to_owned()], 2).collect()[0].as_ref().unwrap(), "ab");
/// ```
///
/// # Parameters
///
/// A `#[param]` is bound in the pipeline by its name, and all of them are required there. By value it is cloned for each
/// call; as `&T` it is lent to every call, and bound with a `T`, a `&T`, an `Arc<T>` or whatever else borrows as `T`.
///
/// ```
/// # use papy::prelude::*;
/// use std::collections::HashMap;
/// use std::sync::Arc;
///
/// #[worker]
/// fn look_up(word: &'static str, #[param] table: &HashMap<&'static str, u32>) -> Option<u32> {
///     table.get(word).copied()
/// }
///
/// pipeline! {
///     fn found(words: Stream<&'static str>, table: Arc<HashMap<&'static str, u32>>) -> Stream<u32> {
///         words >> look_up(table = table).filter()
///     }
/// }
///
/// let table = Arc::new(HashMap::from([("a", 1), ("c", 3)]));
/// assert_eq!(found(["a", "b", "c"], table).collect().len(), 2);
/// ```
///
/// # State
///
/// A first argument `&mut S` without an attribute is state: one value for the whole stream, which sees the items in input
/// order. The node says how: [`.serial()`](macro@pipeline#serial) gives one output for each item,
/// [`.fold()`](macro@pipeline#fold) the state itself, at the end. It begins as `S::default()`, or as `f(state = expr)`
/// says. After a panic, state is as the call left it.
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn running_total(total: &mut i64, x: i64) -> i64 {
///     *total += x;
///     *total
/// }
///
/// pipeline! {
///     fn totals(xs: Stream<i64>) -> Stream<i64> {
///         xs >> running_total.serial()
///     }
/// }
/// assert_eq!(totals([1, 2, 3]).collect()[2].as_ref().unwrap(), &6);
/// ```
///
/// # Scratch memory
///
/// `#[local(expr)] buf: &mut B` is lent to one call at a time and reused. There is at most one for each thread. What a
/// call leaves in it, the next call finds.
///
/// ```
/// # use papy::prelude::*;
/// #[worker]
/// fn sorted_median(xs: Vec<u32>, #[local(Vec::new())] buf: &mut Vec<u32>) -> Option<u32> {
///     buf.clear();
///     buf.extend(&xs);
///     buf.sort_unstable();
///     buf.get(buf.len() / 2).copied()
/// }
///
/// pipeline! {
///     fn medians(lists: Stream<Vec<u32>>) -> Stream<u32> {
///         lists >> sorted_median.filter()
///     }
/// }
/// assert_eq!(medians([vec![3, 1, 2], vec![]]).collect().len(), 1);
/// ```
///
/// # Errors
///
/// An `Err` becomes a [`Fault`] in the item's place, and so does a panic. A type called `Result` is recognised, also
/// `std::io::Result`; another is declared:
///
/// ```
/// # use papy::prelude::*;
/// type Checked = Result<u8, String>;
///
/// #[worker(fallible)]
/// fn small(x: u32) -> Checked {
///     x.try_into().map_err(|_| format!("{x} is too large"))
/// }
///
/// pipeline! {
///     fn bytes(xs: Stream<u32>) -> Stream<u8> {
///         xs >> small
///     }
/// }
///
/// let bytes = bytes([1, 1000]).collect();
/// assert_eq!(bytes[0].as_ref().unwrap(), &1);
/// let fault = bytes[1].as_ref().unwrap_err();
/// assert_eq!((fault.node(), fault.input(), fault.kind()), ("small", 1, FaultKind::Error));
/// assert_eq!(fault.to_string(), "`small` at item 1: failed: 1000 is too large");
/// ```
///
/// # Generic and borrowing workers
///
/// ```
/// # use papy::prelude::*;
/// use std::fmt::Debug;
///
/// #[worker]
/// fn key<'a>(line: &'a str) -> &'a str {
///     line.split('=').next().unwrap_or(line)
/// }
///
/// #[worker]
/// fn show<T: Debug>(x: T) -> String {
///     format!("{x:?}")
/// }
///
/// pipeline! {
///     fn keys<'a>(lines: Stream<&'a str>) -> Stream<String> {
///         lines >> key >> show
///     }
/// }
///
/// let text = String::from("a=1\nb=2");
/// assert_eq!(keys(text.lines()).collect()[1].as_ref().unwrap(), "\"b\"");
/// ```
///
/// # In brief
///
#[doc(inline)]
pub use papy_macros::worker;
#[doc(hidden)]
pub use papy_runtime::__private;
/// The graph of a pipeline, as data.
///
/// ```
/// use papy::prelude::*;
///
/// #[worker]
/// fn parse(line: String) -> Result<f64, std::num::ParseFloatError> {
///     line.trim().parse()
/// }
///
/// #[worker]
/// fn row(x: f64, squared: f64) -> String {
///     format!("{x} squared is {squared}")
/// }
///
/// pipeline! {
///     fn squares(lines: Stream<String>) -> Stream<String> {
///         let numbers = lines >> parse;
///         (numbers, numbers >> (|x| x * x).named("square")) >> row
///     }
/// }
///
/// let graph = squares::GRAPH;
/// assert_eq!(graph.to_string(), "\
/// fn squares(lines: Stream<String>) -> Stream<String> {
///     let numbers = lines >> parse;
///     let square = numbers >> (|x| x * x).named(\"square\");
///     (numbers, square) >> row
/// }");
///
/// let names = |nodes: Vec<&papy::Node>| nodes.iter().map(|node| node.name()).collect::<Vec<_>>();
/// assert_eq!(names(graph.order()), ["parse", "square", "row"]);
/// assert_eq!(names(graph.after("parse")), ["square", "row"]);
/// assert_eq!(names(graph.upstream("square")), ["parse"]);
/// assert_eq!((graph.rank("row"), graph.width()), (Some(3), 1));
///
/// let square = graph.node("square").unwrap();
/// assert_eq!((square.worker(), square.takes(), square.gives()), ("|x| x * x", &["numbers"][..], &["square"][..]));
/// assert_eq!((square.option("named"), square.pool()), (Some("\"square\""), None));
///
/// // all three are evaluated together, once for each item
/// assert_eq!(graph.regions().len(), 1);
/// assert_eq!(graph.rates(), [("lines", 1), ("parse", 1), ("square", 1), ("row", 1)]);
/// assert_eq!(graph.max_in_flight(), 1);
/// ```
///
/// # In brief
///
#[doc(inline)]
pub use papy_runtime::Graph;
pub use papy_runtime::{
    BoxError, Edge, End, Fault, FaultKind, Handle, Indexed, InputStats, Node, NodeStats, Numap,
    NumapExt, OnFault, Output, Panicked, Pipeline, Pool, Report, RunError, StartError, Stats,
    source, testing,
};

/// What a run waited for, while nothing moved in it.
///
/// ```
/// use papy::prelude::*;
/// use papy::testing::{FaultPlan, Planned};
///
/// #[worker]
/// fn align(read: u64, #[param] plan: &FaultPlan) -> Result<u64, Planned> {
///     plan.act("align", read).map(|()| read)
/// }
///
/// pipeline! {
///     fn aligned(reads: Stream<u64>, plan: FaultPlan) -> Stream<u64> {
///         let rows = reads >> align(plan = plan);
///         rows
///     }
/// }
///
/// let plan = FaultPlan::new().slow("align", 17, millis(500));
/// let report = aligned(0..20, plan).stall_after(millis(50)).run();
/// let stall = &report.stalls()[0];
/// assert_eq!((stall.node(), stall.input(), stall.waiting()), ("align", 17, &["output `rows`".to_owned()][..]));
/// assert!(stall.is_over() && stall.duration() >= millis(500));
/// assert!(stall.to_string().starts_with("`align` was at item 17 for "));
/// ```
///
/// # In brief
///
#[doc(inline)]
pub use papy_runtime::Stall;

/// What a program with pipelines needs: `use papy::prelude::*;`.
pub mod prelude {
    use std::time::Duration;

    pub use crate::{Fault, FaultKind, NumapExt, OnFault, Pool, Stream, pipeline, worker};

    /// A duration of `n` seconds.
    ///
    /// ```
    /// assert_eq!(papy::prelude::secs(2).as_millis(), 2000);
    /// ```
    #[must_use]
    pub const fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// A duration of `n` milliseconds.
    ///
    /// ```
    /// assert_eq!(papy::prelude::millis(2000), papy::prelude::secs(2));
    /// ```
    #[must_use]
    pub const fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }
}

/// The type that stands for a stream of `T` in the text of a [`pipeline!`]: in its header, and as an annotation.
///
/// There are no values of it: what flows are the items.
#[derive(Debug)]
pub enum Stream<T> {
    #[doc(hidden)]
    Never(
        std::convert::Infallible,
        std::marker::PhantomData<fn() -> T>,
    ),
}
