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
//! - [`NumapExt::numap`] is a parallel map for iterators, without a macro.

#![forbid(unsafe_code)]

pub use papy_macros::{pipeline, worker};
#[doc(hidden)]
pub use papy_runtime::__private;
pub use papy_runtime::{
    BoxError, Fault, FaultKind, Handle, Indexed, InputStats, NodeStats, Numap, NumapExt, OnFault,
    Output, Panicked, Pipeline, Pool, Report, RunError, StartError, Stats, source,
};

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
