//! The streams that cross a region border, and the typed lists of them.
//!
//! Regions have any number of streams of any types on each side. They stand as nested pairs, `(A, (B, ()))`: two
//! implementations of a trait then serve every length.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::ControlFlow;

use crate::fault::Fault;
use crate::lineage::Lineage;
use crate::loan::{Lends, Loan};
use crate::parking::Parking;
use crate::region::RegionSpec;
use crate::shared::OnFault;
use crate::sink::Sinks;
use crate::slot::Slot;
use crate::spares::Spares;
use crate::stride::{Extent, Slots, Stride, Tip, Values};
use crate::sync::{Arc, Mutex, OnceLock, lock};
use crate::unwind;

/// A stream between regions, as generated code knows it: its type and nothing else.
#[derive(Debug)]
pub struct Port<T>(PhantomData<fn() -> T>);

impl<T> Clone for Port<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Port<T> {}

/// The port of an input.
#[must_use]
pub fn port<T>() -> Port<T> {
    Port(PhantomData)
}

/// A stream of which a region takes `N` slots in each round.
#[derive(Debug)]
pub struct Many<T, const N: usize>(PhantomData<fn() -> T>);

impl<T, const N: usize> Clone for Many<T, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const N: usize> Copy for Many<T, N> {}

/// The same stream, `N` slots at a time.
#[must_use]
pub fn many<T, const N: usize>(_port: Port<T>) -> Many<T, N> {
    Many(PhantomData)
}

/// An item that may go to another thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel between threads",
    label = "a stream of `{Self}` reaches another thread here",
    note = "all that is in it must be `Send`: `Arc` in place of `Rc`, a `Mutex` in place of a `RefCell`"
)]
pub trait Crosses: Send {}

#[diagnostic::do_not_recommend]
impl<T: Send> Crosses for T {}

/// A stream between two steps of a running pipeline: strides wait here until the step that takes them is due.
pub struct Link<T> {
    pub(crate) lineage: Lineage,
    strides: Mutex<Parking<Stride<T>>>,
    spares: Arc<Spares<T>>,
    /// The step that takes from here; set once, when the step is added.
    target: OnceLock<usize>,
}

impl<T> Link<T> {
    pub(crate) fn new(lineage: Lineage) -> Arc<Link<T>> {
        Arc::new(Link {
            lineage,
            strides: Mutex::new(Parking::new()),
            spares: Arc::default(),
            target: OnceLock::new(),
        })
    }

    pub(crate) fn aim(&self, step: usize) {
        assert!(self.target.set(step).is_ok(), "a link has one target");
    }

    pub(crate) fn target(&self) -> usize {
        *self
            .target
            .get()
            .expect("every link has a target before the run starts")
    }

    /// A stride to be filled and put here.
    pub(crate) fn stride(&self, extent: Extent, capacity: usize) -> Stride<T> {
        Stride::from_spares(&self.spares, extent, capacity)
    }

    /// The same, for what comes from elsewhere.
    pub(crate) fn gathered(&self) -> Stride<T> {
        Stride::gathered(&self.spares)
    }

    pub(crate) fn put(&self, wave: u64, stride: Stride<T>) {
        let stride = stride.finished();
        lock(&self.strides).insert(wave, stride);
    }

    pub(crate) fn take(&self, wave: u64) -> Option<Stride<T>> {
        lock(&self.strides).take(wave)
    }

    pub(crate) fn clear(&self) {
        let strides = lock(&self.strides).clear();
        strides.for_each(unwind::discard);
    }
}

/// One of the streams that enter a region: `Port<T>`, or `Many<T, N>`.
pub trait Entry: Copy {
    /// What flows.
    type Item: Crosses;
    /// The slots of a round.
    type Round;
    /// How many there are.
    const EACH: usize;
    /// The next round.
    fn next(slots: &mut Slots<Self::Item>, values: &mut Values<Self::Item>) -> Option<Self::Round>;
    /// A round of holes.
    fn holes() -> Self::Round;
    /// The port.
    fn new() -> Self;
}

