//! Evaluation in place: items are pulled, evaluated and delivered in one loop, with nothing between.
//!
//! Where a pipeline is made of regions behind one input whose rounds are of one item, all on the thread that drives, they can be
//! called one after the other for each item. Generated code gives the closure that does so; it hands slots on as local
//! variables, where [waves](crate::net) hand strides on.

use std::marker::PhantomData;
use std::time::Duration;

use crate::cursor::{Book, Cursor};
use crate::inlet::{Inlet, Inlets};
use crate::link::{Due, Port, Ports, SlotList};
use crate::net::Place;
use crate::places::Places;
use crate::region::{Order, Region};
use crate::shared::{OnFault, Shared};
use crate::sink::Sinks;
use crate::slot::Slot;
use crate::source::Feed;
use crate::sync::{Arc, Instant};
use crate::unwind;
use crate::watch::At;

/// How slots may be evaluated in place: pulled, evaluated and delivered in one loop, with nothing between.
pub trait InPlace<T, P: Ports> {
    /// Whether it is possible at all.
    const POSSIBLE: bool;
    /// Whether iterators are on the way. Waves that have them under way can't be followed by evaluation in place.
    const HAS_SPRING: bool = false;
    /// Whether something is kept that comes out behind the last item: that takes waves.
    fn keeps(&self) -> bool;
    /// Nanoseconds of work in an item that are worth another thread.
    fn worth(&self) -> f64 {
        crate::pace::WORTH
    }
    /// Passes up to `want` slots through, the first at position `first`; `None` where it can't. Of a single slot, calls are timed.
    fn pass<I, C>(
        &self,
        inlets: &mut I,
        sinks: &mut C,
        shared: &Shared,
        first: u64,
        want: usize,
    ) -> Option<Passage>
    where
        I: Inlets<First = T>,
        C: Sinks<P>;
}

/// What a pass has done.
#[derive(Debug, Clone, Copy)]
pub struct Passage {
    /// Slots that it has pulled.
    pub(crate) pulled: usize,
    /// Items that it has evaluated, of the source or of what comes of it.
    pub(crate) items: usize,
    /// Nothing more is to come.
    pub(crate) is_last: bool,
}

/// Not in place.
#[derive(Debug)]
pub struct Apart;

/// For a pipeline of several inputs or pools, or whose streams are not in phase.
#[must_use]
pub fn apart() -> Apart {
    Apart
}

impl<T, P: Ports> InPlace<T, P> for Apart {
    const POSSIBLE: bool = false;
    fn keeps(&self) -> bool {
        false
    }
    fn pass<I, C>(&self, _: &mut I, _: &mut C, _: &Shared, _: u64, _: usize) -> Option<Passage> {
        None
    }
}

/// Which slot of a pass is at hand.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    round: usize,
    sampled: bool,
}

impl Turn {
    #[inline(always)]
    pub(crate) fn new(round: usize, sampled: bool) -> Turn {
        Turn { round, sampled }
    }
}

/// What a pass holds of a region, from slot to slot.
#[derive(Debug)]
pub struct Stand<S> {
    book: Book,
    scratch: S,
}

/// `(Arc<A>, (Arc<B>, ()))`: regions, each behind those that it takes from.
pub trait Regions {
    /// `(Stand<A>, (Stand<B>, ()))`.
    type Stands;

    /// Where they stand in the run.
    #[doc(hidden)]
    fn places(&self, places: &mut Vec<Place>);
    /// Whether one of them keeps something to the end.
    fn keeps(&self) -> bool;
    /// Whether each takes its items one after the other.
    fn are_serial(&self) -> bool;
    /// What a pass holds of them; `None` where a scratch can't be had.
    #[doc(hidden)]
    fn open(&self, places: &[Place], shared: &Shared, first: u64) -> Option<Self::Stands>;
    /// The books, in order.
    #[doc(hidden)]
    fn books(stands: &mut Self::Stands, each: &mut dyn FnMut(&mut Book));
    /// Gives back what a pass of so many slots has held. Whether there were faults that no output tells of.
    #[doc(hidden)]
    fn close(&self, stands: Self::Stands, places: &[Place], shared: &Shared, passed: usize)
    -> bool;
}

impl Regions for () {
    type Stands = ();

