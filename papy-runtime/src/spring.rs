//! Springs: where slots begin that are counted anew, inside a run: the iterators of `.flat()`, and `merge`.
//!
//! A spring begins a part of the pipeline, with waves and tokens of its own. What flows into it (its *feeds* are the last
//! steps of the parts before it) waits in order, and counts there as what is not yet read, until it has been poured. So one
//! item that gives a billion takes no more memory than one that gives ten.
//!
//! A spring belongs to no thread, as a turnstile doesn't: whoever finds that there is something to pour, and room for it,
//! pours a wave and brings it on its way. It is *claimed* meanwhile; who comes then leaves word to look again. The claim
//! and the word are under one lock, so no word is lost: either the one who pours sees it before he leaves, or he has left
//! and the claim is free.

use std::collections::VecDeque;

use crate::check::Streams;
use crate::cursor::Cursor;
use crate::fault::{Fault, FaultKind};
use crate::in_place_flat::{Left, Seed};
use crate::link::{Crosses, Link, Port, port};
use crate::net::Step;
use crate::pace::Pace;
use crate::places::{Places, Trail};
use crate::report::NodeLedger;
use crate::shared::Shared;
use crate::slot::Slot;
use crate::stride::{Extent, Slots, Stride};
use crate::sync::{Arc, Instant, Mutex, Ordering, lock};
use crate::unwind;
use crate::watch::{At, Sitting};

/// What an item of `.flat()` gives: its iterator, and what has been taken of it ahead of its turn.
pub struct Burst<I: Iterator> {
    ahead: Few<I::Item>,
    /// Rights to be ahead that it holds.
    claimed: u64,
    rest: Option<I>,
    /// What the iterator has panicked with.
    panicked: Option<Fault>,
}

impl<I: Iterator> Drop for Burst<I> {
    fn drop(&mut self) {
        if !self.ahead.is_empty() {
            self.ahead.by_ref().for_each(unwind::discard);
        }
        if let Some(rest) = self.rest.take() {
            unwind::discard(rest);
        }
    }
}

/// Items in order. The first is kept in place, as many iterators have no more.
struct Few<T> {
    first: Option<T>,
    others: std::vec::IntoIter<T>,
}

impl<T> Iterator for Few<T> {
    type Item = T;
    #[inline]
    fn next(&mut self) -> Option<T> {
        self.first.take().or_else(|| self.others.next())
    }
}

impl<T> Few<T> {
    fn is_empty(&self) -> bool {
        self.first.is_none() && self.others.len() == 0
    }
}

/// Begins the iterator of each item. The first items are taken here already, as far as there is room: where iterators
/// are short, all of the work is done by whoever evaluates the node.
#[inline]
pub fn streamed<S: Streams<Way>, Way>(
    slot: Slot<S>,
    cx: &mut Cursor<'_>,
    node: usize,
) -> Slot<Burst<S::Iter>> {
    /// Items of an iterator that are taken ahead, at most.
    const AHEAD: u64 = 64;
    let items = match slot {
        Slot::Value(items) => items,
        absent => return absent.absent_as(),
    };
    let mut iterator = match unwind::catch(|| items.begin()) {
        Ok(iterator) => iterator,
        Err(payload) => return Slot::Fault(cx.panicked(node, payload)),
    };
    let claimed = cx.take_ahead(node, AHEAD);
    let mut first = None;
    let mut others = Vec::new();
    let mut held = 0;
    let mut ended = false;
    let taken = unwind::catch(|| {
        while held < claimed && !ended {
            if held == 1 {
                let more = iterator.size_hint().0;
                others.reserve(more.min((claimed - held) as usize));
            }
            match iterator.next() {
                Some(item) => {
                    if held == 0 {
                        first = Some(item);
                    } else {
                        others.push(item);
                    }
                    held += 1;
                }
                None => ended = true,
            }
        }
    });
    cx.give_ahead(claimed - held);
    let panicked = taken.err().map(|payload| {
        // it fails, and yet the iterator goes on its way
        cx.emit(node);
        cx.panicked(node, payload)
    });
    let rest = if ended || panicked.is_some() {
        unwind::discard(iterator);
        None
    } else {
        Some(iterator)
    };
    Slot::Value(Burst {
        ahead: Few {
            first,
            others: others.into_iter(),
        },
        claimed: held,
        rest,
        panicked,
    })
}

/// The port of a stream of what iterators give.
#[must_use]
pub fn flowing<I: Iterator<Item: Crosses>>(_port: Port<Burst<I>>) -> Port<I::Item> {
    port()
}

