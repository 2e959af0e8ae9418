//! The wiring of a run: steps that hand strides to each other over links.

use crate::align::{Alignable, Aligner};
use crate::bundle::Group;
use crate::check::{Fits, Gives};
use crate::cursor::{Ahead, Book, Cursor};
use crate::graph::{Frame, Graph};
use crate::grouper::Grouper;
use crate::in_place_flat::Seed;
use crate::layout::Layout;
use crate::lineage::{Lineage, Lineages, met};
use crate::link::{Link, Ports, SlotList};
use crate::places::Places;
use crate::plan::Body;
use crate::pool::Pool;
use crate::region::{Order, Region, RegionSpec};
use crate::shared::{OnFault, Shared};
use crate::slot::Slot;
use crate::spring::{Basin, Burst, Feeder, Leaver, MergedLinks, Pourable, Spring, bursts, leaver};
use crate::stride::{Extent, Slots};
use crate::sync::{Arc, Instant, Mutex, OnceLock, lock};
use crate::timed::{Timed, TimedRegion};
use crate::watch::{At, What};

/// What a wave passes through: a region, a place where strides are regrouped, or the queue of an output.
pub trait Step: Send + Sync {
    /// Evaluates a wave whose strides have all arrived; notes the steps that its results go to.
    fn run(&self, shared: &Shared, part: usize, wave: u64, arrivals: &mut Vec<usize>);
    /// Drops what waits.
    fn clear(&self);
    /// What it is, to somebody who looks.
    fn what(&self) -> What {
        What::Passage
    }
}

/// What a step is to its part.
pub(crate) enum Role<'env> {
    /// Every wave passes it.
    Step(Box<dyn Step + 'env>),
    /// The same, and what it brings goes to the spring of another part: that step.
    Feed(Box<dyn Step + 'env>, usize),
    /// Waves begin here.
    Spring(Arc<dyn Spring + 'env>),
    /// Every wave passes it, but leaves when its last call is in or given up.
    Timed(Arc<dyn Timed>),
}

impl Role<'_> {
    /// What it is, to somebody who looks.
    pub(crate) fn what(&self) -> What {
        match self {
            Role::Step(step) | Role::Feed(step, _) => step.what(),
            Role::Spring(spring) => What::Spring(spring.node()),
            Role::Timed(node) => What::Timed(node.node(), Arc::downgrade(node)),
        }
    }

    /// Drops what waits.
    pub(crate) fn clear(&self) {
        match self {
            Role::Step(step) | Role::Feed(step, _) => step.clear(),
            Role::Spring(spring) => spring.clear(),
            Role::Timed(node) => node.close(),
        }
    }
}

/// A step, and how it is to be scheduled.
pub struct Planned<'env> {
    pub(crate) role: Role<'env>,
    /// The root of a stream that enters: it tells the part.
    pub(crate) root: usize,
    /// How many rounds behind the last wave it has to see.
    pub(crate) depth: u64,
    pub(crate) pool: Pool,
    pub(crate) order: Order,
    /// Streams that must have arrived.
    pub(crate) ports: usize,
    /// Rounds in a stride, at most, as its nodes ask for it.
    pub(crate) stride: Option<usize>,
}

/// The steps of a run, as generated code adds them.
pub struct Net<'env> {
    pub(crate) steps: Vec<Planned<'env>>,
    pub(crate) lineages: Lineages,
    /// The roots of the inputs.
    pub(crate) inputs: Vec<usize>,
    /// Where the nodes of the pipeline that is being wired stand in the report.
    frame: Frame,
}

