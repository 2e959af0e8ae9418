//! What generated code asks of types, in words that land at the user's.
//!
//! Each requirement is a trait of its own with `#[diagnostic::on_unimplemented]`, so that rustc tells of it once, in
//! the terms of a pipeline, at the node or option that needs it.

use std::marker::PhantomData;

use crate::balance::Interface;
use crate::cursor::Cursor;
use crate::error::StartError;
use crate::graph::Graph;
use crate::link::{Crosses, Link, Many, Port, Ports};
use crate::net::Net;
use crate::plan::{Body, Entries, Options, SendSources, SourceList};
use crate::report::Report;
use crate::run::Control;
use crate::sink::{Outlets, Sinks};
use crate::slot::Slot;
use crate::spring::{Burst, streamed};
use crate::sync::Arc;
use crate::unwind;
use crate::worker::{Scratch, Stateful};

/// The type that the header gives an output, held against the one that it has.
#[diagnostic::on_unimplemented(
    message = "this output brings `{Self}`, the header says `Stream<{T}>`",
    label = "a stream of `{Self}`",
    note = "change the header, or put a node before it that converts"
)]
pub trait Is<T>: Sized {
    /// Itself.
    fn cast(slot: Slot<Self>) -> Slot<T>;
}

impl<T> Is<T> for T {
    #[inline(always)]
    fn cast(slot: Slot<T>) -> Slot<T> {
        slot
    }
}

/// The slot of an output of type `T`.
#[inline(always)]
pub fn output<T, U: Is<T>>(slot: Slot<U>) -> Slot<T> {
    U::cast(slot)
}

/// What `.filter()` takes: a worker's `Option`.
#[diagnostic::on_unimplemented(
    message = "`.filter()` needs a worker that returns an `Option`, this one gives `{Self}`",
    label = "`None` would take the item out; `{Self}` always is one",
    note = "return `Option<…>` (or `Result<Option<…>, _>`) from the worker, or take `.filter()` away"
)]
pub trait Filtered {
    /// What stays.
    type Kept;
    /// The value, where it stays.
    fn kept(self) -> Option<Self::Kept>;
}

impl<T> Filtered for Option<T> {
    type Kept = T;
    #[inline(always)]
    fn kept(self) -> Option<T> {
        self
    }
}

/// Turns `None` into a hole; a function, so that what is no `Option` is reported in our words.
#[inline(always)]
pub fn filtered<T: Filtered>(slot: Slot<T>, cx: &mut Cursor<'_>, node: usize) -> Slot<T::Kept> {
    slot.filter(cx, node)
}

/// A pipeline, as a node of another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a pipeline",
    label = "expected a pipeline",
    note = "`.pipeline()` stands behind the name of another pipeline; for a worker, take it away"
)]
pub trait Piped {
    /// Its graph.
    const GRAPH: &'static Graph;
    /// What it does with counts.
    const INTERFACE: &'static Interface;
}

/// The items of a stream that enters a pipeline which takes `T`.
#[diagnostic::on_unimplemented(
    message = "this pipeline takes `{T}`, and is given `{Self}`",
    label = "given a stream of `{Self}`",
    note = "put a node between them that converts"
)]
pub trait Enters<T>: Sized {
    /// The same link.
    fn enter(link: Arc<Link<Self>>) -> Arc<Link<T>>;
}

#[diagnostic::do_not_recommend]
impl<T> Enters<T> for T {
    fn enter(link: Arc<Link<T>>) -> Arc<Link<T>> {
        link
    }
}

/// The outputs of a pipeline as a node, held against the names that they are given.
#[diagnostic::on_unimplemented(
    message = "this pipeline has another number of outputs",
    label = "its outputs and the names for them differ in number",
    note = "name each output: `let (a, b) = other(x).pipeline();`; one that ends in sinks is a statement, `other(x).pipeline();`"
)]
pub trait Gives<P: Ports>: Ports {
    /// The same links.
    fn give(links: Self::Links) -> P::Links;
}

impl Gives<()> for () {
    fn give(_links: ()) {}
}

impl<A, B, R, S> Gives<(Port<B>, S)> for (Port<A>, R)
where
    A: Enters<B> + Crosses,
    B: Crosses,
    R: Gives<S>,
    S: Ports,
{
    fn give(links: Self::Links) -> <(Port<B>, S) as Ports>::Links {
        (A::enter(links.0), R::give(links.1))
    }
}