    fn places(&self, _places: &mut Vec<Place>) {}
    fn keeps(&self) -> bool {
        false
    }
    fn are_serial(&self) -> bool {
        true
    }
    fn open(&self, _places: &[Place], _shared: &Shared, _first: u64) -> Option<()> {
        Some(())
    }
    fn books(_stands: &mut (), _each: &mut dyn FnMut(&mut Book)) {}
    fn close(&self, _stands: (), _places: &[Place], _shared: &Shared, _passed: usize) -> bool {
        false
    }
}

impl<P, S, M, K, R> Regions for (Arc<Region<P, S, M, K>>, R)
where
    M: Fn() -> S,
    R: Regions,
{
    type Stands = (Stand<S>, R::Stands);

    fn places(&self, places: &mut Vec<Place>) {
        places.push(Place::alone(&self.0.spec));
        self.1.places(places);
    }

    fn keeps(&self) -> bool {
        self.0.spec.folds || self.1.keeps()
    }

    fn are_serial(&self) -> bool {
        self.0.spec.order == Order::Serial && self.1.are_serial()
    }

    fn open(&self, places: &[Place], shared: &Shared, first: u64) -> Option<Self::Stands> {
        let (place, places) = places.split_first()?;
        let scratch = self.0.take_scratch();
        let scratch = scratch.map_err(unwind::forget_payload).ok()?;
        let Some(rest) = self.1.open(places, shared, first) else {
            self.0.put_scratch_back(scratch);
            return None;
        };
        let mut book = place.open_book(shared, 0);
        book.places = Places::from(first);
        Some((Stand { book, scratch }, rest))
    }

    fn books(stands: &mut Self::Stands, each: &mut dyn FnMut(&mut Book)) {
        each(&mut stands.0.book);
        R::books(&mut stands.1, each);
    }

    fn close(
        &self,
        (stand, rest): Self::Stands,
        places: &[Place],
        shared: &Shared,
        passed: usize,
    ) -> bool {
        let Some((place, places)) = places.split_first() else {
            return false;
        };
        self.0.put_scratch_back(stand.scratch);
        let failed = place.close_book(shared, stand.book, passed, Duration::ZERO);
        self.1.close(rest, places, shared, passed) || (failed && self.0.spec.sinks)
    }
}

impl<P, S, M, K> Region<P, S, M, K> {
    /// Evaluates a slot of each stream that enters. It asks for nothing: what is wrong with a stream is said where the region is
    /// made.
    #[inline(always)]
    pub fn pass<I, O>(&self, turn: Turn, stand: &mut Stand<S>, slots: I) -> O
    where
        K: Fn(&mut Cursor<'_>, &mut S, I) -> O,
    {
        let Stand { book, scratch } = stand;
        let mut cx = Cursor::new(book, turn.round, turn.sampled);
        let slots = (self.kernel)(&mut cx, scratch, slots);
        if turn.sampled {
            book.rest();
        }
        slots
    }
}

/// A pipeline that can be evaluated in place.
pub struct Fused<L, F> {
    regions: L,
    places: Vec<Place>,
    evaluate: F,
}

/// For regions that stand behind the one input, and the closure that calls one after the other.
#[must_use]
pub fn fused<L, T, O, F>(regions: L, _input: Port<T>, evaluate: F) -> Fused<L, F>
where
    L: Regions,
    F: Fn(Turn, &L, &mut L::Stands, (Slot<T>, ())) -> O,
{
    let mut places = Vec::new();
    regions.places(&mut places);
    Fused {
        regions,
        places,
        evaluate,
    }
}

impl<L: Regions, F> Fused<L, F> {
    pub(crate) fn regions(&self) -> &L {
        &self.regions
    }

    /// The nodes that are evaluated here.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &usize> + Clone {
        self.places.iter().flat_map(Place::nodes)
    }

    /// See [`Regions::open`].
    pub(crate) fn open(&self, shared: &Shared, first: u64) -> Option<L::Stands> {
        self.regions.open(&self.places, shared, first)
    }

    /// See [`Regions::close`].
    pub(crate) fn close(&self, stands: L::Stands, shared: &Shared, passed: usize) -> bool {
        self.regions.close(stands, &self.places, shared, passed)
    }

