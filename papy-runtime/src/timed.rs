//! A node with `.timeout(d)`: its calls are made by a [squad](crate::squad), and a slot is settled by its result or by the
//! clock, whichever comes first.
//!
//! A wave that comes here leaves its slots and is out of everybody's hands until the last of them is settled; then the
//! [timekeeper](crate::timekeeper) brings it on its way. A thread takes slot after slot of a wave, which it has for itself as
//! long as there are others. If it never comes back from a call, it holds the item, the worker and its parameters, which is
//! why they are owned, and nothing else: no lock, no turn, no other slot. The pool gets another thread in its place, and what
//! comes back too late is dropped.
//!
//! There are two locks, the node's and the wave's, taken in this order where both are needed. No user code runs under them,
//! neither a call nor the `Clone` or `Drop` of an item.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::calls::{Call, CallLook, Calls, Ticket, Try};
use crate::check::Tried;
use crate::cursor::{Book, Cursor};
use crate::link::{Ports, SlotList};
use crate::net::{Place, rounds_of};
use crate::region::{Order, Region, RegionSpec};
use crate::shared::{OnFault, Shared};
use crate::squad::{Enrolled, Post, Served, Squad};
use crate::stride::Extent;
use crate::sync::{Arc, Instant, Mutex, MutexGuard, OnceLock, lock};
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
    /// The node that it is, in the report.
    fn node(&self) -> usize;
    /// The calls in progress, for somebody who looks.
    fn calls_in_progress(&self) -> Vec<CallLook>;
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
    /// What has not been handed on.
    waves: BTreeMap<u64, Arc<Wave<P, O>>>,
    /// Those that may have slots to begin with.
    queue: VecDeque<Arc<Wave<P, O>>>,
    /// Those that threads are at; one for each thread.
    served: Vec<Arc<Wave<P, O>>>,
    /// It stands in the squad's line.
    in_line: bool,
    closed: bool,
}

struct Wave<P: Ports, O> {
    number: u64,
    extent: Extent,
    slots: Mutex<WaveSlots<P, O>>,
}

/// The slots of a wave, and what has become of them.
struct WaveSlots<P: Ports, O> {
    /// Those that have not been tried.
    strides: Option<P::Strides>,
    begun: usize,
    rounds: usize,
    /// Those whose call took too long, and which are tried again.
    again: Vec<(Try, P::Slots)>,
    calls: Calls<P::Slots>,
    results: Vec<Option<O>>,
    left: usize,
    /// Copies that are to be dropped where no lock is held.
    unwanted: Vec<P::Slots>,
    /// What is to be reported of them; taken when they are handed on.
    book: Option<Book>,
    busy: Duration,
}

/// A slot in a call.
struct Job<T> {
    of: Try,
    ticket: Ticket,
    due: Option<Instant>,
    slots: T,
}

impl<P: Ports, O> WaveSlots<P, O> {
    fn has_more(&self) -> bool {
        self.begun < self.rounds || !self.again.is_empty()
    }

    /// Begins the call of the slot that is next.
    fn begin(&mut self, now: Instant, limit: Option<Duration>) -> Option<Job<P::Slots>> {
        let (of, slots) = match self.again.pop() {
            Some(again) => again,
            None => {
                let slots = P::next(self.strides.as_mut()?).filter(|_| self.has_more())?;
                let round = self.begun;
                self.begun += 1;
                (Try { round, attempt: 1 }, slots)
            }
        };
        Some(self.call(of, slots, now, limit))
    }

    fn call(
        &mut self,
        of: Try,
        slots: P::Slots,
        now: Instant,
        limit: Option<Duration>,
    ) -> Job<P::Slots> {
        let due = limit.and_then(|limit| now.checked_add(limit));
        let ticket = self.calls.begin(of, now, due);
        Job {
            of,
            ticket,
            due,
            slots,
        }
    }

    /// Settles a slot; gives what nobody wants any more.
    fn settle(&mut self, of: Try, outs: O) -> Option<O> {
        match self.results.get_mut(of.round) {
            Some(result) => {
                *result = Some(outs);
                self.left -= 1;
                None
            }
            None => Some(outs),
        }
    }

    /// All slots are settled.
    fn is_settled(&self) -> bool {
        self.left == 0
    }

    /// Takes a call that has taken too long: its slot is tried again, or settled.
    fn expire(&mut self, now: Instant, limit: Duration) -> bool
    where
        O: SlotList,
    {
        let Some(call) = self.calls.expire(now) else {
            return false;
        };
        let Call {
            of, began, kept, ..
        } = call;
        self.busy += now.saturating_duration_since(began);
        match (kept, &mut self.book) {
            (Some(slots), Some(_)) => {
                let attempt = of.attempt + 1;
                self.again.push((Try { attempt, ..of }, slots));
            }
            (None, Some(book)) => {
                let outs = O::fault(&book.timed_out(of, limit));
                self.settle(of, outs);
            }
            // closed; what is kept goes the way of what the call gives
            (kept, None) => self.unwanted.extend(kept),
        }
        true
    }
}

