//! What `pipeline!` compiles a pipeline into, and the ways in which that can run.

use std::marker::PhantomData;
use std::time::Duration;

use crate::check::Gives;
use crate::error::StartError;
use crate::graph::Graph;
use crate::in_place::InPlace;
use crate::inlet::{Inlet, Inlets, OwnInlet};
use crate::link::{Crosses, Port, Ports};
use crate::net::Net;
use crate::report::Report;
use crate::run::Control;
use crate::shared::OnFault;
use crate::sink::{Outlets, Sinks};
use crate::source::{Feed, Source};

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
    fn boxed(self, links: <Self::Ports as Ports>::Links, own: &mut Vec<OwnInlet>);
}

impl SendSources for () {
    fn boxed(self, _links: (), _own: &mut Vec<OwnInlet>) {}
}

impl<F, R> SendSources for (F, R)
where
    F: Feed<Item: Crosses> + Pulls + 'static,
    R: SendSources,
{
    fn boxed(self, links: <Self::Ports as Ports>::Links, own: &mut Vec<OwnInlet>) {
        own.push(OwnInlet::new(Inlet::new(self.0, links.0, own.len())));
        self.1.boxed(links.1, own);
    }
}

/// The input of a pipeline.
pub fn input<T, X: Source<T>>(source: X) -> X::Feed {
    source.feed()
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