/// Streams of one type: `(Port<T>, (Port<T>, ()))`, and their links.
pub trait Merging<T> {}

impl<T> Merging<T> for () {}
impl<T, R: Merging<T>> Merging<T> for (Port<T>, R) {}

/// The port of a stream that is merged of these.
#[must_use]
pub fn merging<T, R: Merging<T>>(_ports: (Port<T>, R)) -> Port<T> {
    port()
}

/// The links of streams that are merged.
pub trait MergedLinks<T> {
    /// Adds each to `links`.
    fn gather(self, links: &mut Vec<Arc<Link<T>>>);
}

impl<T> MergedLinks<T> for () {
    fn gather(self, _links: &mut Vec<Arc<Link<T>>>) {}
}

impl<T, R: MergedLinks<T>> MergedLinks<T> for (Arc<Link<T>>, R) {
    fn gather(self, links: &mut Vec<Arc<Link<T>>>) {
        links.push(self.0);
        self.1.gather(links);
    }
}

/// Who pours, and where a watched run is told of it.
pub(crate) struct Pouring<'a> {
    shared: &'a Shared,
    desk: Option<Sitting>,
}

impl Pouring<'_> {
    /// The iterator of the item at `position` is asked, with `len` items poured of `want`; gives how many there are to be when
    /// this is to be told again.
    fn begins(&self, position: u64, len: usize, want: usize) -> usize {
        let Some(desk) = &self.desk else { return want };
        desk.begins(0, position, Instant::now());
        if desk.is_exact() { len + 1 } else { want }
    }
}

/// A stride that waits to be poured.
pub(crate) trait Pourable<T>: Send {
    /// Adds up to `want` slots to `stride`; gives whether that was all.
    fn pour(
        &mut self,
        stride: &mut Stride<T>,
        trail: &mut Trail,
        want: usize,
        pouring: &Pouring<'_>,
    ) -> bool;
}

impl<T: Send> Pourable<T> for Slots<T> {
    fn pour(
        &mut self,
        stride: &mut Stride<T>,
        trail: &mut Trail,
        want: usize,
        _pouring: &Pouring<'_>,
    ) -> bool {
        while stride.len() < want {
            let position = Slots::position(self);
            match self.next() {
                Some(Slot::Hole | Slot::End) => {}
                Some(slot) => {
                    trail.push(position);
                    stride.push(slot);
                }
                None => return true,
            }
        }
        false
    }
}

/// What a node's iterators have given, which is told to its ledger at the end.
struct Yield<'a> {
    ledger: &'a NodeLedger,
    /// Rights to be ahead that are no longer held.
    rights: u64,
    /// Items, less the iterators that have ended; wraps around below 0.
    items: u64,
}

impl Drop for Yield<'_> {
    fn drop(&mut self) {
        self.ledger.ahead.give(self.rights);
        self.ledger
            .streamed
            .fetch_add(self.items, Ordering::Relaxed);
    }
}

/// The iterators of a stride.
pub(crate) struct Bursts<I: Iterator> {
    slots: Slots<Burst<I>>,
    /// The one that is being poured, and its source position.
    current: Option<(u64, Burst<I>)>,
    /// The node whose iterators they are, in the report.
    node: usize,
}

impl<I> Pourable<I::Item> for Bursts<I>
where
    I: Iterator<Item: Send> + Send,
{
    fn pour(
        &mut self,
        stride: &mut Stride<I::Item>,
        trail: &mut Trail,
        want: usize,
        pouring: &Pouring<'_>,
    ) -> bool {
        let mut given = Yield {
            ledger: &pouring.shared.ledger.nodes[self.node],
            rights: 0,
            items: 0,
        };
        while stride.len() < want {
            let (position, mut burst) = match self.current.take() {
                Some(current) => current,
                None => {
                    let position = self.slots.position();
                    match self.slots.next() {
                        Some(Slot::Value(burst)) => (position, burst),
                        Some(Slot::Fault(fault)) => {
                            trail.push(position);
                            stride.push(Slot::Fault(fault));
                            continue;
                        }
                        Some(Slot::Hole | Slot::End) => continue,
                        None => return true,
                    }
                }
            };
            if burst.pour(position, stride, trail, want, pouring, &mut given) {
                unwind::discard(burst);
            } else {
                self.current = Some((position, burst));
            }
        }
        false
    }
}

