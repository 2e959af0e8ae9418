//! A node with `.timeout(d)`: its calls are made by a [squad](crate::squad), and a slot is settled by its result or by the
//! clock, whichever comes first.
//!
//! A wave that comes here leaves its slots and is out of everybody's hands until the last of them is settled; then the
//! [timekeeper](crate::timekeeper) brings it on its way. A thread that never comes back from a call holds the item, the
//! worker and its parameters, which is why they are owned, and nothing else: no lock, no turn, no other slot. The pool gets
//! another thread in its place, and what comes back too late is dropped.
//!
//! No user code runs under the lock, neither a call nor the `Clone` or `Drop` of an item.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::calls::{Calls, Ticket, Try};
use crate::check::Tried;
use crate::cursor::{Book, Cursor};
use crate::link::{Ports, SlotList};
use crate::net::{Place, rounds_of};
use crate::places::Places;
use crate::region::{Order, Region, RegionSpec};
use crate::shared::{OnFault, Shared};
use crate::squad::{Enrolled, Post, Served, Squad};
use crate::stride::Extent;
use crate::sync::{Arc, Mutex, OnceLock, lock};
use crate::unwind::{self, Payload};

/// How long a call may take, and how often a slot is tried again.
struct Terms<T> {
    limit: Duration,
    retries: u32,
    /// Copies a slot for another try.
    copy: Option<fn(&T) -> T>,
}

/// A region of one node whose calls are timed, before it is wired. That it owns what it works on is asked where it is made,
/// at the user's `.timeout`, and nowhere behind.
pub struct TimedRegion<P: Ports, O: SlotList> {
    pub(crate) spec: RegionSpec,
    pub(crate) make: Make<P, O>,
}

/// Makes the node, given its place, its number among the steps, and its links.
type Make<P, O> =
    Box<dyn FnOnce(Place, usize, <P as Ports>::Links, <O as SlotList>::Links) -> Arc<dyn Timed>>;

/// Asks that a type is owned. [`timed`] asks it too, and rustc then tells of it in more words and at a worse place.
pub fn owned<T: 'static>() {}

/// The same, of a value's.
pub fn owns<T: 'static>(_value: &T) {}

/// Gives each call of a region of one node so much time.
pub fn timed<P, S, M, K, O>(region: &Arc<Region<P, S, M, K>>, limit: Duration) -> TimedRegion<P, O>
where
    P: Ports<Slots: Send, Strides: Send> + 'static,
    S: Send + 'static,
    M: Fn() -> S + Send + Sync + 'static,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync + 'static,
    O: SlotList + Send + 'static,
{
    under(
        region,
        Terms {
            limit,
            retries: 0,
            copy: None,
        },
    )
}

/// As [`timed`]; a slot that fails is tried up to `retries` times more (0 means 1).
pub fn timed_again<P, S, M, K, O>(
    region: &Arc<Region<P, S, M, K>>,
    limit: Duration,
    retries: usize,
) -> TimedRegion<P, O>
where
    P: Ports<Slots: Send, Strides: Send> + Tried + 'static,
    S: Send + 'static,
    M: Fn() -> S + Send + Sync + 'static,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync + 'static,
    O: SlotList + Send + 'static,
{
    under(
        region,
        Terms {
            limit,
            retries: u32::try_from(retries.max(1)).unwrap_or(u32::MAX),
            copy: Some(P::copy),
        },
    )
}

fn under<P, S, M, K, O>(
    region: &Arc<Region<P, S, M, K>>,
    mut terms: Terms<P::Slots>,
) -> TimedRegion<P, O>
where
    P: Ports<Slots: Send, Strides: Send> + 'static,
    S: Send + 'static,
    M: Fn() -> S + Send + Sync + 'static,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync + 'static,
    O: SlotList + Send + 'static,
{
    terms.limit = terms.limit.max(Duration::from_nanos(1));
    let (spec, region) = (region.spec.clone(), region.clone());
    TimedRegion {
        spec,
        make: Box::new(move |place, step, inputs, outputs| {
            Arc::new(TimedNode::new(place, step, region, inputs, outputs, terms))
        }),
    }
}