impl<'env> Net<'env> {
    pub(crate) fn new(graph: &Graph) -> Net<'env> {
        Net {
            steps: Vec::new(),
            lineages: Lineages::default(),
            inputs: Vec::new(),
            frame: graph.frame(),
        }
    }

    /// A link for the next input.
    pub(crate) fn input<T>(&mut self) -> Arc<Link<T>> {
        let lineage = self.lineages.source(self.inputs.len(), false);
        self.inputs.push(lineage.root);
        Link::new(lineage)
    }

    /// Which steps and inputs belong together, and how.
    pub(crate) fn layout(&self, outputs: &[(Lineage, u64)]) -> Layout {
        Layout::new(self, outputs)
    }

    /// Adds a region that takes from `inputs`, which are in phase; gives the links that it feeds.
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
        let spec = &region.spec;
        let (lead, mut round) = self.round::<P>(&inputs);
        if spec.folds {
            round = self.lineages.folded(round);
        }
        let mut entering = Vec::new();
        P::lineages(&inputs, &mut entering);
        let outputs = O::links(spec, round, &entering, 0);
        let ports = P::aim(&inputs, self.steps.len());
        let evaluation = Evaluation {
            place: self.place(spec, lead, round),
            region: region.clone(),
            inputs,
            outputs: outputs.clone(),
        };
        self.push(evaluation, spec, round, ports);
        outputs
    }

    /// Adds a region of one node whose calls are timed.
    pub fn timed<P: Ports, O>(&mut self, region: TimedRegion<P, O>, inputs: P::Links) -> O::Links
    where
        O: SlotList<Links: Clone>,
    {
        let TimedRegion { spec, make } = region;
        let (lead, round) = self.round::<P>(&inputs);
        let mut entering = Vec::new();
        P::lineages(&inputs, &mut entering);
        let outputs = O::links(&spec, round, &entering, 0);
        let step = self.steps.len();
        let ports = P::aim(&inputs, step);
        let place = self.place(&spec, lead, round);
        self.steps.push(Planned {
            role: Role::Timed(make(place, step, inputs, outputs.clone())),
            root: round.root,
            depth: round.depth,
            // whoever brings a wave only leaves it here
            pool: Pool::inline(),
            order: Order::Free,
            ports,
            stride: spec.stride,
        });
        outputs
    }

    /// As [`timed`](Net::timed), for streams that may be out of phase.
    pub fn timed_join<P, O>(&mut self, region: TimedRegion<P, O>, inputs: P::Links) -> O::Links
    where
        P: Alignable + 'env,
        O: SlotList<Links: Clone>,
    {
        let inputs = self.align::<P>(inputs);
        self.timed(region, inputs)
    }

    /// As [`add`](Net::add), for streams that may be out of phase.
    pub fn join<P, S, M, K, O>(
        &mut self,
        region: &Arc<Region<P, S, M, K>>,
        inputs: P::Links,
    ) -> O::Links
    where
        P: Alignable + 'env,
        S: Send + 'env,
        M: Fn() -> S + Send + Sync + 'env,
        K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync + 'env,
        O: SlotList + 'env,
        O::Links: Clone,
    {
        let inputs = self.align::<P>(inputs);
        self.add(region, inputs)
    }

    /// Adds a region whose one stream is cut into groups of `size`, counted `anew` where there are holes for sure.
    pub fn group<P, S, M, K, T>(
        &mut self,
        region: &Arc<Region<P, S, M, K>>,
        inputs: P::Links,
        size: u64,
        anew: bool,
    ) -> (Arc<Link<Group<T>>>, ())
    where
        P: Alignable + 'env,
        S: Send + 'env,
        M: Fn() -> S + Send + Sync + 'env,
        K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> (Slot<T>, ()) + Send + Sync + 'env,
        T: Send + 'env,
    {
        let inputs = self.align::<P>(inputs);
        let (lead, mut round) = self.round::<P>(&inputs);
        round.holes |= anew;
        let round = self.lineages.grouped(round, size);
        let link = Link::new(round);
        let ports = P::aim(&inputs, self.steps.len());
        let place = self.place(&region.spec, lead, round);
        let grouper = Grouper::new(place, region.clone(), inputs, link.clone(), size);
        self.push(grouper, &region.spec, round, ports);
        (link, ())
    }

    /// Adds a pipeline as the node of that number.
    pub fn call<B, F, P>(
        &mut self,
        node: usize,
        body: B,
        (_given, _left): (F, P),
        inputs: F::Links,
    ) -> P::Links
    where
        B: Body<'env, Ports: Gives<P>>,
        F: Fits<B::Inputs>,
        P: Ports,
    {
        let inner = self.frame.inner[node].take().unwrap_or_default();
        let outer = std::mem::replace(&mut self.frame, inner);
        let outputs = body.embed(self, F::fit(inputs));
        self.frame = outer;
        B::Ports::give(outputs)
    }

    /// Adds what takes the iterators of a stream apart, on the pool of the node that they come from.
    pub fn flat<I>(
        &mut self,
        link: Arc<Link<Burst<I>>>,
        node: usize,
        pool: &Pool,
    ) -> Arc<Link<I::Item>>
    where
        I: Iterator<Item: Send + 'env> + Send + 'env,
    {
        let node = self.frame.nodes[node];
        self.spring(vec![link], Some(node), pool, None, move |slots| {
            bursts(slots, node)
        })
    }

    /// The same, behind what evaluation in place has left.
    pub fn flat_behind<I>(
        &mut self,
        link: Arc<Link<Burst<I>>>,
        node: usize,
        pool: &Pool,
        seed: Seed<I>,
    ) -> Arc<Link<I::Item>>
    where
        I: Iterator<Item: Send + 'env> + Send + 'env,
    {
        let node = self.frame.nodes[node];
        let left = leaver(seed, node);
        self.spring(vec![link], Some(node), pool, Some(left), move |slots| {
            bursts(slots, node)
        })
    }

    /// Adds what gives the slots of several streams as they come.
    pub fn merge<T, L>(&mut self, links: L) -> Arc<Link<T>>
    where
        T: Send + 'env,
        L: MergedLinks<T>,
    {
        let mut streams = Vec::new();
        links.gather(&mut streams);
        self.spring(streams, None, &Pool::inline(), None, |slots| slots)
    }

    fn spring<T, U, F, P>(
        &mut self,
        links: Vec<Arc<Link<T>>>,
        node: Option<usize>,
        pool: &Pool,
        left: Option<Leaver<'env, U>>,
        make: F,
    ) -> Arc<Link<U>>
    where
        T: Send + 'env,
        U: Send + 'env,
        F: Fn(Slots<T>) -> P + Clone + Send + Sync + 'env,
        P: Pourable<U> + 'env,
    {
        let origin = links.iter().map(|link| link.lineage.origin).min();
        let lineage = self.lineages.source(origin.unwrap_or(0), false);
        let output = Link::new(lineage);
        let basin = Basin::new(output.clone(), node, links.len(), left);
        let spring = self.steps.len();
        self.steps.push(Planned {
            role: Role::Spring(basin.clone()),
            root: lineage.root,
            depth: 0,
            pool: pool.clone(),
            order: Order::Free,
            ports: 0,
            stride: None,
        });
        for link in links {
            link.aim(self.steps.len());
            let lineage = link.lineage;
            let feeder = Feeder::new(link, &basin, (self.steps.len(), spring), make.clone());
            self.steps.push(Planned {
                role: Role::Feed(Box::new(feeder), spring),
                root: lineage.root,
                depth: lineage.depth + 1,
                pool: Pool::inline(),
                order: Order::Serial,
                ports: 1,
                stride: None,
            });
        }
        output
    }

    /// Brings streams into phase, where they are not.
    fn align<P: Alignable + 'env>(&mut self, inputs: P::Links) -> P::Links {
        let mut streams = Vec::new();
        P::lineages(&inputs, &mut streams);
        self.lineages.meet(&streams);
        if self.lineages.in_phase(&streams) {
            return inputs;
        }
        let aligned = self.lineages.aligned(&streams);
        let outputs = P::links(&mut aligned.iter().copied());
        let ports = P::aim(&inputs, self.steps.len());
        let step = Aligner::<P>::new(inputs, P::same(&outputs), aligned[0].depth);
        self.steps.push(Planned {
            role: Role::Step(Box::new(step)),
            root: aligned[0].root,
            depth: aligned[0].depth,
            pool: Pool::inline(),
            order: Order::Serial,
            ports,
            stride: None,
        });
        outputs
    }

    /// What a round of these streams is, and which of them tells where it comes from.
    fn round<P: Ports>(&mut self, inputs: &P::Links) -> (usize, Lineage) {
        let mut streams = Vec::new();
        P::lineages(inputs, &mut streams);
        self.lineages.meet(&streams);
        debug_assert!(
            self.lineages.in_phase(&streams),
            "streams that meet are in phase: {streams:?}"
        );
        met(&streams)
    }

    fn place(&self, spec: &RegionSpec, lead: usize, round: Lineage) -> Place {
        let global = |nodes: &[usize]| nodes.iter().map(|node| self.frame.nodes[*node]).collect();
        Place {
            nodes: global(spec.nodes),
            feeds: global(spec.feeds),
            lead,
            origin: round.origin,
            depth: round.depth,
            known: OnceLock::new(),
            books: Mutex::new(Vec::new()),
        }
    }

    fn push(&mut self, step: impl Step + 'env, spec: &RegionSpec, round: Lineage, ports: usize) {
        self.steps.push(Planned {
            role: Role::Step(Box::new(step)),
            root: round.root,
            depth: round.depth,
            pool: spec.pool.clone(),
            order: spec.order,
            ports,
            stride: spec.stride,
        });
    }
}

