//! What is written down of a run that is watched: who is at work at what, and which input is being asked for items.
//!
//! A run is watched stride by stride while there is a [watchdog](crate::testing::Watchdog) in the process, and call by call
//! where it is to tell of [stalls](crate::stall). Of any other run nothing is written down: it has no `Watch`, which is
//! asked for once in a stride.
//!
//! All that is here is for somebody who looks: nothing that happens in a run depends on it.

use std::collections::BTreeMap;

use crate::bell::Bell;
use crate::engine::{Crew, Lobby};
use crate::graph::Graph;
use crate::layout::Layout;
use crate::shared::Shared;
use crate::sync::{
    Arc, AtomicBool, AtomicU64, Instant, Mutex, OnceLock, Ordering, Weak, lock, process,
};
use crate::timed::Timed;

/// What is known of a watched run beside its tokens and its counts.
pub(crate) struct Watch {
    /// Each call is written down.
    is_exact: bool,
    /// Whoever runs it reads all of its outputs.
    pub(crate) is_blocking: bool,
    pub(crate) graph: &'static Graph,
    /// The part that each input belongs to.
    inputs: Vec<usize>,
    desks: Mutex<BTreeMap<u64, Arc<Desk>>>,
    next: AtomicU64,
    /// Since when inputs are being asked for an item.
    asked: Mutex<BTreeMap<usize, Instant>>,
    delivering: AtomicBool,
    /// What has moved in each part: items in and out, calls, waves.
    moves: Vec<AtomicU64>,
    wiring: OnceLock<Wiring>,
    /// Wakes who looks for stalls.
    pub(crate) bell: Bell,
    /// A blocking form has been through to its end.
    ended: AtomicBool,
}

/// The steps and the pools of a run.
pub(crate) struct Wiring {
    pub(crate) steps: Vec<Spot>,
    /// Not kept alive: with them, their threads would be.
    pub(crate) crews: Vec<Weak<Crew>>,
}

/// A step, and the waves that wait before it.
pub(crate) struct Spot {
    pub(crate) what: What,
    pub(crate) part: usize,
    /// The pool that it is evaluated on; `None`: by whoever brings a wave.
    pub(crate) crew: Option<usize>,
    pub(crate) lobby: Arc<Lobby>,
}

/// What a step is, to somebody who looks.
#[derive(Clone)]
pub(crate) enum What {
    /// These nodes of the report are evaluated. None: slots are regrouped or routed.
    Nodes(Vec<usize>),
    /// A node whose calls are made elsewhere: it tells of them itself.
    Timed(usize, Weak<dyn Timed>),
    /// Takes the iterators of a node apart, or merges streams.
    Spring(Option<usize>),
    /// The queue of an output.
    Output(usize),
    /// Slots pass by.
    Passage,
}

/// Where somebody is at work.
pub(crate) struct Desk {
    number: u64,
    pub(crate) part: usize,
    pub(crate) at: At,
    /// The nodes that are evaluated here.
    pub(crate) nodes: Vec<Arc<str>>,
    /// The first and the last item.
    pub(crate) items: (u64, u64),
    now: Mutex<Now>,
}

/// What is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Wave(u64),
    /// The iterators that wait at the spring of the part.
    Spring,
    /// Items on their way from the source to the sink, without waves.
    InPlace,
}

/// What goes on at a desk.
#[derive(Debug, Clone)]
pub(crate) struct Now {
    /// The node and the item of the call in progress, where calls are written down. The node may be one that is only fed:
    /// copies are made for it.
    pub(crate) call: Option<(Arc<str>, u64)>,
    pub(crate) since: Instant,
}

impl Desk {
    pub(crate) fn now(&self) -> Now {
        lock(&self.now).clone()
    }
}

/// Somebody at a desk, for one region, until dropped.
pub(crate) struct Sitting {
    watch: Arc<Watch>,
    desk: Arc<Desk>,
    names: Arc<[Arc<str>]>,
}

impl Sitting {
    pub(crate) fn is_exact(&self) -> bool {
        self.watch.is_exact
    }

    /// A call begins.
    pub(crate) fn begins(&self, node: usize, position: u64, since: Instant) {
        let call = Some((self.names[node].clone(), position));
        *lock(&self.desk.now) = Now { call, since };
        self.watch.moved(self.desk.part);
    }

    /// No call is in progress.
    pub(crate) fn rests(&self, since: Instant) {
        *lock(&self.desk.now) = Now { call: None, since };
        self.watch.moved(self.desk.part);
    }
}

impl Drop for Sitting {
    fn drop(&mut self) {
        lock(&self.watch.desks).remove(&self.desk.number);
    }
}

impl std::fmt::Debug for Sitting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sitting").finish_non_exhaustive()
    }
}

