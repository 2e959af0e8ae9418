//! What every party to a run holds: the tokens of its parts, its counts, and how it ends.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use crate::bell::Bell;
use crate::channel::Gate;
use crate::cursor::Common;
use crate::draft::Draft;
use crate::engine::{self, Engine};
use crate::flow::Flow;
use crate::flusher::Flusher;
use crate::layout::PartPlan;
use crate::report::{Ledger, Report};
use crate::run::Seat;
use crate::sync::{
    Arc, AtomicBool, AtomicU64, Condvar, Instant, Mutex, MutexGuard, OnceLock, Ordering, Weak,
    is_unwinding, lock, rayon, thread_local, try_lock, wait, wait_for,
};
use crate::timekeeper::Timing;
use crate::unwind;
use crate::watch::Watch;

/// What to do at a fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnFault {
    /// Go on; the fault takes its item's place.
    #[default]
    Continue,
    /// End each output at its first fault in stream order.
    Stop,
}

/// A connected part of the pipeline: its tokens, and the bell of the driver that pulls its inputs.
pub(crate) struct Part {
    pub(crate) flow: Mutex<Flow>,
    bell: Arc<Bell>,
    pub(crate) draft: Draft,
    pub(crate) flusher: Flusher,
    pub(crate) plan: PartPlan,
    /// Of a started run: what is told that a spring may have room.
    pub(crate) engine: OnceLock<Weak<Engine<'static>>>,
    pub(crate) common: Arc<Common>,
    /// Slots evaluated, all steps together, and the nanoseconds that took.
    slots: AtomicU64,
    nanos: AtomicU64,
}

impl Part {
    pub(crate) fn new(flow: Flow, bell: Arc<Bell>, plan: PartPlan) -> Part {
        Part {
            flow: Mutex::new(flow),
            bell,
            draft: Draft::default(),
            flusher: Flusher::default(),
            plan,
            engine: OnceLock::new(),
            common: Arc::default(),
            slots: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
        }
    }

    /// The bell of whoever drives it.
    pub(crate) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// Tells whoever begins its waves to look again.
    pub(crate) fn ring(&self) {
        self.bell.ring();
        if let (Some(spring), Some(engine)) = (self.plan.spring, self.engine.get())
            && let Some(engine) = engine.upgrade()
        {
            engine::tell_spring(&engine, spring);
            unwind::discard(engine);
        }
    }

    /// Notes what an evaluation cost.
    pub(crate) fn load(&self, slots: usize, elapsed: Duration) {
        self.slots.fetch_add(slots as u64, Ordering::Relaxed);
        self.nanos
            .fetch_add(elapsed.as_nanos() as u64, Ordering::Relaxed);
    }

    /// Slots evaluated since the last look, and the nanoseconds that took.
    pub(crate) fn take_load(&self) -> (u64, u64) {
        (
            self.slots.swap(0, Ordering::Relaxed),
            self.nanos.swap(0, Ordering::Relaxed),
        )
    }
}

/// The part of a run that outlives its engine.
pub struct Shared {
    pub(crate) parts: Vec<Arc<Part>>,
    pub(crate) ledger: Ledger,
    pub(crate) on_fault: OnFault,
    cancelled: AtomicBool,
    /// All waves of all parts are through every step.
    is_through: AtomicBool,
    /// One for each output.
    pub(crate) gates: Vec<Arc<Gate>>,
    life: Mutex<Life>,
    news: Condvar,
    /// The driver of a run without threads. Never waited for: who holds it may be inside a source or a worker.
    seat: Mutex<Option<Box<dyn Seat>>>,
    inline: AtomicBool,
    /// A helper has left tasks to the driver.
    left: AtomicBool,
    /// Where the run is watched.
    pub(crate) watch: Option<Arc<Watch>>,
    /// Of the calls of timed nodes.
    pub(crate) timing: Timing,
}

/// Who is still at work.
#[derive(Debug, Default)]
struct Life {
    /// Parts with waves to come or under way.
    open_parts: usize,
    /// Drivers that have not returned.
    drivers: usize,
    /// Drivers that are inside a source, which may never return.
    pulling: usize,
    /// Evaluations in progress.
    running: usize,
    /// Helpers at work.
    helpers: usize,
    /// The run is gone; helpers that come late have nothing to do.
    closed: bool,
    /// A driver has died of a panic that is papy's own.
    broken: Option<String>,
    /// Who waits for a state of life: where nobody does, nobody is woken, which would take as long as a short stride.
    waiters: usize,
    /// It has been over: what comes back from a source or a queue later does not change that.
    over: Cell<bool>,
}