/// Where a region stands in a run.
pub struct Place {
    /// Its nodes, and those that it feeds, in the report's order.
    nodes: Vec<usize>,
    feeds: Vec<usize>,
    /// The stream that tells where rounds come from.
    pub(crate) lead: usize,
    origin: usize,
    /// The round behind the last wave in which it gives what it has kept.
    pub(crate) depth: u64,
    known: OnceLock<(Arc<[Arc<str>]>, Arc<[Arc<Ahead>]>)>,
    books: Mutex<Vec<Book>>,
}

impl Place {
    /// The place of a region that is a pipeline by itself.
    pub(crate) fn alone(spec: &RegionSpec) -> Place {
        Place {
            nodes: spec.nodes.to_vec(),
            feeds: spec.feeds.to_vec(),
            lead: 0,
            origin: 0,
            depth: 0,
            known: OnceLock::new(),
            books: Mutex::new(Vec::new()),
        }
    }

    /// A book: it knows the region's nodes, those that it feeds, and the input, by name.
    pub(crate) fn open_book(&self, shared: &Shared, part: usize) -> Book {
        if let Some(book) = lock(&self.books).pop() {
            return book;
        }
        let (names, aheads) = self.known.get_or_init(|| {
            let ledger = &shared.ledger;
            let nodes = || self.nodes.iter().chain(&self.feeds);
            let names = nodes().map(|node| &ledger.nodes[*node].name);
            let names = names.chain([ledger.input_name(self.origin)]);
            let aheads = nodes().map(|node| ledger.nodes[*node].ahead.clone());
            (names.cloned().collect(), aheads.collect())
        });
        let common = shared.parts[part].common.clone();
        Book::new(names.clone(), aheads.clone(), common)
    }