impl<T: Crosses> Entry for Port<T> {
    type Item = T;
    type Round = Slot<T>;
    const EACH: usize = 1;
    #[inline(always)]
    fn next(slots: &mut Slots<T>, values: &mut Values<T>) -> Option<Slot<T>> {
        slots.next_with(values)
    }
    fn holes() -> Slot<T> {
        Slot::Hole
    }
    fn new() -> Self {
        port()
    }
}

impl<T: Crosses, const N: usize> Entry for Many<T, N> {
    type Item = T;
    type Round = [Slot<T>; N];
    const EACH: usize = N;
    #[inline(always)]
    fn next(slots: &mut Slots<T>, values: &mut Values<T>) -> Option<[Slot<T>; N]> {
        let first = slots.next_with(values)?;
        let mut first = Some(first);
        // strides hold whole rounds
        Some(std::array::from_fn(|_| {
            let slot = first.take().or_else(|| slots.next_with(values));
            slot.unwrap_or(Slot::End)
        }))
    }
    fn holes() -> [Slot<T>; N] {
        [const { Slot::Hole }; N]
    }
    fn new() -> Self {
        Many(PhantomData)
    }
}

/// The rounds of a stride.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    pub(crate) len: usize,
    /// Slots in each.
    pub(crate) each: usize,
}

/// `(Port<A>, (Port<B>, ()))`: the streams that enter a region, or leave a pipeline.
pub trait Ports: Copy {
    /// What the first brings.
    type First;
    /// The others.
    type Rest: Ports;
    /// `(Slot<A>, (Slot<B>, ()))`: a round of each.
    type Slots;
    /// `(Arc<Link<A>>, (Arc<Link<B>>, ()))`.
    type Links: Send + Sync;
    /// The slots of a stride of each.
    type Strides: Lends;

    /// The ports.
    fn ports() -> Self;
    /// Declares `step` the taker of these links; gives their number.
    fn aim(links: &Self::Links, step: usize) -> usize;
    /// What is known of the links, and how many slots of each make a round.
    fn lineages(links: &Self::Links, found: &mut Vec<(Lineage, u64)>);
    /// Takes the strides of a wave; `None` where the run was cancelled. Tells what is known of each, and how many rounds it has.
    fn take(
        links: &Self::Links,
        wave: u64,
        tell: &mut impl FnMut(&Extent, Rounds),
    ) -> Option<Self::Strides>;
    /// The next round of each stride.
    fn next(strides: &mut Self::Strides) -> Option<Self::Slots> {
        let Loan { from, lent } = &mut Loan::of(strides);
        Self::next_with(from, lent)
    }
    /// The same, where the values have been lent.
    fn next_with(
        strides: &mut Self::Strides,
        values: &mut <Self::Strides as Lends>::Lent,
    ) -> Option<Self::Slots>;
    /// How many rounds have been taken.
    fn taken(strides: &Self::Strides) -> usize;
    /// A round of holes.
    fn holes() -> Self::Slots;
    /// Drops what waits.
    fn clear(links: &Self::Links);
}

impl Ports for () {
    type First = Infallible;
    type Rest = ();
    type Slots = ();
    type Links = ();
    type Strides = ();

    fn ports() {}
    fn aim(_links: &(), _step: usize) -> usize {
        0
    }
    fn lineages(_links: &(), _found: &mut Vec<(Lineage, u64)>) {}
    fn take(_links: &(), _wave: u64, _tell: &mut impl FnMut(&Extent, Rounds)) -> Option<()> {
        Some(())
    }
    #[inline(always)]
    fn next_with(_strides: &mut (), _values: &mut ()) -> Option<()> {
        Some(())
    }
    fn taken(_strides: &()) -> usize {
        0
    }
    fn holes() {}
    fn clear(_links: &()) {}
}

impl<E: Entry, R: Ports> Ports for (E, R) {
    type First = E::Item;
    type Rest = R;
    type Slots = (E::Round, R::Slots);
    type Links = (Arc<Link<E::Item>>, R::Links);
    type Strides = (Slots<E::Item>, R::Strides);