impl Life {
    fn is_over(&self, cancelled: bool) -> bool {
        // a driver that is still inside a source has lost its part to a stop
        let waves_done = self.open_parts == 0 && self.running == 0 && self.drivers <= self.pulling;
        let over = self.over.get() || waves_done || (cancelled && self.is_settled());
        self.over.set(over);
        over
    }

    /// Nothing is evaluated, and drivers are only left where a source keeps them.
    fn is_settled(&self) -> bool {
        self.running == 0 && self.helpers == 0 && self.drivers <= self.pulling
    }
}

impl Shared {
    pub(crate) fn new(
        parts: Vec<Arc<Part>>,
        gates: Vec<Arc<Gate>>,
        ledger: Ledger,
        on_fault: OnFault,
        watch: Option<Arc<Watch>>,
    ) -> Shared {
        let life = Life {
            open_parts: parts.len(),
            ..Life::default()
        };
        Shared {
            parts,
            ledger,
            on_fault,
            cancelled: AtomicBool::new(false),
            is_through: AtomicBool::new(false),
            gates,
            life: Mutex::new(life),
            news: Condvar::new(),
            seat: Mutex::new(None),
            inline: AtomicBool::new(false),
            left: AtomicBool::new(false),
            watch,
            timing: Timing::default(),
        }
    }

    /// Who is at work, for somebody who looks: drivers, those of them inside a source, evaluations, helpers.
    pub(crate) fn workers(&self) -> [usize; 4] {
        let life = lock(&self.life);
        [life.drivers, life.pulling, life.running, life.helpers]
    }

    /// Something has moved in a part.
    pub(crate) fn moved(&self, part: usize) {
        if let Some(watch) = &self.watch {
            watch.moved(part);
        }
    }