/// A timed node, whatever flows through it.
pub(crate) trait Timed: Send + Sync {
    /// Gets the threads that make the calls.
    fn enrol(&self) -> Result<Enrolled, String>;
    /// Takes a wave in; `true` where it is settled already.
    fn submit(self: Arc<Self>, shared: &Arc<Shared>, part: usize, wave: u64) -> bool;
    /// Evaluates a wave on this thread, without a limit.
    fn evaluate(&self, shared: &Arc<Shared>, part: usize, wave: u64);
    /// Hands a settled wave on; notes the steps that its results go to.
    fn hand_on(&self, shared: &Shared, wave: u64, arrivals: &mut Vec<usize>);
    /// How long a call may take.
    fn limit(&self) -> Duration;
    /// Settles what has taken too long; gives when to look again.
    fn expire(self: Arc<Self>, now: Instant) -> Option<Instant>;
    /// Where no thread can be had for what waits, it fails.
    fn refuse(&self, why: &str);
    /// Takes nothing in any more, and drops what waits.
    fn close(&self);
    /// Whether calls are in progress.
    fn is_busy(&self) -> bool;
    /// Leaves the calls that are in progress to themselves.
    fn give_up(&self);
}

/// A timed node between its links.
struct TimedNode<P: Ports, S, M, K, O: SlotList> {
    place: Place,
    /// Its own number among the steps.
    step: usize,
    region: Arc<Region<P, S, M, K>>,
    inputs: P::Links,
    outputs: O::Links,
    terms: Terms<P::Slots>,
    squad: OnceLock<Arc<Squad>>,
    run: OnceLock<(Arc<Shared>, usize)>,
    state: Mutex<State<P, O>>,
}

struct State<P: Ports, O> {
    /// What is not settled, oldest first.
    waves: BTreeMap<u64, Wave<P, O>>,
    /// Slots whose call took too long, and which are tried again.
    again: VecDeque<(Try, P::Slots)>,
    /// Slots that wait for a call, those among them.
    waiting: usize,
    calls: Calls<P::Slots>,
    /// It stands in the squad's line.
    in_line: bool,
    closed: bool,
}

/// The slots of a wave, and what has become of them.
struct Wave<P: Ports, O> {
    strides: P::Strides,
    extent: Extent,
    begun: usize,
    results: Vec<Option<O>>,
    left: usize,
    failed: bool,
}

/// A slot on its way through a call.
struct Job<T> {
    of: Try,
    ticket: Ticket,
    due: Option<Instant>,
    position: u64,
    slots: T,
}

/// What came of a call.
enum Outcome<T> {
    Settled,
    /// It failed, and is tried again.
    Again(Job<T>),
    TooLate,
}

impl<P: Ports, S, M, K, O: SlotList> TimedNode<P, S, M, K, O> {
    fn new(
        place: Place,
        step: usize,
        region: Arc<Region<P, S, M, K>>,
        inputs: P::Links,
        outputs: O::Links,
        terms: Terms<P::Slots>,
    ) -> Self {
        TimedNode {
            place,
            step,
            region,
            inputs,
            outputs,
            terms,
            squad: OnceLock::new(),
            run: OnceLock::new(),
            state: Mutex::new(State {
                waves: BTreeMap::new(),
                again: VecDeque::new(),
                waiting: 0,
                calls: Calls::new(),
                in_line: false,
                closed: false,
            }),
        }
    }

    /// Calls that may be made at once.
    fn places(&self) -> usize {
        match self.region.spec.order {
            Order::AtMost(places) => places,
            Order::Free | Order::Serial => usize::MAX,
        }
    }

    fn run(&self) -> &(Arc<Shared>, usize) {
        self.run.get().expect("a wave has come")
    }

    /// Whether it is to stand in line, and does not yet; it does from now on.
    fn lines_up(&self, state: &mut State<P, O>) -> bool {
        let wants = state.waiting > 0 && state.calls.len() < self.places() && !state.closed;
        wants && !std::mem::replace(&mut state.in_line, true)
    }

    /// Takes the slot that is next, and begins its call.
    fn begin(&self, state: &mut State<P, O>) -> Option<Job<P::Slots>> {
        if state.waiting == 0 || state.calls.len() >= self.places() || state.closed {
            return None;
        }
        state.waiting -= 1;
        let (of, slots) = match state.again.pop_front() {
            Some(again) => again,
            None => {
                let mut waves = state.waves.iter_mut();
                waves.find_map(|(number, wave)| {
                    let slots = P::next(&mut wave.strides)?;
                    let of = Try {
                        wave: *number,
                        round: wave.begun,
                        attempt: 1,
                    };
                    wave.begun += 1;
                    Some((of, slots))
                })?
            }
        };
        let position = state.waves.get(&of.wave)?.extent.places.at(of.round);
        Some(self.job(state, of, position, slots))
    }