    fn ports() -> Self {
        (E::new(), R::ports())
    }
    fn aim(links: &Self::Links, step: usize) -> usize {
        links.0.aim(step);
        1 + R::aim(&links.1, step)
    }
    fn lineages(links: &Self::Links, found: &mut Vec<(Lineage, u64)>) {
        found.push((links.0.lineage, E::EACH as u64));
        R::lineages(&links.1, found);
    }
    fn take(
        links: &Self::Links,
        wave: u64,
        tell: &mut impl FnMut(&Extent, Rounds),
    ) -> Option<Self::Strides> {
        let stride = links.0.take(wave)?;
        let rounds = Rounds {
            len: stride.len() / E::EACH,
            each: E::EACH,
        };
        tell(&stride.extent, rounds);
        let rest = R::take(&links.1, wave, tell)?;
        Some((stride.into_slots(), rest))
    }
    #[inline(always)]
    fn next_with(
        strides: &mut Self::Strides,
        values: &mut <Self::Strides as Lends>::Lent,
    ) -> Option<Self::Slots> {
        let slot = E::next(&mut strides.0, &mut values.0)?;
        Some((slot, R::next_with(&mut strides.1, &mut values.1)?))
    }
    fn taken(strides: &Self::Strides) -> usize {
        strides.0.taken() / E::EACH
    }
    fn holes() -> Self::Slots {
        (E::holes(), R::holes())
    }
    fn clear(links: &Self::Links) {
        links.0.clear();
        R::clear(&links.1);
    }
}

/// What takes slots; it doesn't unwind. (A closure could do so, too, but whether it is inlined where items are trivial would be up to LLVM.)
pub trait Takes<T> {
    /// Takes the next one.
    fn take(&mut self, slot: Slot<T>);
}

impl<T> Takes<T> for Stride<T> {
    #[inline(always)]
    fn take(&mut self, slot: Slot<T>) {
        self.push(slot);
    }
}

impl<T> Takes<T> for Tip<T> {
    #[inline(always)]
    fn take(&mut self, slot: Slot<T>) {
        self.add(slot);
    }
}

/// Hands slots to the first of some sinks, which are those of the outputs `P`.
struct Delivery<'a, C, P, const OPEN: bool> {
    sinks: &'a mut C,
    outputs: PhantomData<fn() -> P>,
    on_fault: OnFault,
    went: ControlFlow<()>,
}

impl<P: Ports, C: Sinks<P>, const OPEN: bool> Takes<P::First> for Delivery<'_, C, P, OPEN> {
    #[inline(always)]
    fn take(&mut self, slot: Slot<P::First>) {
        if OPEN && self.went.is_break() {
            // it was open, and has panicked at a slot of the same bundle
            unwind::discard(slot);
        } else if self.sinks.take::<OPEN>(self.on_fault, slot).is_break() {
            self.went = ControlFlow::Break(());
        }
    }
}

/// What there is to deliver in some slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// Holes and ends only.
    Nothing,
    /// Values; of another stream nothing, perhaps.
    Values,
    /// A fault, at least, or values and holes of one stream.
    Others,
}

impl Due {
    /// Of two slots of one stream.
    #[inline(always)]
    pub(crate) fn and(self, other: Due) -> Due {
        if self == other { self } else { Due::Others }
    }
}

/// What a kernel gives of one stream for a round: a slot, a bundle of them, or what is still to be spread.
pub trait Leaving: Sized {
    /// What flows.
    type Item: Crosses;
    /// How many slots there are.
    const TIMES: usize;
    /// What there is to deliver.
    fn due(&self) -> Due;
    /// Whether the slots are some that can be added at once.
    #[inline(always)]
    fn fits(&self, tip: &Tip<Self::Item>) -> bool {
        self.due() == Due::Values && tip.has_room_for(Self::TIMES)
    }
    /// Gives slot after slot.
    fn each(self, taker: &mut impl Takes<Self::Item>);
    /// The same fault in each.
    fn fault(fault: &Fault) -> Self;
}