    /// A book for an evaluation of a wave, which a watched run is told of.
    pub(crate) fn open_book_at(
        &self,
        shared: &Shared,
        part: usize,
        wave: u64,
        (places, rounds): (&Places, usize),
    ) -> Book {
        let mut book = self.open_book(shared, part);
        book.places = places.clone();
        if let Some(watch) = shared.watch.as_ref().filter(|_| rounds > 0) {
            let items = (places.at(0), places.at(rounds - 1));
            let nodes = book.names()[..self.nodes.len()].to_vec();
            let desk = watch.desk(nodes, part, At::Wave(wave), items);
            book.desk = Some(watch.sit(&desk, book.names()));
        }
        book
    }

    /// The nodes that are evaluated here.
    pub(crate) fn nodes(&self) -> &[usize] {
        &self.nodes
    }

    /// Puts a book back, and forgets what it has noted.
    pub(crate) fn put_book_back(&self, mut book: Book) {
        book.forget();
        lock(&self.books).push(book);
    }

    /// Calls that took too long are left to themselves.
    pub(crate) fn note_given_up(&self, shared: &Shared, calls: usize) {
        if let Some(node) = self.nodes.first() {
            shared.ledger.nodes[*node].note_given_up(calls);
        }
    }

    /// Adds what the book has noted to the report. Whether there were faults.
    pub(crate) fn close_book(
        &self,
        shared: &Shared,
        mut book: Book,
        rounds: usize,
        elapsed: std::time::Duration,
    ) -> bool {
        let faults = book.has_faults();
        shared
            .ledger
            .add(&self.nodes, &self.feeds, &mut book.tallies, rounds, elapsed);
        book.leave();
        lock(&self.books).push(book);
        faults
    }
}

/// What a region is given of a wave: how many rounds, and where they come from.
pub(crate) fn rounds_of<P: Ports>(
    links: &P::Links,
    wave: u64,
    lead: usize,
) -> Option<(P::Strides, Extent, usize)> {
    let (mut number, mut found) = (0, None);
    let strides = P::take(links, wave, &mut |extent, rounds| {
        if number == lead {
            found = Some((extent.clone(), rounds));
        }
        number += 1;
    })?;
    let (extent, rounds) = found?;
    let places = extent.places.rounds(rounds.each);
    Some((strides, Extent { places, ..extent }, rounds.len))
}

/// A region between its links.
struct Evaluation<P: Ports, S, M, K, O: SlotList> {
    place: Place,
    region: Arc<Region<P, S, M, K>>,
    inputs: P::Links,
    outputs: O::Links,
}

impl<P, S, M, K, O> Step for Evaluation<P, S, M, K, O>
where
    P: Ports,
    S: Send,
    M: Fn() -> S + Send + Sync,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync,
    O: SlotList,
{
    fn run(&self, shared: &Shared, part: usize, wave: u64, arrivals: &mut Vec<usize>) {
        let Some((strides, extent, rounds)) = rounds_of::<P>(&self.inputs, wave, self.place.lead)
        else {
            return;
        };
        let gives = self.region.spec.folds && extent.tail == self.place.depth;
        let of = (&extent.places, rounds);
        let mut book = self.place.open_book_at(shared, part, wave, of);
        let began = Instant::now();
        let outs = O::strides(&self.outputs, &extent, rounds + usize::from(gives));
        let outs =
            self.region
                .evaluate(&mut book, rounds, gives, strides, outs, shared.cancelled());
        let before = arrivals.len();
        O::put(outs, &self.outputs, wave, arrivals);
        let elapsed = began.elapsed();
        let is_sink = arrivals.len() == before;
        shared.parts[part].load(rounds, elapsed);
        let rounds = rounds + usize::from(gives);
        let faults = self.place.close_book(shared, book, rounds, elapsed);
        if is_sink && self.region.spec.sinks && faults && shared.on_fault == OnFault::Stop {
            // no output would tell of it
            shared.cancel();
        }
    }

    fn clear(&self) {
        P::clear(&self.inputs);
    }

    fn what(&self) -> What {
        What::Nodes(self.place.nodes().to_vec())
    }
}
