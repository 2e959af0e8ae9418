//! The thread that keeps time for a run with timed nodes: it settles calls that take too long, and brings settled waves on
//! their way.
//!
//! It sleeps until the first of the calls in progress is due. Who begins a call rings only where the timekeeper would sleep
//! past it: before it looks at the calls, the timekeeper says that it will sleep for ever, and afterwards until when. A call
//! that begins before the look is seen by it; one that begins after it finds what was said, and rings. So a run whose calls
//! are in time costs it a look now and then, and no call a wake-up.

use std::time::Duration;

use crate::bell::Bell;
use crate::engine::{Engine, Hand, Spawn};
use crate::squad::Enrolled;
use crate::sync::{Arc, AtomicBool, AtomicU64, Instant, Mutex, Ordering, lock};
use crate::timed::Timed;

/// What the timekeeper of a run is told.
pub(crate) struct Timing {
    bell: Bell,
    /// Waves whose slots are settled, and the step where.
    settled: Mutex<Vec<(usize, u64)>>,
    /// When it wakes, in nanoseconds since `base`.
    wakes: AtomicU64,
    base: Instant,
    /// There is a timekeeper; without one, calls have all the time there is.
    on: AtomicBool,
    /// A blocking form has been through to its end.
    ended: AtomicBool,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            bell: Bell::default(),
            settled: Mutex::default(),
            wakes: AtomicU64::new(0),
            base: Instant::now(),
            on: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }
}

impl Timing {
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::SeqCst)
    }

    pub(crate) fn turn_on(&self) {
        self.on.store(true, Ordering::SeqCst);
    }

    /// All slots of a wave are settled.
    pub(crate) fn settled(&self, step: usize, wave: u64) {
        lock(&self.settled).push((step, wave));
        self.ring();
    }

    /// A call has begun that is to end by then.
    pub(crate) fn begun(&self, due: Option<Instant>) {
        let Some(due) = due else { return };
        let due = due.saturating_duration_since(self.base).as_nanos() as u64;
        if self.wakes.load(Ordering::SeqCst) > due {
            self.ring();
        }
    }

    /// Tells the timekeeper to look.
    pub(crate) fn ring(&self) {
        if self.is_on() {
            self.bell.ring();
        }
    }

    /// Nothing is to be kept any more.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.ring();
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    fn sleep(&self, until: Option<Instant>) {
        let wakes = until.map_or(u64::MAX, |until| {
            until.saturating_duration_since(self.base).as_nanos() as u64
        });
        self.wakes.store(wakes, Ordering::SeqCst);
        self.bell
            .sleep(until.map(|until| until.saturating_duration_since(Instant::now())));
    }
}

/// Keeps time until the run is over.
pub(crate) fn keep_time<'env>(
    engine: &Arc<Engine<'env>>,
    spawn: Spawn<'_, 'env>,
    enrolled: &[Enrolled],
) {
    let shared = &engine.shared;
    let timing = &shared.timing;
    let nodes = engine.timed_nodes();
    let mut hand = Hand::new(engine, spawn);
    let mut lack = Lack::default();
    let mut idle = false;
    while !timing.has_ended() && !shared.is_cancelled() && !shared.is_over() {
        timing.bell.hear();
        let settled = std::mem::take(&mut *lock(&timing.settled));
        for &(step, wave) in &settled {
            hand.hand_on(step, wave);
        }
        timing.wakes.store(u64::MAX, Ordering::SeqCst);
        let now = Instant::now();
        let due = nodes
            .iter()
            .filter_map(|node| node.clone().expire(now))
            .min();
        let again = lack.mend(enrolled, &nodes, now);
        if !settled.is_empty() {
            idle = false;
            continue;
        }
        // Without a call in progress it looks again before the first to come can be due; after that, it is rung for.
        let limit = nodes.iter().map(|node| node.limit()).min();
        let nap = limit.filter(|_| due.is_none() && !idle);
        idle = due.is_none();
        let nap = nap.and_then(|limit| now.checked_add(limit));
        timing.sleep(due.into_iter().chain(nap).chain(again).min());
    }
    leave(&nodes, timing);
}

/// A cancelled run waits a little for the calls in progress, as it does for a source; then it leaves them behind.
fn leave(nodes: &[Arc<dyn Timed>], timing: &Timing) {
    const PATIENCE: Duration = Duration::from_millis(50);
    for node in nodes {
        node.close();
    }
    let until = Instant::now() + PATIENCE;
    loop {
        timing.bell.hear();
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || !nodes.iter().any(|node| node.is_busy()) {
            break;
        }
        timing.bell.sleep(Some(left));
    }
    for node in nodes {
        node.give_up();
    }
}

/// Threads that are given up, and could not be replaced.
#[derive(Default)]
struct Lack {
    since: Option<Instant>,
}

impl Lack {
    /// Tries to get threads where there are none left; gives when to try again. After a while without any, what waits fails.
    fn mend(
        &mut self,
        enrolled: &[Enrolled],
        nodes: &[Arc<dyn Timed>],
        now: Instant,
    ) -> Option<Instant> {
        const AGAIN: Duration = Duration::from_millis(10);
        const PATIENCE: Duration = Duration::from_secs(1);
        let mut missing = Vec::new();
        for (own, node) in enrolled.iter().zip(nodes) {
            if let Err(why) = own.squad().revive() {
                missing.push((node, why));
            }
        }
        if missing.is_empty() {
            self.since = None;
            return None;
        }
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= PATIENCE {
            for (node, why) in &missing {
                node.refuse(why);
            }
        }
        now.checked_add(AGAIN)
    }
}

#[cfg(all(test, papy_loom))]
#[path = "models/timekeeper.rs"]
mod model;