    /// Makes whoever reads or waits the driver.
    pub(crate) fn seat(&self, seat: Box<dyn Seat>) {
        *lock(&self.seat) = Some(seat);
        self.inline.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_inline(&self) -> bool {
        self.inline.load(Ordering::Relaxed)
    }

    /// Drives a run without threads a step further; `false` where there is nothing to do, or others to do it.
    pub(crate) fn drive(&self, part: Option<usize>) -> bool {
        let Some(mut seat) = try_lock(&self.seat) else {
            return false;
        };
        let moved = seat.as_mut().is_some_and(|seat| seat.drive(part));
        drop(seat);
        if self.is_over() {
            self.vacate();
        }
        moved
    }

    /// Drops the driver of a run without threads, and with it the sources and what the workers own.
    fn vacate(&self) {
        let seat = try_lock(&self.seat).and_then(|mut seat| seat.take());
        unwind::discard(seat);
    }

    pub(crate) fn ring_all(&self) {
        self.parts.iter().for_each(|part| part.ring());
    }

    /// Whether it is, for what asks between items.
    pub(crate) fn cancelled(&self) -> &AtomicBool {
        &self.cancelled
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Nothing will come any more that could be waited for.
    pub(crate) fn expects_no_tasks(&self) -> bool {
        self.is_cancelled() || self.is_through.load(Ordering::Relaxed)
    }

    /// Drops what is in flight and ends every output.
    pub(crate) fn cancel(&self) {
        if self.is_over() || self.cancelled.swap(true, Ordering::SeqCst) {
            return;
        }
        self.gates.iter().for_each(|gate| gate.cancel());
        self.ring_all();
        self.parts.iter().for_each(|part| part.draft.ring());
        self.timing.ring();
        self.ring_watch();
        drop(lock(&self.life));
        self.news.notify_all();
    }

    /// Tells the drivers of the parts that hang together with one that it has ended.
    pub(crate) fn ring_network(&self, part: usize) {
        self.parts[part].bell.ring();
        for other in &self.parts[part].plan.network {
            self.parts[*other].bell.ring();
        }
    }

    /// A reader of a part lacks something to read, or does so no more: so does the spring of the part, where it takes
    /// from.
    pub(crate) fn hunger(&self, part: usize, hungry: bool) {
        for (above, reader) in &self.parts[part].plan.above {
            lock(&self.parts[*above].flow).hunger_behind(*reader, hungry);
            if hungry {
                self.parts[*above].ring();
            }
        }
    }

    /// Takes no more input. A driver that is inside a source may not see that, so somebody is to look after it.
    pub(crate) fn stop(&self) {
        self.set_flows(|flow| flow.stopping = true);
        if lock(&self.life).pulling > 0 {
            for part in &self.parts {
                part.flusher.is_there();
                part.draft.ring();
            }
        }
    }

    pub(crate) fn pause(&self, on: bool) {
        self.set_flows(|flow| flow.paused = on);
    }

    fn set_flows(&self, set: impl Fn(&mut Flow)) {
        for part in &self.parts {
            set(&mut lock(&part.flow));
            part.ring();
        }
    }

    /// Waits until no source is being pulled, at most `limit`: a source that blocks can't be made to return.
    pub(crate) fn wait_for_pulls(&self, limit: Duration) {
        self.until(Some(limit), |life| life.pulling == 0);
    }

    fn change(&self, change: impl FnOnce(&mut Life)) {
        let mut life = lock(&self.life);
        change(&mut life);
        let quiet = life.running == 0 || life.pulling == 0 || life.helpers == 0;
        self.tell(life, quiet);
    }

    /// Wakes who waits for a state of life, where it may have come.
    fn tell(&self, life: MutexGuard<'_, Life>, news: bool) {
        let awaited = life.waiters > 0;
        drop(life);
        if news && awaited {
            self.news.notify_all();
        }
    }

    pub(crate) fn driver_enters(&self) {
        self.change(|life| life.drivers += 1);
    }

    pub(crate) fn driver_leaves(&self, broken: Option<String>) {
        self.change(|life| {
            life.drivers -= 1;
            life.broken = life.broken.take().or(broken);
        });
        self.note_end();
    }

    pub(crate) fn pulling(&self, on: bool) {
        self.change(|life| {
            life.pulling = if on {
                life.pulling + 1
            } else {
                life.pulling - 1
            }
        });
    }

    /// Counts an evaluation in; `None` where the run is cancelled and it must not begin.
    #[must_use]
    pub(crate) fn task_enters(&self) -> Option<Inside<'_>> {
        let mut life = lock(&self.life);
        if self.is_cancelled() {
            return None;
        }
        life.running += 1;
        drop(life);
        let _ = INSIDE.try_with(|inside| inside.borrow_mut().push(self.address()));
        Some(Inside {
            shared: self,
            unwinds: is_unwinding(),
        })
    }

    /// Whether this thread is inside of an evaluation of the run.
    fn is_inside(&self) -> bool {
        let inside = INSIDE.try_with(|inside| inside.borrow().contains(&self.address()));
        inside.unwrap_or(false)
    }

    /// What tells it from other runs.
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Counts a helper in; `false` where the run is gone.
    pub(crate) fn helper_enters(&self) -> bool {
        let mut life = lock(&self.life);
        life.helpers += usize::from(!life.closed);
        !life.closed
    }

    pub(crate) fn helper_leaves(&self) {
        self.change(|life| life.helpers -= 1);
    }

    /// Leaves what is queued to the driver, which begins a helper for it; `false` where it is inside a source.
    pub(crate) fn leaves_tasks(&self) -> bool {
        self.left.store(true, Ordering::SeqCst);
        // a driver that is counted in after this sees that something has been left
        let free = lock(&self.life).pulling == 0;
        if free {
            self.ring_all();
        }
        free
    }

    /// Whether a helper has left tasks since the last look.
    pub(crate) fn has_left_tasks(&self) -> bool {
        self.left.load(Ordering::SeqCst) && self.left.swap(false, Ordering::SeqCst)
    }

    /// All waves of a part are through every step.
    pub(crate) fn part_ends(&self) {
        self.change(|life| {
            life.open_parts -= 1;
            self.is_through
                .store(life.open_parts == 0, Ordering::Relaxed);
        });
        self.note_end();
    }

    fn note_end(&self) {
        if self.is_over() {
            self.ledger.end();
            self.ring_watch();
        }
        self.timing.ring();
    }

    /// Tells who looks for stalls to look.
    fn ring_watch(&self) {
        if let Some(watch) = &self.watch {
            watch.bell.ring();
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        lock(&self.life).is_over(self.is_cancelled())
    }

    /// As [`is_over`](Shared::is_over), for somebody who has seen every output end: what is left then are the last words of
    /// threads, which are waited for.
    pub(crate) fn is_finished(&self) -> bool {
        const LAST_WORDS: Duration = Duration::from_millis(10);
        let ended = || self.parts.iter().all(|part| lock(&part.flow).has_ended());
        let read = || self.gates.iter().all(|gate| gate.is_at_end());
        self.is_over()
            || (ended()
                && read()
                && self.until(Some(LAST_WORDS), |life| life.is_over(self.is_cancelled())))
    }

    pub(crate) fn report(&self) -> Report {
        // whoever ends the run may not have come to say so
        if self.is_over() {
            self.ledger.end();
        }
        self.ledger.report(self.is_cancelled())
    }

    /// Waits for the end, as a reader of every output; `false` where `limit` was not enough.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> bool {
        for part in &self.parts {
            lock(&part.flow).awaits(true);
            part.ring();
        }
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let over = loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let is_late = left.is_some_and(|left| left.is_zero());
            if !is_late && self.drive(None) {
                continue;
            }
            // without threads, whoever lets the run go on does not know of this one
            let nap = self.is_inline().then_some(NAP);
            let over = self.until(nap.into_iter().chain(left).min(), |life| {
                life.is_over(self.is_cancelled())
            });
            if over || is_late || nap.is_none() {
                break over;
            }
        };
        self.parts
            .iter()
            .for_each(|part| lock(&part.flow).awaits(false));
        over
    }