    fn job(
        &self,
        state: &mut State<P, O>,
        of: Try,
        position: u64,
        slots: P::Slots,
    ) -> Job<P::Slots> {
        let now = Instant::now();
        let due = now.checked_add(self.terms.limit);
        Job {
            of,
            ticket: state.calls.begin(of, now, due),
            due,
            position,
            slots,
        }
    }

    /// A book for one slot.
    fn open_book(&self, shared: &Shared, part: usize, position: u64, attempt: u32) -> Book {
        let mut book = self.place.open_book(shared, part);
        book.places = Places::from(position);
        book.attempt = attempt;
        book
    }

    /// A copy of a slot for another try, where there is to be one.
    fn copy(&self, attempt: u32, slots: &P::Slots) -> Result<Option<P::Slots>, Payload> {
        let copy = self.terms.copy.filter(|_| attempt <= self.terms.retries);
        copy.map(|copy| unwind::catch(|| copy(slots))).transpose()
    }

    /// Settles the slot of a wave; gives whether it was the last one, or what nobody wants any more.
    fn settle(state: &mut State<P, O>, of: Try, outs: O, failed: bool) -> Result<bool, O> {
        let Some(wave) = state.waves.get_mut(&of.wave) else {
            return Err(outs);
        };
        wave.results[of.round] = Some(outs);
        wave.left -= 1;
        wave.failed |= failed;
        Ok(wave.left == 0)
    }

    /// Drops all that is there, piece by piece: two pieces that panic in `Drop` would end the process.
    fn clear(&self) {
        let (waves, again) = {
            let mut state = lock(&self.state);
            state.waiting = 0;
            (
                std::mem::take(&mut state.waves),
                std::mem::take(&mut state.again),
            )
        };
        again.into_iter().for_each(unwind::discard);
        for wave in waves.into_values() {
            unwind::discard(wave.strides);
            wave.results.into_iter().for_each(unwind::discard);
        }
    }
}

impl<P, S, M, K, O> TimedNode<P, S, M, K, O>
where
    P: Ports,
    M: Fn() -> S,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O,
    O: SlotList,
{
    /// One call.
    fn call(&self, book: &mut Book, slots: P::Slots) -> O {
        let mut scratch = match self.region.take_scratch() {
            Ok(scratch) => scratch,
            Err(payload) => {
                unwind::discard(slots);
                return O::fault(&book.panicked(0, 0, payload));
            }
        };
        book.start();
        let called = unwind::catch(|| {
            let cursor = Cursor::new(book, 0, true);
            self.region.evaluate_one(cursor, &mut scratch, slots)
        });
        self.region.put_scratch_back(scratch);
        called.unwrap_or_else(|payload| O::fault(&book.panicked(0, 0, payload)))
    }

    /// Makes a call, and settles its slot where it is in time.
    fn make(&self, job: Job<P::Slots>) -> Outcome<P::Slots> {
        let (shared, part) = self.run();
        let Job {
            of,
            ticket,
            position,
            slots,
            ..
        } = job;
        let mut book = self.open_book(shared, *part, position, of.attempt);
        let began = Instant::now();
        let outs = match self.copy(of.attempt, &slots) {
            Ok(kept) => {
                let unkept = kept.and_then(|kept| lock(&self.state).calls.keep(ticket, kept));
                unwind::discard(unkept);
                self.call(&mut book, slots)
            }
            Err(payload) => {
                unwind::discard(slots);
                O::fault(&book.copy_panicked(0, 0, payload))
            }
        };
        let failed = book.has_faults();
        let mut state = lock(&self.state);
        let Some(call) = state.calls.finish(ticket) else {
            drop(state);
            unwind::discard(outs);
            return Outcome::TooLate;
        };
        if failed
            && !state.closed
            && let Some(slots) = call.kept
        {
            let of = Try {
                attempt: of.attempt + 1,
                ..of
            };
            let job = self.job(&mut state, of, position, slots);
            drop(state);
            self.place.put_book_back(book);
            unwind::discard(outs);
            return Outcome::Again(job);
        }
        let elapsed = began.elapsed();
        shared.parts[*part].load(1, elapsed);
        self.place.close_book(shared, book, 1, elapsed);
        let settled = Self::settle(&mut state, of, outs, failed);
        drop(state);
        unwind::discard(call.kept);
        match settled {
            Ok(true) => shared.timing.settled(self.step, of.wave),
            Ok(false) => {}
            Err(outs) => {
                // closed: who waits for the last calls is told
                unwind::discard(outs);
                shared.timing.ring();
            }
        }
        Outcome::Settled
    }

    /// Tries a slot until it succeeds or there are no tries left, on this thread and without a limit.
    fn try_here(
        &self,
        shared: &Shared,
        part: usize,
        position: u64,
        mut slots: P::Slots,
    ) -> (O, bool) {
        let mut attempt = 1;
        loop {
            let mut book = self.open_book(shared, part, position, attempt);
            let began = Instant::now();
            let (outs, kept) = match self.copy(attempt, &slots) {
                Ok(kept) => (self.call(&mut book, slots), kept),
                Err(payload) => {
                    unwind::discard(slots);
                    (O::fault(&book.copy_panicked(0, 0, payload)), None)
                }
            };
            match kept {
                Some(kept) if book.has_faults() => {
                    self.place.put_book_back(book);
                    unwind::discard(outs);
                    (slots, attempt) = (kept, attempt + 1);
                }
                kept => {
                    unwind::discard(kept);
                    let elapsed = began.elapsed();
                    let failed = self.place.close_book(shared, book, 1, elapsed);
                    shared.parts[part].load(1, elapsed);
                    return (outs, failed);
                }
            }
        }
    }
}