impl<I: Iterator> Burst<I> {
    /// The iterator, where nothing has been taken of it ahead: that is done between threads only.
    #[inline(always)]
    pub(crate) fn iterator(&mut self) -> Option<&mut I> {
        debug_assert!(self.ahead.is_empty(), "nothing is taken ahead in place");
        self.rest.as_mut()
    }

    /// The iterator has ended.
    #[inline(always)]
    pub(crate) fn cut(&mut self) {
        if let Some(rest) = self.rest.take() {
            unwind::discard(rest);
        }
    }

    /// Whether it has ended.
    fn pour(
        &mut self,
        position: u64,
        stride: &mut Stride<I::Item>,
        trail: &mut Trail,
        want: usize,
        pouring: &Pouring<'_>,
        given: &mut Yield<'_>,
    ) -> bool {
        let before = stride.len();
        stride.fill(&mut self.ahead, want);
        let is_left = !self.ahead.is_empty();
        if !is_left {
            given.rights += std::mem::take(&mut self.claimed);
        }
        let mut ended = self.rest.is_none() && !is_left;
        if let Some(iterator) = self.rest.as_mut().filter(|_| !is_left) {
            let poured = unwind::catch(|| {
                while stride.len() < want && !ended {
                    let until = pouring.begins(position, stride.len(), want);
                    ended = stride.fill(iterator, until);
                }
            });
            if let Err(payload) = poured {
                let name = &given.ledger.name;
                let fault = Fault::panicked(name, position, FaultKind::Panic, payload);
                given.ledger.note_fault();
                self.panicked = Some(fault);
                ended = true;
            }
        }
        let poured = stride.len() - before;
        trail.extend(position, poured);
        if ended && let Some(fault) = self.panicked.take() {
            trail.push(position);
            stride.push(Slot::Fault(fault));
        }
        let items = (poured as u64).wrapping_sub(u64::from(ended));
        given.items = given.items.wrapping_add(items);
        ended
    }
}

/// A spring, whatever flows from it.
pub(crate) trait Spring: Send + Sync {
    /// Claims it; `false` where it is claimed, and whoever has it will look again.
    fn claim(&self) -> bool;
    /// Gives the claim back; `false` where there is to be another look first.
    fn release(&self) -> bool;
    /// Whether it has not ended.
    fn is_wanted(&self) -> bool;
    /// Whether there may be something to pour, or to end.
    fn is_ready(&self) -> bool;
    /// Whether all that is left is to end, which takes no room.
    fn is_ending(&self) -> bool;
    /// Items in its next wave.
    fn wave(&self) -> u64;
    /// The node whose iterators it pours.
    fn node(&self) -> Option<usize>;
    /// Pours one wave, where there is room for it.
    fn pour(&self, shared: &Shared, part: usize) -> Poured;
    /// How its waves begin.
    fn set_pace(&self, pace: Pace);
    /// Drops what waits.
    fn clear(&self);
}

/// What pouring has led to.
#[derive(Debug, Default)]
pub(crate) struct Poured {
    /// Waves of its own part, which are now due at this step.
    pub(crate) waves: Vec<u64>,
    pub(crate) target: usize,
    /// What it has read of parts before it: the part, the reader that it is there, and how much.
    pub(crate) read: Vec<(usize, usize, u64)>,
    /// Something was poured, so there may be more.
    pub(crate) more: bool,
}

/// What evaluation in place has left: the first position that nothing has come from, and what has been begun.
pub(crate) type Leaver<'env, T> =
    Box<dyn FnOnce() -> (u64, Option<Box<dyn Pourable<T> + 'env>>) + Send + 'env>;

/// What waits at a spring.
pub(crate) struct Basin<'env, T> {
    link: Arc<Link<T>>,
    /// The node whose iterators are poured, in the report.
    node: Option<usize>,
    state: Mutex<State<'env, T>>,
}

struct State<'env, T> {
    /// To be taken over first.
    left: Option<Leaver<'env, T>>,
    waiting: VecDeque<Waiting<'env, T>>,
    /// Feeds that have not ended.
    feeds: usize,
    claimed: bool,
    /// Somebody has come while it was claimed.
    again: bool,
    ended: bool,
    pace: Pace,
    /// The first position that nothing has come from.
    next: u64,
}

struct Waiting<'env, T> {
    /// The part that it comes from, the reader that the spring is there, and how much it has read with this.
    reads: Option<(usize, usize, u64)>,
    slots: Box<dyn Pourable<T> + 'env>,
}

