//! What a node evaluates: the traits that `#[worker]` implements.

use crate::fault::BoxError;

/// A function in a pipeline: what it keeps between calls and what each thread lends it.
pub trait Scratch {
    /// Kept from item to item; `()` for a function without state.
    type State;
    /// Lent to each call and to one call at a time: the `#[local]` argument, or `()`.
    type Local: Send;
    /// A fresh `#[local]` value.
    fn local(&self) -> Self::Local;
}

/// A function that takes the items `In`, a tuple with one item of each stream.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take `{In}`",
    label = "this node is given `{In}`",
    note = "change one of the two signatures, or put a node between them that converts"
)]
pub trait Worker<In>: Scratch {
    /// What a call gives.
    type Out;
    /// How a call fails.
    type Error: Into<BoxError>;
    /// Evaluates one item.
    ///
    /// # Errors
    ///
    /// What the function returns as `Err`.
    fn call(
        &self,
        state: &mut Self::State,
        local: &mut Self::Local,
        input: In,
    ) -> Result<Self::Out, Self::Error>;
}

/// A function without state; it may run for several items at once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps state between items, so the node must say how",
    label = "add `.serial()` or `.fold()`",
    note = "`.serial()` runs it in input order, one output for each item; `.fold()` gives the state once, at the end"
)]
pub trait Stateless: Scratch<State = ()> {}

/// A function with state: its first argument is `&mut S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps no state that `.fold()` could give at the end",
    label = "`.fold()` needs a worker whose first argument is `&mut State`",
    note = "give the worker a first argument `state: &mut S`, or take `.fold()` away"
)]
pub trait Stateful: Scratch {}

/// A result: what a fallible function returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Result`, so it has no `Err` that could become a fault",
    label = "expected a `Result<_, _>`",
    note = "return a `Result`, or take `fallible` away"
)]
pub trait Fallible {
    /// The type of `Ok`.
    type Value;
    /// The type of `Err`.
    type Error: Into<BoxError>;
    /// Itself, as a `Result`.
    ///
    /// # Errors
    ///
    /// Its own `Err`.
    fn into_result(self) -> Result<Self::Value, Self::Error>;
}

impl<T, E: Into<BoxError>> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;
    #[inline(always)]
    fn into_result(self) -> Result<T, E> {
        self
    }
}