impl<P, S, M, K, O> Post for TimedNode<P, S, M, K, O>
where
    P: Ports<Slots: Send, Strides: Send> + 'static,
    S: Send + 'static,
    M: Fn() -> S + Send + Sync + 'static,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync + 'static,
    O: SlotList + Send + 'static,
{
    fn serve(self: Arc<Self>) -> Served {
        let (job, more) = {
            let mut state = lock(&self.state);
            state.in_line = false;
            let job = self.begin(&mut state);
            let more = job.is_some() && self.lines_up(&mut state);
            (job, more)
        };
        let Some(mut job) = job else {
            return Served::InTime;
        };
        if more && let Some(squad) = self.squad.get() {
            squad.line_up(self.clone());
        }
        let timing = &self.run().0.timing;
        loop {
            timing.begun(job.due);
            match self.make(job) {
                Outcome::Again(next) => job = next,
                Outcome::TooLate => return Served::GivenUp,
                Outcome::Settled => break,
            }
        }
        self.stand_in_line();
        Served::InTime
    }
}

impl<P, S, M, K, O> TimedNode<P, S, M, K, O>
where
    P: Ports<Slots: Send, Strides: Send> + 'static,
    S: Send + 'static,
    M: Fn() -> S + Send + Sync + 'static,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync + 'static,
    O: SlotList + Send + 'static,
{
    fn stand_in_line(self: Arc<Self>) {
        let lines_up = self.lines_up(&mut lock(&self.state));
        if lines_up && let Some(squad) = self.squad.get().cloned() {
            squad.line_up(self);
        }
    }
}