    /// Waits until no evaluation is in progress.
    pub(crate) fn wait_for_tasks(&self) {
        self.until(None, |life| life.running == 0);
    }

    /// After a cancel: waits until nothing runs any more. A driver that is inside a source which does not return is
    /// given `PATIENCE`, then left to end by itself as soon as the source lets it.
    pub(crate) fn settle(&self) {
        const PATIENCE: Duration = Duration::from_millis(50);
        self.vacate();
        lock(&self.life).closed = true;
        if self.is_inside() {
            // who lets go of a run in one of its own calls can't wait for that call
            return;
        }
        self.until(None, Life::is_settled);
        self.until(Some(PATIENCE), |life| life.drivers == 0);
        self.ledger.end();
    }

    pub(crate) fn broken(&self) -> Option<String> {
        lock(&self.life).broken.clone()
    }

    /// Waits for a state of life. A thread of a rayon pool works for its pool meanwhile: what it waits for may be
    /// queued behind it.
    fn until(&self, limit: Option<Duration>, holds: impl Fn(&Life) -> bool) -> bool {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut life = lock(&self.life);
        // under the lock: who brings news after this sees it
        life.waiters += 1;
        let held = loop {
            if holds(&life) {
                break true;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break false;
            }
            if rayon::current_thread_index().is_some() {
                drop(life);
                let worked = engine::work_meanwhile();
                life = lock(&self.life);
                if !worked && !holds(&life) {
                    life = wait_for(&self.news, life, left.unwrap_or(NAP).min(NAP));
                }
            } else {
                life = match left {
                    Some(left) => wait_for(&self.news, life, left),
                    None => wait(&self.news, life),
                };
            }
        };
        life.waiters -= 1;
        held
    }
}

/// An evaluation that has been counted in, and is counted out when this is dropped. If that is because something of papy's own unwinds,
/// its wave is lost; the run is cancelled then, since who waits for its end would wait for ever.
pub(crate) struct Inside<'a> {
    shared: &'a Shared,
    /// Something else had begun to unwind before.
    unwinds: bool,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let shared = self.shared;
        if is_unwinding() && !self.unwinds {
            shared.cancel();
        }
        let _ = INSIDE.try_with(|inside| inside.borrow_mut().pop());
        let mut life = lock(&shared.life);
        life.running -= 1;
        let quiet = life.running == 0;
        shared.tell(life, quiet);
        if quiet {
            shared.timing.ring();
        }
    }
}

thread_local! {
    /// The runs whose evaluations this thread is inside of, one on top of the other.
    static INSIDE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// How long a thread of a pool sleeps before it looks again whether its pool has work.
pub(crate) const NAP: Duration = Duration::from_micros(100);

#[cfg(all(test, papy_loom))]
#[path = "models/shared.rs"]
mod model;
