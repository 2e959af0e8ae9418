//! What a run tells about itself, while it runs and afterwards.

use std::fmt;
use std::time::Duration;

use crate::cursor::{Ahead, Tallies, Tally};
use crate::graph::{Graph, Node};
use crate::stall::{Stall, Stalls};
use crate::sync::{
    Arc, AtomicBool, AtomicU64, Instant, Mutex, MutexGuard, OnceLock, Ordering, lock,
};

/// The counts of a run, kept up stride by stride.
pub(crate) struct Ledger {
    pub(crate) name: String,
    pub(crate) nodes: Vec<NodeLedger>,
    inputs: Vec<(Arc<str>, AtomicU64)>,
    started: Instant,
    ended: OnceLock<Duration>,
    on_caller: AtomicBool,
    stalls: Mutex<Stalls>,
}

pub(crate) struct NodeLedger {
    pub(crate) name: Arc<str>,
    /// Slots that leave for each that is evaluated.
    times: u64,
    slots: AtomicU64,
    skipped: AtomicU64,
    gathered: AtomicU64,
    /// What of its iterators may be taken ahead of its turn.
    pub(crate) ahead: Arc<Ahead>,
    /// Items that came out of iterators, less the iterators.
    pub(crate) streamed: AtomicU64,
    absorbed: AtomicU64,
    faults: AtomicU64,
    holes: AtomicU64,
    /// Nanoseconds of the calls that were timed.
    sampled: AtomicU64,
    busy: AtomicU64,
    /// Calls that took too long and were left to themselves.
    given_up: AtomicU64,
}

impl NodeLedger {
    pub(crate) fn note_given_up(&self, calls: usize) {
        self.given_up.fetch_add(calls as u64, Ordering::Relaxed);
    }

    /// A fault that no evaluation has noted.
    pub(crate) fn note_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
        // it is none of what goes out
        self.streamed.fetch_add(1, Ordering::Relaxed);
    }
}

impl Ledger {
    pub(crate) fn new(graph: &Graph, name: Option<String>, ahead: usize) -> Ledger {
        let node = |(name, node): (String, &Node)| NodeLedger {
            name: Arc::from(name),
            times: node.times,
            ahead: Arc::new(Ahead::new(ahead)),
            slots: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            gathered: AtomicU64::new(0),
            streamed: AtomicU64::new(0),
            absorbed: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            holes: AtomicU64::new(0),
            sampled: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        };
        Ledger {
            name: name.unwrap_or_else(|| graph.name.to_owned()),
            nodes: graph.leaves().into_iter().map(node).collect(),
            inputs: graph
                .inputs
                .iter()
                .map(|name| (Arc::from(*name), AtomicU64::new(0)))
                .collect(),
            started: Instant::now(),
            ended: OnceLock::new(),
            on_caller: AtomicBool::new(false),
            stalls: Mutex::default(),
        }
    }

    pub(crate) fn input_name(&self, input: usize) -> &Arc<str> {
        &self.inputs[input].0
    }

    /// Items taken from an input so far.
    pub(crate) fn position(&self, input: usize) -> u64 {
        self.inputs[input].1.load(Ordering::Relaxed)
    }

    pub(crate) fn stalls(&self) -> MutexGuard<'_, Stalls> {
        lock(&self.stalls)
    }

    pub(crate) fn pulled(&self, input: usize, items: usize) {
        self.inputs[input]
            .1
            .fetch_add(items as u64, Ordering::Relaxed);
    }

    /// Adds what happened in a stride of `slots` rounds that took `elapsed`, at the nodes of a region.
    pub(crate) fn add(
        &self,
        nodes: &[usize],
        feeds: &[usize],
        tallies: &mut Tallies,
        slots: usize,
        elapsed: Duration,
    ) {
        for (node, tally) in nodes.iter().chain(feeds).zip(tallies.iter_mut()) {
            let ledger = &self.nodes[*node];
            let counts = [
                (&ledger.skipped, tally.skipped.get()),
                (&ledger.gathered, tally.gathered),
                (&ledger.absorbed, tally.absorbed),
                (&ledger.faults, tally.faults),
                (&ledger.holes, tally.holes.get()),
                (&ledger.sampled, tally.sampled_time.as_nanos() as u64),
            ];
            for (counter, count) in counts.into_iter().filter(|(_, count)| *count != 0) {
                counter.fetch_add(count, Ordering::Relaxed);
            }
            *tally = Tally::default();
        }
        for node in nodes {
            self.nodes[*node]
                .slots
                .fetch_add(slots as u64, Ordering::Relaxed);
        }
        self.spend(nodes.iter(), elapsed);
    }

    /// Splits a time among nodes, as that of all their sampled calls.
    pub(crate) fn spend<'a>(
        &self,
        nodes: impl Iterator<Item = &'a usize> + Clone,
        elapsed: Duration,
    ) {
        let sampled = |node: &usize| self.nodes[*node].sampled.load(Ordering::Relaxed);
        let all: u64 = nodes.clone().map(sampled).sum();
        for node in nodes.filter(|_| all > 0) {
            let busy = elapsed.as_nanos() as f64 * sampled(node) as f64 / all as f64;
            self.nodes[*node]
                .busy
                .fetch_add(busy as u64, Ordering::Relaxed);
        }
    }

    pub(crate) fn end(&self) {
        self.ended.get_or_init(|| self.started.elapsed());
    }

    /// Threads could not be had; the calling thread does it all.
    pub(crate) fn note_on_caller(&self) {
        self.on_caller.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        let node = |ledger: &NodeLedger| {
            let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            let faults = count(&ledger.faults);
            let holes = count(&ledger.holes);
            // a stride may be added while it is read, so these saturate
            let calls = count(&ledger.slots).saturating_sub(count(&ledger.skipped));
            let kept = calls
                .wrapping_sub(count(&ledger.absorbed))
                .saturating_sub(faults)
                .saturating_sub(holes);
            NodeStats {
                name: ledger.name.clone(),
                items_in: calls.saturating_add_signed(count(&ledger.gathered) as i64),
                items_out: (kept * ledger.times)
                    .saturating_add_signed(count(&ledger.streamed) as i64),
                faults,
                holes,
                busy: Duration::from_nanos(count(&ledger.busy)),
                abandoned: count(&ledger.given_up),
            }
        };
        Stats {
            name: self.name.clone(),
            elapsed: self
                .ended
                .get()
                .copied()
                .unwrap_or_else(|| self.started.elapsed()),
            nodes: self.nodes.iter().map(node).collect(),
            inputs: self
                .inputs
                .iter()
                .map(|(name, position)| InputStats {
                    name: name.clone(),
                    position: position.load(Ordering::Relaxed),
                })
                .collect(),
            stalls: self.stalls().told(self.ended.get().is_some()),
        }
    }

    pub(crate) fn report(&self, cancelled: bool) -> Report {
        Report {
            stats: self.stats(),
            cancelled,
            on_calling_thread: self.on_caller.load(Ordering::Relaxed),
        }
    }
}