impl<P, S, M, K, O> Timed for TimedNode<P, S, M, K, O>
where
    P: Ports<Slots: Send, Strides: Send> + 'static,
    S: Send + 'static,
    M: Fn() -> S + Send + Sync + 'static,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O + Send + Sync + 'static,
    O: SlotList + Send + 'static,
{
    fn enrol(&self) -> Result<Enrolled, String> {
        let enrolled = self.region.spec.pool.squad()?.enrol()?;
        let _ = self.squad.set(enrolled.squad().clone());
        Ok(enrolled)
    }

    fn submit(self: Arc<Self>, shared: &Arc<Shared>, part: usize, wave: u64) -> bool {
        self.run.get_or_init(|| (shared.clone(), part));
        let Some((strides, extent, rounds)) = rounds_of::<P>(&self.inputs, wave, self.place.lead)
        else {
            return false;
        };
        let arrived = Wave {
            strides,
            extent,
            begun: 0,
            results: std::iter::repeat_with(|| None).take(rounds).collect(),
            left: rounds,
            failed: false,
        };
        let mut state = lock(&self.state);
        if state.closed {
            drop(state);
            unwind::discard(arrived.strides);
            return false;
        }
        state.waves.insert(wave, arrived);
        state.waiting += rounds;
        drop(state);
        self.stand_in_line();
        rounds == 0
    }

    fn evaluate(&self, shared: &Arc<Shared>, part: usize, wave: u64) {
        let Some((mut strides, extent, rounds)) =
            rounds_of::<P>(&self.inputs, wave, self.place.lead)
        else {
            return;
        };
        let mut results = Vec::with_capacity(rounds);
        let mut failed = false;
        while !shared.is_cancelled()
            && let Some(slots) = P::next(&mut strides)
            && results.len() < rounds
        {
            let position = extent.places.at(results.len());
            let (outs, fails) = self.try_here(shared, part, position, slots);
            results.push(Some(outs));
            failed |= fails;
        }
        let evaluated = Wave {
            strides,
            extent,
            begun: rounds,
            results,
            left: 0,
            failed,
        };
        lock(&self.state).waves.insert(wave, evaluated);
    }

    fn hand_on(&self, shared: &Shared, wave: u64, arrivals: &mut Vec<usize>) {
        let Some(settled) = lock(&self.state).waves.remove(&wave) else {
            return;
        };
        let mut strides = O::strides(&settled.extent, settled.results.len());
        for outs in settled.results.into_iter().flatten() {
            outs.push(&mut strides);
        }
        let before = arrivals.len();
        O::put(strides, &self.outputs, wave, arrivals);
        let is_sink = arrivals.len() == before && self.region.spec.sinks;
        if is_sink && settled.failed && shared.on_fault == OnFault::Stop {
            // no output would tell of it
            shared.cancel();
        }
    }

    fn limit(&self) -> Duration {
        self.terms.limit
    }

    fn expire(self: Arc<Self>, now: Instant) -> Option<Instant> {
        let Some((shared, part)) = self.run.get() else {
            return None;
        };
        let (mut given_up, mut settled, mut unwanted) = (0, Vec::new(), Vec::new());
        let due = {
            let mut state = lock(&self.state);
            while let Some(call) = state.calls.expire(now) {
                given_up += 1;
                let of = call.of;
                match call.kept {
                    Some(slots) if state.closed => unwanted.push(slots),
                    Some(slots) => {
                        let attempt = of.attempt + 1;
                        state.again.push_back((Try { attempt, ..of }, slots));
                        state.waiting += 1;
                    }
                    None => {
                        let Some(wave) = state.waves.get(&of.wave) else {
                            continue;
                        };
                        let position = wave.extent.places.at(of.round);
                        let mut book = self.open_book(shared, *part, position, of.attempt);
                        let outs = O::fault(&book.timed_out(0, self.terms.limit));
                        let elapsed = now.saturating_duration_since(call.began);
                        self.place.close_book(shared, book, 1, elapsed);
                        if Self::settle(&mut state, of, outs, true).is_ok_and(|last| last) {
                            settled.push(of.wave);
                        }
                    }
                }
            }
            state.calls.due()
        };
        if given_up > 0 {
            self.place.note_given_up(shared, given_up);
            if let Some(squad) = self.squad.get() {
                squad.give_up(given_up);
            }
            settled
                .into_iter()
                .for_each(|wave| shared.timing.settled(self.step, wave));
            self.stand_in_line();
        }
        unwanted.into_iter().for_each(unwind::discard);
        due
    }

    fn refuse(&self, why: &str) {
        let Some((shared, part)) = self.run.get() else {
            return;
        };
        loop {
            let mut state = lock(&self.state);
            let Some(job) = self.begin(&mut state) else {
                return;
            };
            state.calls.finish(job.ticket);
            let mut book = self.open_book(shared, *part, job.position, job.of.attempt);
            let outs = O::fault(&book.refused(0, why));
            self.place.close_book(shared, book, 1, Duration::ZERO);
            let settled = Self::settle(&mut state, job.of, outs, true);
            drop(state);
            unwind::discard(job.slots);
            if settled.is_ok_and(|last| last) {
                shared.timing.settled(self.step, job.of.wave);
            }
        }
    }

    fn close(&self) {
        lock(&self.state).closed = true;
        P::clear(&self.inputs);
        self.clear();
    }

    fn is_busy(&self) -> bool {
        lock(&self.state).calls.len() > 0
    }

    fn give_up(&self) {
        let left: Vec<_> = lock(&self.state).calls.clear().collect();
        if let Some(squad) = self.squad.get().filter(|_| !left.is_empty()) {
            squad.give_up(left.len());
        }
        left.into_iter().for_each(|call| unwind::discard(call.kept));
    }
}

impl<P: Ports, S, M, K, O: SlotList> Drop for TimedNode<P, S, M, K, O> {
    fn drop(&mut self) {
        self.clear();
    }
}