    /// What comes of a slot.
    #[inline(always)]
    pub(crate) fn evaluate<T, O>(&self, turn: Turn, stands: &mut L::Stands, slot: Slot<T>) -> O
    where
        F: Fn(Turn, &L, &mut L::Stands, (Slot<T>, ())) -> O,
    {
        (self.evaluate)(turn, &self.regions, stands, (slot, ()))
    }

    /// Tells a watched run who is at work.
    pub(crate) fn sit(&self, stands: &mut L::Stands, shared: &Shared, items: (u64, u64)) {
        let Some(watch) = &shared.watch else { return };
        let own = self.nodes();
        let own = own.map(|node| shared.ledger.nodes[*node].name.clone());
        let desk = watch.desk(own.collect(), 0, At::InPlace, items);
        L::books(stands, &mut |book| {
            book.desk = Some(watch.sit(&desk, book.names()));
        });
    }
}

impl<T, L, F, O> InPlace<T, O::Ports> for Fused<L, F>
where
    L: Regions,
    F: Fn(Turn, &L, &mut L::Stands, (Slot<T>, ())) -> O,
    O: SlotList,
{
    const POSSIBLE: bool = true;

    fn keeps(&self) -> bool {
        self.regions.keeps()
    }

    fn pass<I, C>(
        &self,
        inlets: &mut I,
        sinks: &mut C,
        shared: &Shared,
        first: u64,
        want: usize,
    ) -> Option<Passage>
    where
        I: Inlets<First = T>,
        C: Sinks<O::Ports>,
    {
        let mut stands = self.open(shared, first)?;
        self.sit(&mut stands, shared, (first, first + want as u64 - 1));
        let is_read = !sinks.is_done();
        let began = Instant::now();
        let inlet = inlets.first();
        let pass = Pass {
            fused: self,
            name: shared.ledger.input_name(inlet.number()),
            first,
            last: first + want as u64,
            is_read,
            on_fault: shared.on_fault,
            outputs: PhantomData::<fn() -> O>,
        };
        let passed = (pass.sweep(inlet, &mut stands, sinks) - first) as usize;
        shared.ledger.pulled(inlet.number(), passed);
        let failed = self.close(stands, shared, passed);
        shared.ledger.spend(self.nodes(), began.elapsed());
        stop_where_nobody_wants_more(shared, sinks, is_read, failed);
        Some(Passage {
            pulled: passed,
            items: passed,
            is_last: passed < want || inlets.at(0).has_ended(),
        })
    }
}

/// Whether a pass is to go on, which began with somebody wanting something or not.
#[inline(always)]
pub(crate) fn wants_more<P: Ports>(sinks: &impl Sinks<P>, is_read: bool) -> bool {
    !(sinks.has_panicked() || (is_read && sinks.is_done()))
}

/// Ends the run behind a pass where nobody wants more, or something that no output tells of has `failed`: the source must not be asked again.
pub(crate) fn stop_where_nobody_wants_more<P: Ports>(
    shared: &Shared,
    sinks: &impl Sinks<P>,
    is_read: bool,
    failed: bool,
) {
    let failed = failed && shared.on_fault == OnFault::Stop;
    if sinks.has_panicked() || (sinks.is_done() && (is_read || failed)) {
        shared.cancel();
    }
}

/// A pass: what does not change in it.
struct Pass<'a, L, F, O> {
    fused: &'a Fused<L, F>,
    /// Of the input.
    name: &'a Arc<str>,
    /// The position of the first slot, and that behind the last.
    first: u64,
    last: u64,
    /// Somebody has wanted something when it began.
    is_read: bool,
    on_fault: OnFault,
    outputs: PhantomData<fn() -> O>,
}