/// A look at a run: how far each input and each node is.
#[derive(Debug, Clone)]
pub struct Stats {
    name: String,
    elapsed: Duration,
    nodes: Vec<NodeStats>,
    inputs: Vec<InputStats>,
    stalls: Vec<Stall>,
}

impl Stats {
    /// The pipeline's name, or the one it was given by `.named(…)`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Time since the start, or from start to end.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The nodes, in the order of the text.
    #[must_use]
    pub fn nodes(&self) -> &[NodeStats] {
        &self.nodes
    }

    /// The node of that name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&NodeStats> {
        self.nodes.iter().find(|node| node.name() == name)
    }

    /// The inputs, in the order of the header.
    #[must_use]
    pub fn inputs(&self) -> &[InputStats] {
        &self.inputs
    }

    /// What the run has waited for while nothing moved, where it is told to
    /// [look for that](crate::Pipeline::stall_after); in the order in which it began. The first thousand are kept.
    #[must_use]
    pub fn stalls(&self) -> &[Stall] {
        &self.stalls
    }

    /// Faults of all nodes together. Those of the inputs themselves are not among them.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.nodes.iter().map(NodeStats::faults).sum()
    }
}

/// The counts of one node.
#[derive(Debug, Clone)]
pub struct NodeStats {
    name: Arc<str>,
    items_in: u64,
    items_out: u64,
    faults: u64,
    holes: u64,
    busy: Duration,
    abandoned: u64,
}

impl NodeStats {
    /// The node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Items (of a join: sets of items) that it was given. Faults and holes that passed it by are not among them.
    #[must_use]
    pub fn items_in(&self) -> u64 {
        self.items_in
    }

    /// Items that came out of it.
    #[must_use]
    pub fn items_out(&self) -> u64 {
        self.items_out
    }

    /// Items that failed here.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// Items that its `.filter()` took out.
    #[must_use]
    pub fn holes(&self) -> u64 {
        self.holes
    }

    /// Time spent in its worker, all threads together; estimated from a sample of the calls.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.busy
    }

    /// Calls that took longer than its `.timeout(d)`, each try by itself. They may still be going on, on threads that
    /// the run has left behind; what they give is dropped.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.abandoned
    }
}

/// How far an input is.
#[derive(Debug, Clone)]
pub struct InputStats {
    name: Arc<str>,
    position: u64,
}

impl InputStats {
    /// The input's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Items taken from it.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} after {:.3?}", self.name, self.elapsed)?;
        for input in &self.inputs {
            writeln!(f, "  input {:<24} {:>12} items", input.name, input.position)?;
        }
        writeln!(
            f,
            "  {:<30} {:>12} {:>12} {:>8} {:>8} {:>10}",
            "node", "in", "out", "faults", "holes", "busy"
        )?;
        for node in &self.nodes {
            let NodeStats {
                name,
                items_in,
                items_out,
                faults,
                holes,
                busy,
                abandoned,
            } = node;
            writeln!(
                f,
                "  {name:<30} {items_in:>12} {items_out:>12} {faults:>8} {holes:>8} {busy:>10.2?}"
            )?;
            if *abandoned > 0 {
                writeln!(
                    f,
                    "    {abandoned} of its calls took too long and were abandoned"
                )?;
            }
        }
        for stall in &self.stalls {
            writeln!(f, "  stalled: {stall}")?;
        }
        Ok(())
    }
}

/// What a run tells when it is over: its [`Stats`], and how it ended.
#[derive(Debug, Clone)]
pub struct Report {
    stats: Stats,
    cancelled: bool,
    on_calling_thread: bool,
}

impl Report {
    /// The run was cancelled (or dropped, or stopped by a fault under `OnFault::Stop`); what was in flight is gone.
    #[must_use]
    pub fn was_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Threads could not be had, so the calling thread evaluated everything.
    #[must_use]
    pub fn on_calling_thread(&self) -> bool {
        self.on_calling_thread
    }

    /// The counts.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
}

impl std::ops::Deref for Report {
    type Target = Stats;
    fn deref(&self) -> &Stats {
        &self.stats
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stats)?;
        if self.cancelled {
            writeln!(f, "  cancelled")?;
        }
        if self.on_calling_thread {
            writeln!(
                f,
                "  no threads could be had: evaluated on the calling thread"
            )?;
        }
        Ok(())
    }
}