impl<'env, T: Send> Basin<'env, T> {
    pub(crate) fn new(
        link: Arc<Link<T>>,
        node: Option<usize>,
        feeds: usize,
        left: Option<Leaver<'env, T>>,
    ) -> Arc<Basin<'env, T>> {
        Arc::new(Basin {
            link,
            node,
            state: Mutex::new(State {
                left,
                waiting: VecDeque::new(),
                feeds,
                claimed: false,
                again: false,
                ended: false,
                pace: Pace::new(None, None, 1, 2),
                next: 0,
            }),
        })
    }
}

impl<T: Send> Spring for Basin<'_, T> {
    fn claim(&self) -> bool {
        let mut state = lock(&self.state);
        let free = !std::mem::replace(&mut state.claimed, true);
        state.again |= !free;
        free
    }

    fn release(&self) -> bool {
        let mut state = lock(&self.state);
        state.claimed = std::mem::take(&mut state.again);
        !state.claimed
    }

    fn is_wanted(&self) -> bool {
        !lock(&self.state).ended
    }

    fn is_ending(&self) -> bool {
        let state = lock(&self.state);
        !state.claimed && state.left.is_none() && state.waiting.is_empty() && state.feeds == 0
    }

    fn is_ready(&self) -> bool {
        let state = lock(&self.state);
        // what is being poured has been taken out
        let has_some = state.left.is_some() || !state.waiting.is_empty();
        !state.ended && (state.claimed || has_some || state.feeds == 0)
    }

    fn wave(&self) -> u64 {
        lock(&self.state).pace.wave() as u64
    }

    fn pour(&self, shared: &Shared, part: usize) -> Poured {
        let mut poured = Poured {
            target: self.link.target(),
            ..Poured::default()
        };
        let own = &shared.parts[part];
        self.take_over();
        let (pace, mut at) = {
            let state = lock(&self.state);
            (state.pace.wave() as u64, state.next)
        };
        let want = lock(&own.flow).grant(pace) as usize;
        let began = Instant::now();
        let pouring = self.pouring(shared, part, at);
        let mut stride = self.link.stride(Extent::at(at, 0), want);
        let mut trail = Trail::default();
        while stride.len() < want {
            // user code runs outside of the lock; the claim keeps others away
            let front = lock(&self.state).waiting.pop_front();
            let Some(mut front) = front else { break };
            if front.slots.pour(&mut stride, &mut trail, want, &pouring) {
                poured.read.extend(front.reads);
                unwind::discard(front);
            } else {
                lock(&self.state).waiting.push_front(front);
            }
        }
        drop(pouring);
        let len = stride.len();
        if len > 0 {
            at = trail.last().map_or(at, |last| last + 1);
            stride.extent.places = trail.places(Places::from(at));
            stride.extent.charge = len as u64;
            let wave = lock(&own.flow).issue(len as u64);
            self.link.put(wave, stride);
            poured.waves.push(wave);
        }
        poured.more = len > 0 || !poured.read.is_empty();
        let ends = {
            let mut state = lock(&self.state);
            state.next = at;
            if len > 0 {
                let was_fast = state.pace.wave() > 1;
                state.pace.pulled(len, began.elapsed());
                let (slots, nanos) = own.take_load();
                let regions = own.plan.regions.max(1) as f64;
                state.pace.worked(slots as f64 / regions, nanos);
                let fast = state.pace.wave() > 1;
                if fast != was_fast
                    && let Some(node) = self.node
                {
                    shared.ledger.nodes[node].ahead.set_fast(fast);
                }
            }
            let ends = state.feeds == 0 && state.waiting.is_empty() && !state.ended;
            state.ended |= ends;
            ends
        };
        if ends {
            self.end(shared, part, at, &mut poured);
        }
        poured
    }

    fn node(&self) -> Option<usize> {
        self.node
    }

    fn set_pace(&self, pace: Pace) {
        lock(&self.state).pace = pace;
    }

    fn clear(&self) {
        let waiting = std::mem::take(&mut lock(&self.state).waiting);
        waiting.into_iter().for_each(unwind::discard);
    }
}