impl<T: Crosses> Leaving for Slot<T> {
    type Item = T;
    const TIMES: usize = 1;
    #[inline(always)]
    fn due(&self) -> Due {
        match self {
            Slot::Value(_) => Due::Values,
            Slot::Hole | Slot::End => Due::Nothing,
            Slot::Fault(_) => Due::Others,
        }
    }
    #[inline(always)]
    fn fits(&self, tip: &Tip<T>) -> bool {
        match self {
            Slot::Value(_) => tip.has_room_for(1),
            Slot::Hole => true,
            Slot::Fault(_) | Slot::End => false,
        }
    }
    #[inline(always)]
    fn each(self, taker: &mut impl Takes<T>) {
        taker.take(self);
    }
    fn fault(fault: &Fault) -> Self {
        Slot::Fault(fault.clone())
    }
}

impl<T: Crosses, const N: usize> Leaving for [Slot<T>; N] {
    type Item = T;
    const TIMES: usize = N;
    #[inline(always)]
    fn due(&self) -> Due {
        let due = self.iter().map(Leaving::due);
        due.reduce(Due::and).unwrap_or(Due::Nothing)
    }
    #[inline(always)]
    fn each(mut self, taker: &mut impl Takes<T>) {
        // by index: few and known, so the loop becomes straight lines
        for slot in &mut self {
            taker.take(std::mem::replace(slot, Slot::Hole));
        }
    }
    fn fault(fault: &Fault) -> Self {
        std::array::from_fn(|_| Slot::Fault(fault.clone()))
    }
}

/// `(Slot<A>, (Slot<B>, ()))`: what a kernel gives for one round.
pub trait SlotList: Sized {
    /// The streams as ports, for the regions that follow.
    type Ports: Ports<Links = Self::Links>;
    /// See [`Ports::Links`].
    type Links: Send + Sync;
    /// A stride of each, under construction.
    type Strides: Lends;
    /// Slots of one stream, at most.
    const MOST: usize;

    /// The ports.
    fn ports() -> Self::Ports;
    /// New links for what is known of a round and of the streams that enter, from number `out` on.
    fn links(
        spec: &RegionSpec,
        round: Lineage,
        entering: &[(Lineage, u64)],
        out: usize,
    ) -> Self::Links;
    /// Empty strides for `rounds` rounds.
    fn strides(links: &Self::Links, extent: &Extent, rounds: usize) -> Self::Strides;
    /// Whether all slots so far are values, and then holes.
    fn are_plain(strides: &Self::Strides) -> bool;
    /// Whether they can be added at once.
    fn fit(&self, tips: &<Self::Strides as Lends>::Lent) -> bool;
    /// Adds the slots of one round to each, where they fit.
    fn add(self, tips: &mut <Self::Strides as Lends>::Lent);
    /// Adds the slots of one round to each.
    fn push(self, strides: &mut Self::Strides);
    /// The same fault in each.
    fn fault(fault: &Fault) -> Self;
    /// What there is to deliver.
    fn due(&self) -> Due;
    /// Delivers the slots in place, where all sinks are `OPEN` or not; breaks where not all were taken, see `Sinks::take`.
    fn give<C: Sinks<Self::Ports>, const OPEN: bool>(
        self,
        sinks: &mut C,
        on_fault: OnFault,
    ) -> ControlFlow<()>;
    /// Hands the strides to the links; notes whom that concerns.
    fn put(strides: Self::Strides, links: &Self::Links, wave: u64, arrivals: &mut Vec<usize>);
}

impl SlotList for () {
    type Ports = ();
    type Links = ();
    type Strides = ();
    const MOST: usize = 0;

