//! Evaluation in place: items are pulled, evaluated and delivered in one loop, with nothing between.
//!
//! Where a pipeline is made of regions behind one input whose rounds are of one item, all on the thread that drives, they can be
//! called one after the other for each item. Generated code gives the closure that does so; it hands slots on as local
//! variables, where [waves](crate::net) hand strides on.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::cursor::{Book, Cursor};
use crate::inlet::{Drains, Inlets};
use crate::link::{Port, Ports, SlotList};
use crate::net::Place;
use crate::places::Places;
use crate::region::Region;
use crate::shared::{OnFault, Shared};
use crate::sink::Sinks;
use crate::slot::Slot;
use crate::sync::{Arc, Instant};
use crate::unwind;
use crate::watch::At;

/// How slots may be evaluated in place: pulled, evaluated and delivered in one loop, with nothing between.
pub trait InPlace<T, P: Ports> {
    /// Whether it is possible at all.
    const POSSIBLE: bool;
    /// Whether something is kept that comes out behind the last item: that takes waves.
    fn keeps(&self) -> bool;
    /// Passes up to `want` slots through, the first at position `first`. Gives how many there were; `None` where it can't.
    /// Calls are timed where they are `SAMPLED`.
    fn pass<I, C, const SAMPLED: bool>(
        &self,
        inlets: &mut I,
        sinks: &mut C,
        shared: &Shared,
        first: u64,
        want: usize,
    ) -> Option<usize>
    where
        I: Inlets<First = T>,
        C: Sinks<P>;
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
    fn pass<I, C, const SAMPLED: bool>(
        &self,
        _: &mut I,
        _: &mut C,
        _: &Shared,
        _: u64,
        _: usize,
    ) -> Option<usize> {
        None
    }
}

/// Which slot of a pass is at hand.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    round: usize,
    sampled: bool,
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
    /// The loop of a pass. It is a function of its own, so that the compiler knows of what it is lent that nothing else points
    /// there, and keeps in registers what a sink counts.
    #[inline(never)]
    fn sweep<I, T, C, O, const SAMPLED: bool>(
        &self,
        inlets: &mut I,
        stands: &mut L::Stands,
        sinks: &mut C,
        shared: &Shared,
        (first, want, is_read): (u64, usize, bool),
    ) -> usize
    where
        I: Inlets<First = T>,
        F: Fn(Turn, &L, &mut L::Stands, (Slot<T>, ())) -> O,
        C: Sinks<O::Ports>,
        O: SlotList,
    {
        let mut pass = Pass::<_, _, _, _, SAMPLED> {
            fused: self,
            stands,
            sinks,
            first,
            is_read,
            on_fault: shared.on_fault,
            outputs: PhantomData::<fn() -> O>,
        };
        inlets.drain_first(want, first, shared, &mut pass)
    }

    /// Tells a watched run who is at work.
    fn sit(&self, stands: &mut L::Stands, shared: &Shared, items: (u64, u64)) {
        let Some(watch) = &shared.watch else { return };
        let own = self.places.iter().flat_map(Place::nodes);
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

    fn pass<I, C, const SAMPLED: bool>(
        &self,
        inlets: &mut I,
        sinks: &mut C,
        shared: &Shared,
        first: u64,
        want: usize,
    ) -> Option<usize>
    where
        I: Inlets<First = T>,
        C: Sinks<O::Ports>,
    {
        let mut stands = self.regions.open(&self.places, shared, first)?;
        self.sit(&mut stands, shared, (first, first + want as u64 - 1));
        let is_read = !sinks.is_done();
        let began = Instant::now();
        let passed = self.sweep::<_, _, _, _, SAMPLED>(
            inlets,
            &mut stands,
            sinks,
            shared,
            (first, want, is_read),
        );
        let failed = self.regions.close(stands, &self.places, shared, passed);
        let nodes = self.places.iter().flat_map(Place::nodes);
        shared.ledger.spend(nodes, began.elapsed());
        let failed = failed && shared.on_fault == OnFault::Stop;
        let stops = sinks.is_done() && (is_read || failed);
        if stops || sinks.has_panicked() {
            // nobody wants more: the source must not be asked again
            shared.cancel();
        }
        Some(passed)
    }
}

/// A pass: the loop's variables.
struct Pass<'a, L: Regions, F, C, O, const SAMPLED: bool> {
    fused: &'a Fused<L, F>,
    stands: &'a mut L::Stands,
    sinks: &'a mut C,
    first: u64,
    /// Somebody has wanted something when it began.
    is_read: bool,
    on_fault: OnFault,
    outputs: PhantomData<fn() -> O>,
}

impl<T, L, F, C, O, const SAMPLED: bool> Drains<T> for Pass<'_, L, F, C, O, SAMPLED>
where
    L: Regions,
    F: Fn(Turn, &L, &mut L::Stands, (Slot<T>, ())) -> O,
    C: Sinks<O::Ports>,
    O: SlotList,
{
    #[inline(always)]
    fn take(&mut self, position: u64, slot: Slot<T>) -> ControlFlow<()> {
        let turn = Turn {
            round: (position - self.first) as usize,
            sampled: SAMPLED,
        };
        let Fused {
            evaluate, regions, ..
        } = self.fused;
        let slots = evaluate(turn, regions, self.stands, (slot, ()));
        slots.give(self.sinks, self.on_fault)
    }

    fn wants_more(&self) -> bool {
        !(self.sinks.has_panicked() || (self.is_read && self.sinks.is_done()))
    }
}
