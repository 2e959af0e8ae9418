//! What `pipeline!` compiles a pipeline into, and the ways in which that can run.

use std::marker::PhantomData;
use std::time::Duration;

use crate::check::Gives;
use crate::cursor::Cursor;
use crate::error::StartError;
use crate::graph::Graph;
use crate::inlet::{Inlet, Inlets, Pull};
use crate::link::{Crosses, Port, Ports, SlotList};
use crate::net::{Net, Place};
use crate::places::Places;
use crate::region::Region;
use crate::report::Report;
use crate::run::Control;
use crate::shared::{OnFault, Shared};
use crate::sink::{Outlets, Sinks};
use crate::slot::Slot;
use crate::source::{Feed, Source};
use crate::sync::{Arc, Instant};
use crate::unwind;
use crate::watch::At;

/// How a run is to behave; see the methods of [`Pipeline`](crate::Pipeline).
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) stride: Option<usize>,
    pub(crate) buffer: usize,
    pub(crate) on_fault: OnFault,
    pub(crate) name: Option<String>,
    pub(crate) inline: bool,
    /// To tell of it where nothing has moved for so long.
    pub(crate) stall_after: Option<Duration>,
    /// Where threads can't be had, whoever reads does the work.
    pub(crate) makes_do: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            stride: None,
            buffer: 4096,
            on_fault: OnFault::Continue,
            name: None,
            inline: false,
            stall_after: None,
            makes_do: false,
        }
    }
}

/// `(F, (G, ()))`: what the inputs are pulled from.
pub trait SourceList {
    /// `(Port<A>, (Port<B>, ()))`: the streams that enter.
    type Ports: Entries;
    /// The inputs of a run.
    type Inlets: Inlets<First = <Self::Ports as Ports>::First>;

    /// Inputs that feed the links.
    fn inlets(self, links: <Self::Ports as Ports>::Links, input: usize) -> Self::Inlets;
}

/// The streams that enter a pipeline.
pub trait Entries: Ports<Links: Clone> {
    /// New links.
    fn links(net: &mut Net<'_>) -> Self::Links;
}

impl Entries for () {
    fn links(_net: &mut Net<'_>) {}
}

impl<T: Crosses, R: Entries> Entries for (Port<T>, R) {
    fn links(net: &mut Net<'_>) -> Self::Links {
        let first = net.input();
        (first, R::links(net))
    }
}

impl SourceList for () {
    type Ports = ();
    type Inlets = ();

    fn inlets(self, _links: (), _input: usize) {}
}

impl<F: Feed<Item: Crosses>, R: SourceList> SourceList for (F, R) {
    type Ports = (Port<F::Item>, R::Ports);
    type Inlets = (Inlet<F>, R::Inlets);

    fn inlets(self, links: <Self::Ports as Ports>::Links, input: usize) -> Self::Inlets {
        (
            Inlet::new(self.0, links.0, input),
            self.1.inlets(links.1, input + 1),
        )
    }
}

/// An input that another thread may pull.
#[diagnostic::on_unimplemented(
    message = "`start` pulls this input on a thread of its own, and it cannot go there",
    label = "an input of this pipeline cannot travel between threads",
    note = "all that it holds must be `Send`: `Arc` in place of `Rc`, a `Mutex` in place of a `RefCell`",
    note = "`.run()`, `.collect()` and `.for_each(…)` pull it on this thread, and take it as it is"
)]
pub trait Pulls: Send {}

#[diagnostic::do_not_recommend]
impl<F: Send> Pulls for F {}

/// Inputs that a thread of the run's own may pull.
pub trait SendSources: SourceList {
    /// Adds them to `own`.
    fn boxed(self, links: <Self::Ports as Ports>::Links, own: &mut Vec<Box<dyn Pull + Send>>);
}

impl SendSources for () {
    fn boxed(self, _links: (), _own: &mut Vec<Box<dyn Pull + Send>>) {}
}

impl<F, R> SendSources for (F, R)
where
    F: Feed<Item: Crosses> + Pulls + 'static,
    R: SendSources,
{
    fn boxed(self, links: <Self::Ports as Ports>::Links, own: &mut Vec<Box<dyn Pull + Send>>) {
        own.push(Box::new(Inlet::new(self.0, links.0, own.len())));
        self.1.boxed(links.1, own);
    }
}

/// The input of a pipeline.
pub fn input<T, X: Source<T>>(source: X) -> X::Feed {
    source.feed()
}

/// How slots may be evaluated in place: pulled, evaluated and delivered in one loop, with nothing between.
pub trait InPlace<T, P: Ports> {
    /// Whether it is possible at all.
    const POSSIBLE: bool;
    /// Passes up to `want` slots through, the first at position `first`. Gives how many there were; `None` where it can't.
    /// Calls are timed where they are `SAMPLED`.
    fn pass<I, C, const SAMPLED: bool>(
        &self,
        inlets: &mut I,
        sinks: &mut C,
        shared: &Shared,
        first: u64,
        want: usize,
    ) -> Option<usize>
    where
        I: Inlets<First = T>,
        C: Sinks<P>;
}

/// Not in place.
#[derive(Debug)]
pub struct Apart;