impl<L: Regions, F, O: SlotList> Pass<'_, L, F, O> {
    /// Passes slots through; gives the position behind the last that has been pulled.
    fn sweep<D, C>(&self, inlet: &mut Inlet<D>, stands: &mut L::Stands, sinks: &mut C) -> u64
    where
        D: Feed,
        F: Fn(Turn, &L, &mut L::Stands, (Slot<D::Item>, ())) -> O,
        C: Sinks<O::Ports>,
    {
        let mut position = self.first;
        if self.last - self.first == 1 {
            let found = self.sampled(&mut position, inlet, stands);
            if let Some(slots) = found {
                _ = slots.give::<_, false>(sinks, self.on_fault);
            }
            return position;
        }
        while position < self.last && !inlet.is_over() {
            let mut found;
            (position, found) = self.first(position, inlet, stands);
            if sinks.open(O::MOST) {
                position = self.go_through(position, &mut found, inlet, stands, sinks);
            }
            if let Some(slots) = found {
                _ = slots.give::<_, false>(sinks, self.on_fault);
            }
            if !wants_more(sinks, self.is_read) {
                break;
            }
        }
        position
    }

    /// Evaluates a slot whose calls are timed.
    #[inline(never)]
    fn sampled<D>(
        &self,
        position: &mut u64,
        inlet: &mut Inlet<D>,
        stands: &mut L::Stands,
    ) -> Option<O>
    where
        D: Feed,
        F: Fn(Turn, &L, &mut L::Stands, (Slot<D::Item>, ())) -> O,
    {
        let slot = self.pulled(position, inlet)?;
        Some(self.evaluated::<_, true>(*position, slot, stands))
    }

    /// Evaluates slots until there is something to deliver. Gives that, and the position behind it.
    #[inline(never)]
    fn first<D>(
        &self,
        mut position: u64,
        inlet: &mut Inlet<D>,
        stands: &mut L::Stands,
    ) -> (u64, Option<O>)
    where
        D: Feed,
        F: Fn(Turn, &L, &mut L::Stands, (Slot<D::Item>, ())) -> O,
    {
        let found = self.next(&mut position, inlet, stands);
        (position, found)
    }

    /// Delivers what is `found` if it is values, and evaluates what comes next, until that is something else. Leaves this in
    /// `found`; gives the position behind it.
    ///
    /// Here time is spent, so it is written for the compiler. It is a function of its own, since of what a function is lent nothing
    /// else points there, and has nothing in it that could keep such a pointer. It begins with a delivery: what a sink writes is
    /// then written in every turn before the loop can be left, and may be in a register.
    #[inline(never)]
    fn go_through<D, C>(
        &self,
        mut position: u64,
        found: &mut Option<O>,
        inlet: &mut Inlet<D>,
        stands: &mut L::Stands,
        sinks: &mut C,
    ) -> u64
    where
        D: Feed,
        F: Fn(Turn, &L, &mut L::Stands, (Slot<D::Item>, ())) -> O,
        C: Sinks<O::Ports>,
    {
        let mut values = match found.take() {
            Some(slots) if slots.due() == Due::Values => slots,
            others => {
                *found = others;
                return position;
            }
        };
        while values.give::<_, true>(sinks, self.on_fault).is_continue() && sinks.have_room(O::MOST)
        {
            match self.next(&mut position, inlet, stands) {
                Some(slots) if slots.due() == Due::Values => values = slots,
                others => {
                    *found = others;
                    break;
                }
            }
        }
        position
    }

    /// Evaluates slots until there is something to deliver. This loop, too, begins with what it is about, for the sake of what a fold
    /// writes.
    #[inline(always)]
    fn next<D>(&self, position: &mut u64, inlet: &mut Inlet<D>, stands: &mut L::Stands) -> Option<O>
    where
        D: Feed,
        F: Fn(Turn, &L, &mut L::Stands, (Slot<D::Item>, ())) -> O,
    {
        loop {
            let slot = self.pulled(position, inlet)?;
            let slots = self.evaluated::<_, false>(*position, slot, stands);
            if slots.due() != Due::Nothing {
                return Some(slots);
            }
        }
    }

    /// The next slot.
    #[inline(always)]
    fn pulled<D: Feed>(&self, position: &mut u64, inlet: &mut Inlet<D>) -> Option<Slot<D::Item>> {
        if *position >= self.last {
            return None;
        }
        let slot = inlet.next(self.name, *position)?;
        *position += 1;
        Some(slot)
    }

    /// What comes of the slot before `position`.
    #[inline(always)]
    fn evaluated<T, const SAMPLED: bool>(
        &self,
        position: u64,
        slot: Slot<T>,
        stands: &mut L::Stands,
    ) -> O
    where
        F: Fn(Turn, &L, &mut L::Stands, (Slot<T>, ())) -> O,
    {
        let turn = Turn {
            round: (position - 1 - self.first) as usize,
            sampled: SAMPLED,
        };
        self.fused.evaluate(turn, stands, slot)
    }
}