/// The streams that a pipeline is given, held against those that it takes.
#[diagnostic::on_unimplemented(
    message = "this pipeline is given too few streams, or too many",
    label = "it has another number of inputs",
    note = "give one stream for each input, in the order of its header"
)]
pub trait Fits<P: Ports>: Ports {
    /// The same links.
    fn fit(links: Self::Links) -> P::Links;
}

impl Fits<()> for () {
    fn fit(_links: ()) {}
}

impl<A, B, R, S> Fits<(Port<B>, S)> for (Port<A>, R)
where
    A: Enters<B> + Crosses,
    B: Crosses,
    R: Fits<S>,
    S: Ports,
{
    fn fit(links: Self::Links) -> <(Port<B>, S) as Ports>::Links {
        (A::enter(links.0), R::fit(links.1))
    }
}

/// What a worker takes under `.consume(N)`: a group of the items `T`.
#[diagnostic::on_unimplemented(
    message = "`.consume({N})` gives groups of `{T}`, and this node takes `{Self}`",
    label = "expected `[{T}; {N}]` or `Vec<{T}>`",
    note = "take `[{T}; {N}]` for whole groups alone, or `Vec<{T}>` for a shorter last group too"
)]
pub trait Grouped<T, const N: usize>: Sized {
    /// A whole group.
    fn of_array(values: [T; N]) -> Self;
    /// A group, or its values where they are too few.
    ///
    /// # Errors
    ///
    /// The values.
    fn of_vec(values: Vec<T>) -> Result<Self, Vec<T>>;
}

impl<T, const N: usize> Grouped<T, N> for [T; N] {
    #[inline(always)]
    fn of_array(values: [T; N]) -> Self {
        values
    }
    #[inline(always)]
    fn of_vec(values: Vec<T>) -> Result<Self, Vec<T>> {
        values.try_into()
    }
}

impl<T, const N: usize> Grouped<T, N> for Vec<T> {
    #[inline(always)]
    fn of_array(values: [T; N]) -> Self {
        values.into()
    }
    #[inline(always)]
    fn of_vec(values: Vec<T>) -> Result<Self, Vec<T>> {
        Ok(values)
    }
}

/// What a worker returns under `.produce(N)`: an array.
#[diagnostic::on_unimplemented(
    message = "`.produce({N})` needs a worker that returns an array of {N}, this one gives `{Self}`",
    label = "expected `[_; {N}]`",
    note = "return `[…; {N}]`, or take `.flat()` where the number varies"
)]
pub trait Produced<const N: usize> {
    /// What is in it.
    type Item;
    /// Itself.
    fn array(self) -> [Self::Item; N];
}

impl<T, const N: usize> Produced<N> for [T; N] {
    type Item = T;
    #[inline(always)]
    fn array(self) -> [T; N] {
        self
    }
}

/// An item that may be needed once more, since its call may fail.
#[diagnostic::on_unimplemented(
    message = "`.retry(n)` tries an item again, so `{Self}` must be `Clone`",
    label = "`{Self}` cannot be copied for another try",
    note = "derive `Clone` for it, send an `Arc` of it, or take `.retry(n)` away"
)]
pub trait Retried: Clone {}

#[diagnostic::do_not_recommend]
impl<T: Clone> Retried for T {}

/// What copies the items of a slot that is tried again.
#[inline(always)]
#[must_use]
pub fn retried<T: Retried>(_slot: &Slot<T>) -> fn(&T) -> T {
    T::clone
}

/// The same, for the only argument of a closure.
#[inline(always)]
#[must_use]
pub fn retried_solo<T: Retried>(_slot: &Slot<T>) -> fn(&(T,)) -> (T,) {
    <(T,)>::clone
}

/// Streams whose items may be needed once more.
pub trait Tried: Ports {
    /// A copy of a round.
    fn copy(slots: &Self::Slots) -> Self::Slots;
}

impl Tried for () {
    fn copy(_slots: &()) {}
}

impl<T: Retried + Crosses, R: Tried> Tried for (Port<T>, R) {
    fn copy(slots: &Self::Slots) -> Self::Slots {
        (slots.0.clone(), R::copy(&slots.1))
    }
}