impl<T: Send> Basin<'_, T> {
    /// Takes what evaluation in place has left before everything else.
    fn take_over(&self) {
        let Some(left) = lock(&self.state).left.take() else {
            return;
        };
        let (next, begun) = left();
        let mut state = lock(&self.state);
        state.next = next;
        if let Some(slots) = begun {
            state.waiting.push_front(Waiting { reads: None, slots });
        }
    }

    fn pouring<'a>(&self, shared: &'a Shared, part: usize, at: u64) -> Pouring<'a> {
        let node = self.node.map(|node| &shared.ledger.nodes[node].name);
        let desk = shared.watch.as_ref().zip(node).map(|(watch, name)| {
            let names: Arc<[Arc<str>]> = Arc::from([name.clone()]);
            let desk = watch.desk(names.to_vec(), part, At::Spring, (at, at));
            watch.sit(&desk, &names)
        });
        Pouring { shared, desk }
    }

    /// Sends the rounds in which what was kept back comes out, and closes the part.
    fn end(&self, shared: &Shared, part: usize, at: u64, poured: &mut Poured) {
        let own = &shared.parts[part];
        for tail in 1..=own.plan.tails {
            let wave = lock(&own.flow).issue(0);
            self.link
                .put(wave, self.link.stride(Extent::at(at, tail), 0));
            poured.waves.push(wave);
        }
        let (waves, through) = {
            let mut flow = lock(&own.flow);
            (flow.end(), flow.is_through())
        };
        let outputs = own.plan.outputs.iter();
        outputs.for_each(|output| shared.gates[*output].end(waves));
        if through {
            shared.part_ends();
            shared.ring_network(part);
        }
    }
}

impl<T> Drop for Basin<'_, T> {
    fn drop(&mut self) {
        let waiting = std::mem::take(&mut lock(&self.state).waiting);
        waiting.into_iter().for_each(unwind::discard);
    }
}

/// The last step of a part: brings what comes to a spring, in order.
pub(crate) struct Feeder<'env, T, U, F> {
    link: Arc<Link<T>>,
    basin: Arc<Basin<'env, U>>,
    /// Its own step, and that of the spring.
    step: usize,
    spring: usize,
    /// The round behind the last wave in which nothing more will come.
    depth: u64,
    make: F,
}

impl<'env, T, U, F, P> Feeder<'env, T, U, F>
where
    F: Fn(Slots<T>) -> P + Send + Sync + 'env,
    P: Pourable<U> + 'env,
{
    pub(crate) fn new(
        link: Arc<Link<T>>,
        basin: &Arc<Basin<'env, U>>,
        (step, spring): (usize, usize),
        make: F,
    ) -> Self {
        Feeder {
            depth: link.lineage.depth + 1,
            link,
            basin: basin.clone(),
            step,
            spring,
            make,
        }
    }
}

impl<'env, T, U, F, P> Step for Feeder<'env, T, U, F>
where
    T: Send,
    U: Send,
    F: Fn(Slots<T>) -> P + Send + Sync,
    P: Pourable<U> + 'env,
{
    fn run(&self, shared: &Shared, part: usize, wave: u64, arrivals: &mut Vec<usize>) {
        let Some(stride) = self.link.take(wave) else {
            return;
        };
        let Extent { tail, charge, .. } = stride.extent;
        let ends = tail == self.depth;
        let slots = Box::new((self.make)(stride.into_slots()));
        let plan = &shared.parts[part].plan;
        let place = plan.feeds.iter().position(|step| *step == self.step);
        let reader = plan.outputs.len() + place.unwrap_or_default();
        let waiting = Waiting {
            reads: Some((part, reader, charge)),
            slots,
        };
        let mut state = lock(&self.basin.state);
        state.waiting.push_back(waiting);
        state.feeds -= usize::from(ends);
        drop(state);
        arrivals.push(self.spring);
    }

    fn clear(&self) {
        self.link.clear();
    }
}

/// The iterators of a stride, to be poured.
pub(crate) fn bursts<I: Iterator>(slots: Slots<Burst<I>>, node: usize) -> Bursts<I> {
    Bursts {
        slots,
        current: None,
        node,
    }
}

/// What evaluation in place has left of iterators, as it is asked for.
pub(crate) fn leaver<'env, I>(seed: Seed<I>, node: usize) -> Leaver<'env, I::Item>
where
    I: Iterator<Item: Send + 'env> + Send + 'env,
{
    Box::new(move || {
        let Left { next, current } = seed.take();
        let begun = current.map(|current| -> Box<dyn Pourable<I::Item> + 'env> {
            Box::new(Bursts {
                slots: Slots::empty(),
                current: Some(current),
                node,
            })
        });
        (next, begun)
    })
}

#[cfg(all(test, papy_loom))]
#[path = "models/spring.rs"]
mod model;
