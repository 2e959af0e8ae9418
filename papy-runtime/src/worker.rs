//! What a node evaluates: the traits that `#[worker]` implements.

use std::borrow::Borrow;

use crate::fault::BoxError;

/// A function in a pipeline: what it keeps between calls and what each thread lends it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a worker",
    label = "expected a worker",
    note = "put `#[worker]` above the function, and write the function's name; another pipeline is a node by `.pipeline()`"
)]
pub trait Scratch {
    /// Itself. What is no worker has none, so that nothing more is said of the streams behind it.
    type Itself;
    /// Kept from item to item; `()` for a function without state.
    type State;
    /// Lent to each call and to one call at a time: the `#[local]` argument, or `()`.
    type Local: Send;
    /// A fresh `#[local]` value.
    fn local(&self) -> Self::Local;
    /// Itself.
    fn itself(self) -> Self::Itself;
}

/// A function that takes the items of `N` streams: `In` is the item of a single one, or a tuple with one of each. (The
/// number tells an item that is a tuple from the items of a join.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take `{In}`",
    label = "this node is given `{In}`",
    note = "change one of the two signatures, or put a node between them that converts",
    note = "where items come wrapped: `.filter()` opens an `Option`, `.fallible()` a `Result`, `.produce(n)` an array, `.flat()` whatever can be iterated over"
)]
pub trait Worker<In, const N: usize>: Scratch {
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
    message = "`{Self}` keeps no state",
    label = "`.fold()` and `state = …` need a worker whose first argument is `&mut S`",
    note = "give the worker a first argument `state: &mut S`, or take `.fold()` and `state = …` away"
)]
pub trait Stateful: Scratch<State = <Self as Stateful>::Whole> {
    /// Itself, as in [`Scratch`].
    type Keeper;
    /// The state, as it comes out of a fold. Told apart from [`Scratch::State`], so that where there is none, that is
    /// the one thing wrong.
    type Whole;
    /// Itself.
    fn keeper(self) -> Self::Keeper;
}

/// A state that a fold gathers in: its worker gives nothing for each item.
#[diagnostic::on_unimplemented(
    message = "`.fold()` needs a worker that returns nothing, this one gives a `{Out}` for each item",
    label = "a `{Out}` for each item, and `.fold()` gives the state alone",
    note = "`.serial()` gives what the worker returns, one for each item"
)]
pub trait Gathers<Out> {}

#[diagnostic::do_not_recommend]
impl<S> Gathers<()> for S {}

/// How a worker fails: with something that can stand in a fault.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a worker",
    label = "an `Err` of `{Self}` cannot become a fault",
    note = "implement `std::error::Error` for it (and `Send`, `Sync`), or return a `String` or a `Box<dyn Error + Send + Sync>`"
)]
pub trait Failure: Into<BoxError> {}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> Failure for E {}

/// What a parameter `k: &T` is bound with: it is kept, and lent to every call.
#[diagnostic::on_unimplemented(
    message = "a parameter of type `&{T}` cannot be bound with `{Self}`",
    label = "bound with `{Self}`, which lends no `{T}`",
    note = "give a `{T}`, a `&{T}`, an `Arc<{T}>`, or whatever else implements `Borrow<{T}>`"
)]
pub trait Lend<T: ?Sized> {
    /// The parameter, for a call.
    fn lend(&self) -> &T;
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized, B: Borrow<T>> Lend<T> for B {
    #[inline(always)]
    fn lend(&self) -> &T {
        self.borrow()
    }
}

/// A result: what a fallible function returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Result`, so it has no `Err` that could become a fault",
    label = "expected a `Result<_, _>`",
    note = "return a `Result`, or take `fallible` away"
)]
pub trait Fallible {
    /// The type of `Ok`.
    type Value;
    /// What an `Err` becomes.
    type Error: Failure;
    /// Itself, with what stands in a fault for its `Err`.
    ///
    /// # Errors
    ///
    /// Its own `Err`.
    fn into_result(self) -> Result<Self::Value, Self::Error>;
}

impl<T, E: Failure> Fallible for Result<T, E> {
    type Value = T;
    type Error = BoxError;
    #[inline(always)]
    fn into_result(self) -> Result<T, BoxError> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(boxed(error)),
        }
    }
}

/// An error as it stands in a fault. To make it one is a call, and right where the `Err` is: a value and an error that look alike would else be
/// chosen between at each item, and what they depend on be tested a second time.
#[cold]
#[inline(never)]
fn boxed<E: Failure>(error: E) -> BoxError {
    error.into()
}