impl<T: Retried + Crosses, const N: usize, R: Tried> Tried for (Many<T, N>, R) {
    fn copy(slots: &Self::Slots) -> Self::Slots {
        (slots.0.clone(), R::copy(&slots.1))
    }
}

/// A way in which a requirement holds.
#[derive(Debug)]
pub enum Direct {}

/// A second way, that nothing has. Where a trait has two implementations for a type by their heads, rustc looks whether
/// one holds before it believes in what follows from it. Then what is wrong is said once, and in the words of that trait.
#[derive(Debug)]
pub enum Otherwise {}

/// What nothing is.
pub trait Nobody {}

/// What a worker returns under `.flat()`: something to iterate over.
#[diagnostic::on_unimplemented(
    message = "`.flat()` needs a worker that returns something to iterate over, this one gives `{Self}`",
    label = "`{Self}` gives no items",
    note = "return a `Vec`, a range or an iterator, or take `.flat()` away"
)]
pub trait Streams<Way> {
    /// Its iterator.
    type Iter: Iterator;
    /// Begins it.
    fn begin(self) -> Self::Iter;
    /// Begins the iterator of a slot; the first items may be taken at once.
    fn streamed(slot: Slot<Self>, cx: &mut Cursor<'_>, node: usize) -> Slot<Burst<Self::Iter>>
    where
        Self: Sized,
    {
        streamed(slot, cx, node)
    }
}

#[diagnostic::do_not_recommend]
impl<I: IntoIterator> Streams<Direct> for I {
    type Iter = I::IntoIter;
    #[inline(always)]
    fn begin(self) -> I::IntoIter {
        self.into_iter()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Nobody> Streams<Otherwise> for T {
    type Iter = std::iter::Empty<T>;
    fn begin(self) -> std::iter::Empty<T> {
        std::iter::empty()
    }
}

/// An iterator of `.flat()`: what it gives is taken by whichever thread has room for it.
#[diagnostic::on_unimplemented(
    message = "`.flat()` takes items on any thread, and what this worker gives cannot travel: `{Self}`",
    label = "an iterator, or items of it, that cannot travel between threads",
    note = "it and its items must be `Send`: `Arc` in place of `Rc`, `Box<dyn Iterator<Item = …> + Send>`"
)]
pub trait Pours<Way>: Iterator + Sized {
    /// Itself.
    type Itself: Iterator;
    /// The same slot.
    fn poured(slot: Slot<Burst<Self>>) -> Slot<Burst<Self::Itself>>;
}

#[diagnostic::do_not_recommend]
impl<I: Iterator<Item: Send> + Send> Pours<Direct> for I {
    type Itself = I;
    #[inline(always)]
    fn poured(slot: Slot<Burst<I>>) -> Slot<Burst<I>> {
        slot
    }
}

#[diagnostic::do_not_recommend]
impl<I: Iterator + Nobody> Pours<Otherwise> for I {
    type Itself = I;
    fn poured(slot: Slot<Burst<I>>) -> Slot<Burst<I>> {
        slot
    }
}

/// An item of a stream that becomes one with a stream of `T`: by `merge`, or as an arm of a route.
#[diagnostic::on_unimplemented(
    message = "these streams become one, and bring items of different types: `{T}` and `{Self}`",
    label = "expected a stream of `{T}`, as the first of them is",
    note = "put a node behind one of them that converts, or let both bring an `enum`"
)]
pub trait Alike<T>: Sized {
    /// Itself.
    type Itself;
    /// The same slot.
    fn slot(first: &Slot<T>, slot: Slot<Self>) -> Slot<Self::Itself>;
    /// The same port.
    fn port(first: Port<T>, port: Port<Self>) -> Port<Self::Itself>;
    /// The same link.
    fn link(first: &Arc<Link<T>>, link: Arc<Link<Self>>) -> Arc<Link<Self::Itself>>;
}

#[diagnostic::do_not_recommend]
impl<T> Alike<T> for T {
    type Itself = T;
    #[inline(always)]
    fn slot(_first: &Slot<T>, slot: Slot<T>) -> Slot<T> {
        slot
    }
    fn port(_first: Port<T>, port: Port<T>) -> Port<T> {
        port
    }
    fn link(_first: &Arc<Link<T>>, link: Arc<Link<T>>) -> Arc<Link<T>> {
        link
    }
}

