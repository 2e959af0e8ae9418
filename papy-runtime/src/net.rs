//! The wiring of a run: steps that hand strides to each other over links.

use std::time::Instant;

use crate::cursor::{Book, Cursor};
use crate::link::{Ports, SlotList};
use crate::pool::Pool;
use crate::region::{Order, Region, RegionSpec};
use crate::shared::{OnFault, Shared};
use crate::sync::{Arc, Mutex, lock};

/// What a wave passes through: a region, or the queue of an output.
pub(crate) trait Step: Send + Sync {
    /// Evaluates a wave whose strides have all arrived; notes the steps that its results go to.
    fn run(&self, wave: u64, arrivals: &mut Vec<usize>);
    /// Drops what waits.
    fn clear(&self);
}

/// A step, and how it is to be scheduled.
pub(crate) struct Planned<'env> {
    pub(crate) step: Box<dyn Step + 'env>,
    pub(crate) part: usize,
    pub(crate) pool: Pool,
    pub(crate) order: Order,
    /// Streams that must have arrived.
    pub(crate) ports: usize,
}

/// The steps of a run, as generated code adds them.
pub struct Net<'env> {
    pub(crate) steps: Vec<Planned<'env>>,
    pub(crate) shared: Arc<Shared>,
    /// Slots in a stride, at most, as nodes ask for it; one for each part.
    pub(crate) stride_hints: Vec<Option<usize>>,
}

impl<'env> Net<'env> {
    pub(crate) fn new(shared: Arc<Shared>) -> Net<'env> {
        let parts = shared.parts.len();
        Net {
            steps: Vec::new(),
            shared,
            stride_hints: vec![None; parts],
        }
    }

    /// Adds a region that takes from `inputs`; gives the links that it feeds.
    pub fn add<P, S, M, K, O>(
        &mut self,
        region: &Arc<Region<P, S, M, K>>,
        inputs: P::Links,
    ) -> O::Links
    where
        P: Ports + 'env,
        S: Send + 'env,
        M: Fn() -> S + Send + Sync + 'env,
        K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync + 'env,
        O: SlotList + 'env,
        O::Links: Clone,
    {
        let spec = region.spec.clone();
        let hint = &mut self.stride_hints[spec.part];
        *hint = hint.iter().copied().chain(spec.stride).min();
        let outputs = O::links();
        let ports = P::aim(&inputs, self.steps.len());
        let book = book(&self.shared, &spec);
        let region = region.clone();
        let step = Evaluation {
            region,
            inputs,
            outputs: outputs.clone(),
            books: Mutex::new(vec![book]),
            shared: self.shared.clone(),
        };
        self.steps.push(Planned {
            step: Box::new(step),
            part: spec.part,
            pool: spec.pool,
            order: spec.order,
            ports,
        });
        outputs
    }
}

/// A book for a region: it knows the region's nodes, those that it feeds, and the input, by name.
pub(crate) fn book(shared: &Shared, spec: &RegionSpec) -> Book {
    let ledger = &shared.ledger;
    let nodes = spec
        .nodes
        .iter()
        .chain(spec.feeds)
        .map(|node| &ledger.nodes[*node].name);
    let input = ledger.input_name(shared.first_inputs[spec.part]);
    let names: Arc<[Arc<str>]> = nodes.chain([input]).cloned().collect();
    Book::new(names, shared.parts[spec.part].lengths.clone())
}

/// A region between its links.
struct Evaluation<P: Ports, S, M, K, O: SlotList> {
    region: Arc<Region<P, S, M, K>>,
    inputs: P::Links,
    outputs: O::Links,
    books: Mutex<Vec<Book>>,
    shared: Arc<Shared>,
}

impl<P, S, M, K, O> Step for Evaluation<P, S, M, K, O>
where
    P: Ports,
    S: Send,
    M: Fn() -> S + Send + Sync,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync,
    O: SlotList,
{
    fn run(&self, wave: u64, arrivals: &mut Vec<usize>) {
        let Some((strides, extent)) = P::take(&self.inputs, wave) else {
            return;
        };
        let spec = &self.region.spec;
        let idle = lock(&self.books).pop();
        let mut book = idle.unwrap_or_else(|| book(&self.shared, spec));
        let began = Instant::now();
        let outs = self
            .region
            .evaluate(&mut book, extent, strides, || !self.shared.is_cancelled());
        let before = arrivals.len();
        O::put(outs, &self.outputs, wave, arrivals);
        let elapsed = began.elapsed();
        let is_sink = arrivals.len() == before;
        let faults = book.has_faults();
        self.shared.parts[spec.part].load(extent.len, elapsed);
        self.shared
            .ledger
            .add(spec, &mut book.tallies, extent.len, elapsed);
        lock(&self.books).push(book);
        if is_sink && faults && self.shared.on_fault == OnFault::Stop {
            // no output would tell of it
            self.shared.cancel();
        }
    }

    fn clear(&self) {
        P::clear(&self.inputs);
    }
}