    fn ports() {}
    fn links(_spec: &RegionSpec, _round: Lineage, _entering: &[(Lineage, u64)], _out: usize) {}
    fn strides(_links: &(), _extent: &Extent, _rounds: usize) {}
    fn are_plain(_strides: &()) -> bool {
        true
    }
    #[inline(always)]
    fn fit(&self, _tips: &()) -> bool {
        true
    }
    #[inline(always)]
    fn add(self, _tips: &mut ()) {}
    #[inline(always)]
    fn push(self, _strides: &mut ()) {}
    fn fault(_fault: &Fault) {}
    #[inline(always)]
    fn due(&self) -> Due {
        Due::Nothing
    }
    #[inline(always)]
    fn give<C: Sinks<()>, const OPEN: bool>(
        self,
        _sinks: &mut C,
        _on_fault: OnFault,
    ) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn put(_strides: (), _links: &(), _wave: u64, _arrivals: &mut Vec<usize>) {}
}

impl<X: Leaving, R: SlotList> SlotList for (X, R) {
    type Ports = (Port<X::Item>, R::Ports);
    type Links = (Arc<Link<X::Item>>, R::Links);
    type Strides = (Stride<X::Item>, R::Strides);
    const MOST: usize = if X::TIMES > R::MOST {
        X::TIMES
    } else {
        R::MOST
    };

    fn ports() -> Self::Ports {
        (port(), R::ports())
    }
    fn links(
        spec: &RegionSpec,
        round: Lineage,
        entering: &[(Lineage, u64)],
        out: usize,
    ) -> Self::Links {
        let leaving = spec.leaving(round, entering, out).times(X::TIMES as u64);
        (Link::new(leaving), R::links(spec, round, entering, out + 1))
    }
    fn strides(links: &Self::Links, extent: &Extent, rounds: usize) -> Self::Strides {
        let own = Extent {
            places: extent.places.times(X::TIMES),
            ..*extent
        };
        (
            links.0.stride(own, rounds * X::TIMES),
            R::strides(&links.1, extent, rounds),
        )
    }
    fn are_plain(strides: &Self::Strides) -> bool {
        strides.0.is_plain() && R::are_plain(&strides.1)
    }
    #[inline(always)]
    fn fit(&self, tips: &<Self::Strides as Lends>::Lent) -> bool {
        self.0.fits(&tips.0) && self.1.fit(&tips.1)
    }
    #[inline(always)]
    fn add(self, tips: &mut <Self::Strides as Lends>::Lent) {
        let (slots, rest) = self;
        let rest = ManuallyDrop::new(rest);
        slots.each(&mut tips.0);
        ManuallyDrop::into_inner(rest).add(&mut tips.1);
    }
    #[inline(always)]
    fn push(self, strides: &mut Self::Strides) {
        let (slots, rest) = self;
        let rest = ManuallyDrop::new(rest);
        slots.each(&mut strides.0);
        ManuallyDrop::into_inner(rest).push(&mut strides.1);
    }
    fn fault(fault: &Fault) -> Self {
        (X::fault(fault), R::fault(fault))
    }
    #[inline(always)]
    fn due(&self) -> Due {
        self.0.due().max(self.1.due())
    }
    #[inline(always)]
    fn give<C: Sinks<Self::Ports>, const OPEN: bool>(
        self,
        sinks: &mut C,
        on_fault: OnFault,
    ) -> ControlFlow<()> {
        let mut delivery = Delivery::<_, Self::Ports, OPEN> {
            sinks: &mut *sinks,
            outputs: PhantomData,
            on_fault,
            went: ControlFlow::Continue(()),
        };
        let (slots, rest) = self;
        let rest = ManuallyDrop::new(rest);
        slots.each(&mut delivery);
        let went = delivery.went;
        let rest = ManuallyDrop::into_inner(rest).give::<_, OPEN>(sinks.rest(), on_fault);
        if went.is_break() { went } else { rest }
    }
    fn put(strides: Self::Strides, links: &Self::Links, wave: u64, arrivals: &mut Vec<usize>) {
        links.0.put(wave, strides.0);
        arrivals.push(links.0.target());
        R::put(strides.1, &links.1, wave, arrivals);
    }
}