/// What `.repeat(n)` gives several times.
#[diagnostic::on_unimplemented(
    message = "`.repeat(…)` gives copies, so `{Self}` must be `Clone`",
    label = "`{Self}` cannot be copied",
    note = "derive `Clone`, or send `Arc<{Self}>`"
)]
pub trait Repeats: Clone {}

#[diagnostic::do_not_recommend]
impl<T: Clone> Repeats for T {}

/// An item of the stream `Name`, which has so many uses.
#[diagnostic::on_unimplemented(
    message = "`{Name}` is used {USES} times, so `{Self}` must be `Clone`",
    label = "every use of `{Name}` but the last gets a copy",
    note = "derive `Clone`, or send `Arc<{Self}>`"
)]
pub trait Forkable<Name, const USES: usize>: Clone {}

#[diagnostic::do_not_recommend]
impl<Name, T: Clone, const USES: usize> Forkable<Name, USES> for T {}

/// What copies an item for one more use of its stream.
#[inline(always)]
#[must_use]
pub fn fork<T: Forkable<Name, USES>, Name, const USES: usize>() -> fn(&T) -> T {
    T::clone
}

/// What a node gives that ends a statement.
#[diagnostic::on_unimplemented(
    message = "this node gives a `{Self}` that goes nowhere",
    label = "`{Self}` goes nowhere",
    note = "name the stream with `let`, or drop it with `let _ =`"
)]
pub trait Nothing {}

impl Nothing for () {}

/// Ends a stream of nothing.
#[inline(always)]
pub fn sink<T: Nothing>(slot: Slot<T>) {
    drop(slot);
}

/// Drops what no stream takes; a panic in that concerns nobody.
#[inline(always)]
pub fn unwanted<T>(slot: T) {
    unwind::discard(slot);
}

/// A stream whose `let` says its type.
#[diagnostic::on_unimplemented(
    message = "this stream brings `{Self}`, its `let` says `Stream<{T}>`",
    label = "a stream of `{Self}`",
    note = "change the type, or put a node before it that converts"
)]
pub trait Annotated<T>: Sized {
    /// The same slot.
    fn cast(slot: Slot<Self>) -> Slot<T>;
}

impl<T> Annotated<T> for T {
    #[inline(always)]
    fn cast(slot: Slot<T>) -> Slot<T> {
        slot
    }
}

/// Checks the type that a `let` says.
#[inline(always)]
pub fn annotated<T, U: Annotated<T>>(slot: Slot<U>) -> Slot<T> {
    U::cast(slot)
}

/// A state that has a value to begin with.
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` has no `Default` to begin with",
    label = "what is the first state?",
    note = "give one, `worker(state = …)`, or derive `Default` for it"
)]
pub trait Beginning: Sized {
    /// The first state.
    fn begin() -> Self;
}

impl<T: Default> Beginning for T {
    fn begin() -> T {
        T::default()
    }
}

/// The first state of a worker that is given none.
pub fn default_state<W: Scratch>(_worker: &W) -> W::State
where
    W::State: Beginning,
{
    W::State::begin()
}

/// The first state of a worker.
pub fn given_state<W: Stateful>(_worker: &W, state: W::Whole) -> W::State {
    state
}

/// The body of a pipeline that has mistakes; it stands in code that does not compile.
pub struct Unfinished<I, P>(PhantomData<fn() -> (I, P)>);

impl<'env, I: Entries, P: Outlets<'env>> Body<'env> for Unfinished<I, P> {
    type Inputs = I;
    type Ports = P;

    fn embed(self, _net: &mut Net<'env>, _inputs: I::Links) -> P::Links {
        panic!("this pipeline does not compile")
    }

    fn drive<S, C>(self, _sources: S, _options: Options, _sinks: C) -> Report
    where
        S: SourceList<Ports = I>,
        C: Sinks<P, Readers = P::Readers>,
    {
        panic!("this pipeline does not compile")
    }

    fn start<S>(self, _sources: S, _options: Options) -> Result<(P::Outputs, Control), StartError>
    where
        S: SendSources<Ports = I>,
        'env: 'static,
    {
        panic!("this pipeline does not compile")
    }
}

/// A pipeline that has mistakes.
///
/// # Panics
///
/// Always; it stands in code that does not compile.
#[must_use]
pub fn unfinished<I, P>() -> Unfinished<I, P> {
    panic!("this pipeline does not compile")
}