/// For a pipeline of several regions, inputs or pools.
#[must_use]
pub fn apart() -> Apart {
    Apart
}

impl<T, P: Ports> InPlace<T, P> for Apart {
    const POSSIBLE: bool = false;
    fn pass<I, C, const SAMPLED: bool>(
        &self,
        _: &mut I,
        _: &mut C,
        _: &Shared,
        _: u64,
        _: usize,
    ) -> Option<usize> {
        None
    }
}

/// A pipeline that is one region behind one input.
pub struct Alone<R>(Arc<R>, Place);

/// For a pipeline that is this region, behind one input and before all outputs.
#[must_use]
pub fn alone<P, S, M, K>(region: &Arc<Region<P, S, M, K>>) -> Alone<Region<P, S, M, K>> {
    Alone(region.clone(), Place::alone(&region.spec))
}

impl<T, S, M, K, O> InPlace<T, O::Ports> for Alone<Region<(Port<T>, ()), S, M, K>>
where
    T: Crosses,
    M: Fn() -> S,
    K: Fn(&mut Cursor<'_>, &mut S, (Slot<T>, ())) -> O,
    O: SlotList,
{
    const POSSIBLE: bool = true;

    fn pass<I, C, const SAMPLED: bool>(
        &self,
        inlets: &mut I,
        sinks: &mut C,
        shared: &Shared,
        first: u64,
        want: usize,
    ) -> Option<usize>
    where
        I: Inlets<First = T>,
        C: Sinks<O::Ports>,
    {
        let region = &*self.0;
        let mut book = self.1.open_book(shared, 0);
        book.places = Places::from(first);
        let mut scratch = region.take_scratch().map_err(unwind::forget_payload).ok()?;
        let is_read = !sinks.is_done();
        book.desk = shared.watch.as_ref().map(|watch| {
            let last = first + want as u64 - 1;
            watch.sit(
                book.names(),
                region.spec.nodes.len(),
                0,
                At::InPlace,
                (first, last),
            )
        });
        let began = Instant::now();
        let passed = inlets.drain_first(want, first, shared, |position, slot| {
            let cx = Cursor::new(&mut book, (position - first) as usize, SAMPLED);
            let slots = region.evaluate_one(cx, &mut scratch, (slot, ()));
            if SAMPLED {
                book.rest();
            }
            slots.give(sinks, shared.on_fault)
        });
        region.put_scratch_back(scratch);
        let failed = self.1.close_book(shared, book, passed, began.elapsed());
        let failed = failed && region.spec.sinks && shared.on_fault == OnFault::Stop;
        let stops = sinks.is_done() && (is_read || failed);
        if stops || sinks.has_panicked() {
            // nobody wants more: the source must not be asked again
            shared.cancel();
        }
        Some(passed)
    }
}

/// A compiled pipeline: how its regions are wired.
pub struct Blueprint<I, P, F, W> {
    pub(crate) graph: &'static Graph,
    pub(crate) fused: F,
    pub(crate) wire: W,
    pub(crate) ports: PhantomData<fn() -> (I, P)>,
}

/// A compiled pipeline from its inputs' ports, its outputs', and the wiring between.
pub fn blueprint<'env, I, P, F, W>(
    graph: &'static Graph,
    _inputs: I,
    _outputs: P,
    fused: F,
    wire: W,
) -> Blueprint<I, P, F, W>
where
    I: Entries,
    P: Outlets<'env>,
    F: InPlace<I::First, P>,
    W: FnOnce(&mut Net<'env>, I::Links) -> P::Links,
{
    Blueprint {
        graph,
        fused,
        wire,
        ports: PhantomData,
    }
}

/// The ports of what leaves a pipeline that is a node.
pub fn leaving<'env, B, P>(_body: &B) -> P
where
    B: Body<'env, Ports: Gives<P>>,
    P: Ports,
{
    P::ports()
}

/// What a pipeline is compiled into.
pub trait Body<'env> {
    /// The streams that enter: `(Port<A>, (Port<B>, ()))`.
    type Inputs: Entries;
    /// The streams that leave.
    type Ports: Outlets<'env>;

    /// Wires it as a node of another pipeline.
    #[doc(hidden)]
    fn embed(
        self,
        net: &mut Net<'env>,
        inputs: <Self::Inputs as Ports>::Links,
    ) -> <Self::Ports as Ports>::Links;

    #[doc(hidden)]
    fn drive<S, C>(self, sources: S, options: Options, sinks: C) -> Report
    where
        S: SourceList<Ports = Self::Inputs>,
        C: Sinks<Self::Ports, Readers = <Self::Ports as Outlets<'env>>::Readers>;

    #[doc(hidden)]
    #[allow(clippy::type_complexity, reason = "the outputs and their control")]
    fn start<S>(
        self,
        sources: S,
        options: Options,
    ) -> Result<(<Self::Ports as Outlets<'env>>::Outputs, Control), StartError>
    where
        S: SendSources<Ports = Self::Inputs>,
        'env: 'static;
}

/// The plan of a pipeline with the outputs `O`, the sources `S` and the body `B`.
pub struct Plan<O, S, B> {
    pub(crate) sources: S,
    pub(crate) body: B,
    pub(crate) outputs: PhantomData<fn() -> O>,
}