impl Watch {
    /// The watch of a run that is about to begin, where there is to be one.
    pub(crate) fn of(
        graph: &'static Graph,
        layout: &Layout,
        is_exact: bool,
        is_blocking: bool,
    ) -> Option<Arc<Watch>> {
        if !is_exact && WATCHDOGS.load(process::Ordering::SeqCst) == 0 {
            return None;
        }
        let part = |input: usize| {
            let own = |part: &crate::layout::PartPlan| part.inputs.iter().any(|(i, _)| *i == input);
            layout.parts.iter().position(own).unwrap_or_default()
        };
        Some(Arc::new(Watch {
            is_exact,
            is_blocking,
            graph,
            inputs: (0..graph.inputs.len()).map(part).collect(),
            desks: Mutex::default(),
            next: AtomicU64::new(0),
            asked: Mutex::default(),
            delivering: AtomicBool::new(false),
            moves: layout.parts.iter().map(|_| AtomicU64::new(0)).collect(),
            wiring: OnceLock::new(),
            bell: Bell::default(),
            ended: AtomicBool::new(false),
        }))
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The steps are known.
    pub(crate) fn wire(&self, steps: Vec<Spot>, crews: &[Arc<Crew>]) {
        let crews = crews.iter().map(Arc::downgrade).collect();
        let _ = self.wiring.set(Wiring { steps, crews });
    }

    pub(crate) fn wiring(&self) -> Option<&Wiring> {
        self.wiring.get()
    }

    /// Somebody is at work from now on, at these nodes.
    pub(crate) fn desk(
        &self,
        nodes: Vec<Arc<str>>,
        part: usize,
        at: At,
        items: (u64, u64),
    ) -> Arc<Desk> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let desk = Arc::new(Desk {
            number,
            part,
            at,
            nodes,
            items,
            now: Mutex::new(Now {
                call: None,
                since: Instant::now(),
            }),
        });
        lock(&self.desks).insert(number, desk.clone());
        desk
    }

    /// Whoever is at a desk, at a region whose nodes have these names.
    pub(crate) fn sit(self: &Arc<Self>, desk: &Arc<Desk>, names: &Arc<[Arc<str>]>) -> Sitting {
        Sitting {
            watch: self.clone(),
            desk: desk.clone(),
            names: names.clone(),
        }
    }

    /// Who is at work, by number.
    pub(crate) fn desks(&self) -> Vec<(u64, Arc<Desk>)> {
        let desks = lock(&self.desks);
        desks.iter().map(|(at, desk)| (*at, desk.clone())).collect()
    }

    /// An input is asked for an item.
    pub(crate) fn asks(&self, input: usize) {
        lock(&self.asked).insert(input, Instant::now());
        if let Some(part) = self.inputs.get(input) {
            self.moved(*part);
        }
    }

    /// It has answered.
    pub(crate) fn asks_no_more(&self, input: usize) {
        lock(&self.asked).remove(&input);
        if let Some(part) = self.inputs.get(input) {
            self.moved(*part);
        }
    }

    /// The inputs that are being asked, and since when.
    pub(crate) fn asked(&self) -> Vec<(usize, Instant)> {
        let asked = lock(&self.asked);
        asked
            .iter()
            .map(|(input, since)| (*input, *since))
            .collect()
    }

    /// The part that an input belongs to.
    pub(crate) fn part_of(&self, input: usize) -> usize {
        self.inputs.get(input).copied().unwrap_or_default()
    }

    /// The closures that take results are being called, or are no more.
    pub(crate) fn delivers(&self, on: bool) {
        self.delivering.store(on, Ordering::Relaxed);
    }

    pub(crate) fn is_delivering(&self) -> bool {
        self.delivering.load(Ordering::Relaxed)
    }

    pub(crate) fn moved(&self, part: usize) {
        if let Some(moves) = self.moves.get(part) {
            moves.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Nobody needs to look any more.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.bell.ring();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// How much has moved in these parts.
    pub(crate) fn moves(&self, parts: &[usize]) -> u64 {
        let moves = |part: &usize| self.moves[*part].load(Ordering::Relaxed);
        parts.iter().map(moves).sum()
    }
}

/// How many watchdogs there are.
static WATCHDOGS: process::AtomicUsize = process::AtomicUsize::new(0);

/// The runs that have begun while there was one.
static RUNS: process::Mutex<Vec<Weak<Shared>>> = process::Mutex::new(Vec::new());

/// A watchdog comes: runs that begin from now on are watched.
pub(crate) fn watchdog_comes() {
    WATCHDOGS.fetch_add(1, process::Ordering::SeqCst);
}

pub(crate) fn watchdog_goes() {
    if WATCHDOGS.fetch_sub(1, process::Ordering::SeqCst) == 1 {
        process::lock(&RUNS).clear();
    }
}

/// A run has begun.
pub(crate) fn enlist(shared: &Arc<Shared>) {
    if WATCHDOGS.load(process::Ordering::SeqCst) > 0 {
        let mut runs = process::lock(&RUNS);
        runs.retain(|run| run.strong_count() > 0);
        runs.push(Arc::downgrade(shared));
    }
}

/// The watched runs that are not over.
pub(crate) fn runs() -> Vec<Arc<Shared>> {
    let runs = process::lock(&RUNS);
    let live = runs.iter().filter_map(Weak::upgrade);
    live.filter(|run| !run.is_over()).collect()
}