impl<P: Ports, O> Wave<P, O> {
    fn lock(&self) -> MutexGuard<'_, WaveSlots<P, O>> {
        lock(&self.slots)
    }

    /// Drops all that is there, piece by piece: two pieces that panic in `Drop` would end the process.
    fn clear(&self) {
        let (strides, again, results) = {
            let mut slots = self.lock();
            slots.rounds = 0;
            slots.book = None;
            let again = std::mem::take(&mut slots.again);
            let again = again.into_iter().map(|(_, slots)| slots);
            let unwanted = std::mem::take(&mut slots.unwanted);
            (
                slots.strides.take(),
                again.chain(unwanted),
                std::mem::take(&mut slots.results),
            )
        };
        unwind::discard(strides);
        again.for_each(unwind::discard);
        results.into_iter().for_each(unwind::discard);
    }
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
                queue: VecDeque::new(),
                served: Vec::new(),
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
        let wants = !state.queue.is_empty() && state.served.len() < self.places();
        wants && !std::mem::replace(&mut state.in_line, true)
    }

    /// Takes a wave in.
    fn accept(&self, shared: &Arc<Shared>, part: usize, number: u64) -> Option<Arc<Wave<P, O>>> {
        self.run.get_or_init(|| (shared.clone(), part));
        let (strides, extent, rounds) = rounds_of::<P>(&self.inputs, number, self.place.lead)?;
        let mut book = self.place.open_book(shared, part);
        book.places = extent.places.clone();
        let slots = WaveSlots {
            strides: Some(strides),
            begun: 0,
            rounds,
            again: Vec::new(),
            calls: Calls::new(),
            results: std::iter::repeat_with(|| None).take(rounds).collect(),
            left: rounds,
            unwanted: Vec::new(),
            book: Some(book),
            busy: Duration::ZERO,
        };
        let wave = Arc::new(Wave {
            number,
            extent,
            slots: Mutex::new(slots),
        });
        let mut state = lock(&self.state);
        if state.closed {
            drop(state);
            wave.clear();
            return None;
        }
        state.waves.insert(number, wave.clone());
        Some(wave)
    }

    /// A wave that a thread is to be at: each has one for itself, where there are enough.
    fn next_wave(&self) -> (Option<Arc<Wave<P, O>>>, bool) {
        let mut state = lock(&self.state);
        state.in_line = false;
        if state.served.len() >= self.places() {
            return (None, false);
        }
        while let Some(wave) = state.queue.pop_front() {
            if wave.lock().has_more() {
                state.served.push(wave.clone());
                state.queue.push_back(wave.clone());
                let more = self.lines_up(&mut state);
                return (Some(wave), more);
            }
        }
        (None, false)
    }

    /// A thread is at a wave no more.
    fn leave(state: &mut State<P, O>, wave: &Arc<Wave<P, O>>) {
        let own = |served: &Arc<Wave<P, O>>| Arc::ptr_eq(served, wave);
        if let Some(at) = state.served.iter().position(own) {
            state.served.swap_remove(at);
        }
        if !wave.lock().has_more() {
            state.queue.retain(|queued| !Arc::ptr_eq(queued, wave));
        }
    }

    /// A copy of a slot for another try, where there is to be one.
    fn copy(&self, attempt: u32, slots: &P::Slots) -> Result<Option<P::Slots>, Payload> {
        let copy = self.terms.copy.filter(|_| attempt <= self.terms.retries);
        copy.map(|copy| unwind::catch(|| copy(slots))).transpose()
    }

    fn clear(&self) {
        let waves = {
            let mut state = lock(&self.state);
            state.queue.clear();
            std::mem::take(&mut state.waves)
        };
        for wave in waves.values() {
            wave.clear();
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
    /// Takes slot after slot of a wave, each call within the limit if there is one, as long as it is to go on; gives whether
    /// the last call was in time, and whether it was the one that settled the wave.
    fn work(
        &self,
        wave: &Wave<P, O>,
        limit: Option<Duration>,
        goes_on: impl Fn(Instant) -> bool,
    ) -> (Served, bool) {
        let (shared, part) = self.run();
        let mut book = self.place.open_book(shared, *part);
        book.places = wave.extent.places.clone();
        let mut scratch = None;
        let mut now = Instant::now();
        let mut job = wave.lock().begin(now, limit);
        let mut settled = false;
        let mut served = Served::InTime;
        while let Some(Job {
            of,
            ticket,
            due,
            slots,
        }) = job.take()
        {
            shared.moved(*part);
            shared.timing.begun(due);
            book.attempt = of.attempt;
            let outs = self.try_slot(wave, of, ticket, slots, &mut book, &mut scratch);
            let failed = book.has_faults();
            let then = Instant::now();
            let mut own = wave.lock();
            let Some(call) = own.calls.finish(ticket) else {
                drop(own);
                unwind::discard(outs);
                served = Served::GivenUp;
                break;
            };
            own.busy += then.saturating_duration_since(now);
            now = then;
            let (mut kept, mut unwanted) = (call.kept, None);
            match (kept.take(), &mut own.book) {
                (Some(slots), Some(_)) if failed => {
                    let attempt = of.attempt + 1;
                    job = Some(own.call(Try { attempt, ..of }, slots, now, limit));
                    unwanted = Some(outs);
                }
                (copy, noted) => {
                    kept = copy;
                    if let Some(noted) = noted {
                        noted.take_over(&mut book);
                    }
                    unwanted = unwanted.or_else(|| own.settle(of, outs));
                    settled = own.is_settled();
                    job = goes_on(now).then(|| own.begin(now, limit)).flatten();
                }
            }
            drop(own);
            book.forget();
            unwind::discard(kept);
            unwind::discard(unwanted);
        }
        if let Some(scratch) = scratch {
            self.region.put_scratch_back(scratch);
        }
        self.place.put_book_back(book);
        (served, settled)
    }

    /// One call. Before it, a copy of the slot is kept where there is to be another try.
    fn try_slot(
        &self,
        wave: &Wave<P, O>,
        of: Try,
        ticket: Ticket,
        slots: P::Slots,
        book: &mut Book,
        scratch: &mut Option<S>,
    ) -> O {
        match self.copy(of.attempt, &slots) {
            Ok(None) => {}
            Ok(Some(kept)) => {
                let unkept = wave.lock().calls.keep(ticket, kept);
                unwind::discard(unkept);
            }
            Err(payload) => {
                unwind::discard(slots);
                return O::fault(&book.copy_panicked(0, of.round, payload));
            }
        }
        let scratch = match scratch {
            Some(scratch) => scratch,
            None => match self.region.take_scratch() {
                Ok(made) => scratch.insert(made),
                Err(payload) => {
                    unwind::discard(slots);
                    return O::fault(&book.panicked(0, of.round, payload));
                }
            },
        };
        let called = unwind::catch(|| {
            let cursor = Cursor::new(book, of.round, true);
            self.region.evaluate_one(cursor, scratch, slots)
        });
        book.rest();
        called.unwrap_or_else(|payload| O::fault(&book.panicked(0, of.round, payload)))
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
        /// How long a thread is at a wave before others who wait for the squad get a turn.
        const SHIFT: Duration = Duration::from_millis(1);
        let (wave, more) = self.next_wave();
        if more && let Some(squad) = self.squad.get() {
            squad.line_up(self.clone());
        }
        let Some(wave) = wave else {
            return Served::InTime;
        };
        let began = Instant::now();
        let (served, settled) = self.work(&wave, Some(self.terms.limit), |now| {
            now.saturating_duration_since(began) < SHIFT
        });
        if served == Served::GivenUp {
            return served;
        }
        let lines_up = {
            let mut state = lock(&self.state);
            Self::leave(&mut state, &wave);
            self.lines_up(&mut state)
        };
        let (shared, _) = self.run();
        if settled {
            shared.timing.settled(self.step, wave.number);
        } else if shared.is_cancelled() {
            // who waits for the last calls is told
            shared.timing.ring();
        }
        if lines_up && let Some(squad) = self.squad.get().cloned() {
            squad.line_up(self);
        }
        served
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

    fn submit(self: Arc<Self>, shared: &Arc<Shared>, part: usize, number: u64) -> bool {
        let Some(wave) = self.accept(shared, part, number) else {
            return false;
        };
        if wave.lock().is_settled() {
            return true;
        }
        let lines_up = {
            let mut state = lock(&self.state);
            if !state.closed {
                state.queue.push_back(wave);
            }
            self.lines_up(&mut state)
        };
        if lines_up && let Some(squad) = self.squad.get().cloned() {
            squad.line_up(self);
        }
        false
    }

    fn evaluate(&self, shared: &Arc<Shared>, part: usize, number: u64) {
        if let Some(wave) = self.accept(shared, part, number) {
            self.work(&wave, None, |_| !shared.is_cancelled());
        }
    }

    fn hand_on(&self, shared: &Shared, number: u64, arrivals: &mut Vec<usize>) {
        let Some(wave) = lock(&self.state).waves.remove(&number) else {
            return;
        };
        let (results, book, busy) = {
            let mut slots = wave.lock();
            let results = std::mem::take(&mut slots.results);
            (results, slots.book.take(), slots.busy)
        };
        let rounds = results.len();
        let mut strides = O::strides(&self.outputs, &wave.extent, rounds);
        for outs in results.into_iter().flatten() {
            outs.push(&mut strides);
        }
        let before = arrivals.len();
        O::put(strides, &self.outputs, number, arrivals);
        let is_sink = arrivals.len() == before && self.region.spec.sinks;
        let (_, part) = self.run();
        shared.parts[*part].load(rounds, busy);
        let failed = book.is_some_and(|book| self.place.close_book(shared, book, rounds, busy));
        if is_sink && failed && shared.on_fault == OnFault::Stop {
            // no output would tell of it
            shared.cancel();
        }
    }

    fn node(&self) -> usize {
        self.place.nodes()[0]
    }

    fn calls_in_progress(&self) -> Vec<CallLook> {
        let waves: Vec<_> = lock(&self.state).waves.values().cloned().collect();
        let mut looks = Vec::new();
        for wave in waves {
            let slots = wave.lock();
            looks.extend(slots.calls.iter().map(|(ticket, call)| CallLook {
                ticket,
                wave: wave.number,
                position: wave.extent.places.at(call.of.round),
                began: call.began,
            }));
        }
        looks
    }

    fn limit(&self) -> Duration {
        self.terms.limit
    }

    fn expire(self: Arc<Self>, now: Instant) -> Option<Instant> {
        let (shared, _) = self.run.get()?;
        let served = lock(&self.state).served.clone();
        let mut due: Option<Instant> = None;
        let mut given_up = 0;
        for wave in &served {
            let (expired, settled, again, next) = {
                let mut slots = wave.lock();
                let mut expired = 0;
                while slots.expire(now, self.terms.limit) {
                    expired += 1;
                }
                let settled = slots.is_settled();
                (expired, settled, slots.has_more(), slots.calls.due())
            };
            due = due.into_iter().chain(next).min();
            if expired == 0 {
                continue;
            }
            given_up += expired;
            let mut state = lock(&self.state);
            (0..expired).for_each(|_| Self::leave(&mut state, wave));
            if again && !state.closed {
                state.queue.push_front(wave.clone());
            }
            drop(state);
            if settled {
                shared.timing.settled(self.step, wave.number);
            }
        }
        if given_up > 0 {
            self.place.note_given_up(shared, given_up);
            if let Some(squad) = self.squad.get().cloned() {
                squad.give_up(given_up);
                let lines_up = self.lines_up(&mut lock(&self.state));
                if lines_up {
                    squad.line_up(self);
                }
            }
        }
        due
    }

    fn refuse(&self, why: &str) {
        let Some((shared, _)) = self.run.get() else {
            return;
        };
        let queue = std::mem::take(&mut lock(&self.state).queue);
        for wave in queue {
            loop {
                let mut slots = wave.lock();
                let Some(job) = slots.begin(Instant::now(), None) else {
                    break;
                };
                slots.calls.finish(job.ticket);
                let outs = slots
                    .book
                    .as_mut()
                    .map(|book| O::fault(&book.refused(job.of, why)));
                let unwanted = outs.and_then(|outs| slots.settle(job.of, outs));
                let settled = slots.is_settled();
                drop(slots);
                unwind::discard(job.slots);
                unwind::discard(unwanted);
                if settled {
                    shared.timing.settled(self.step, wave.number);
                }
            }
        }
    }

    fn close(&self) {
        lock(&self.state).closed = true;
        P::clear(&self.inputs);
        self.clear();
    }

    fn is_busy(&self) -> bool {
        !lock(&self.state).served.is_empty()
    }

    fn give_up(&self) {
        let served = lock(&self.state).served.clone();
        let mut given_up = 0;
        for wave in &served {
            let left: Vec<_> = wave.lock().calls.clear().collect();
            given_up += left.len();
            let mut state = lock(&self.state);
            for _ in &left {
                Self::leave(&mut state, wave);
            }
            drop(state);
            for call in left {
                unwind::discard(call.kept);
            }
        }
        if let Some(squad) = self.squad.get().filter(|_| given_up > 0) {
            squad.give_up(given_up);
        }
    }
}

impl<P: Ports, S, M, K, O: SlotList> Drop for TimedNode<P, S, M, K, O> {
    fn drop(&mut self) {
        self.clear();
    }
}
