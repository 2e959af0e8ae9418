//! The streams that cross a region border, and the typed lists of them.
//!
//! Regions have any number of streams of any types on each side. They stand as nested pairs, `(A, (B, ()))`: two
//! implementations of a trait then serve every length.

use std::marker::PhantomData;

use crate::fault::Fault;
use crate::parking::Parking;
use crate::slot::Slot;
use crate::stride::{Slots, Stride};
use crate::sync::{Arc, Mutex, OnceLock, lock};

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

/// An item that may go to another thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel between threads",
    label = "a stream of `{Self}` reaches another thread here",
    note = "send `Arc` in place of `Rc`, and a `Mutex` in place of a `RefCell`"
)]
pub trait Crosses: Send {}

#[diagnostic::do_not_recommend]
impl<T: Send> Crosses for T {}

/// A stream between two steps of a running pipeline: strides wait here until the step that takes them is due.
pub struct Link<T> {
    strides: Mutex<Parking<Stride<T>>>,
    /// The step that takes from here; set once, when the step is added.
    target: OnceLock<usize>,
}

impl<T> Link<T> {
    pub(crate) fn new() -> Arc<Link<T>> {
        Arc::new(Link {
            strides: Mutex::new(Parking::new()),
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

    pub(crate) fn put(&self, wave: u64, stride: Stride<T>) {
        lock(&self.strides).insert(wave, stride);
    }

    pub(crate) fn take(&self, wave: u64) -> Option<Stride<T>> {
        lock(&self.strides).take(wave)
    }

    pub(crate) fn clear(&self) {
        let strides = lock(&self.strides).clear();
        strides.for_each(crate::unwind::discard);
    }
}

/// `(Port<A>, (Port<B>, ()))`: the streams that enter a region.
pub trait Ports: Copy {
    /// `(Slot<A>, (Slot<B>, ()))`: one slot of each.
    type Slots;
    /// `(Arc<Link<A>>, (Arc<Link<B>>, ()))`.
    type Links: Send + Sync;
    /// The slots of a stride of each.
    type Strides;

    /// Declares `step` the taker of these links; gives their number.
    fn aim(links: &Self::Links, step: usize) -> usize;
    /// Takes the strides of a wave; `None` where the run was cancelled.
    fn take(links: &Self::Links, wave: u64) -> Option<(Self::Strides, Extent)>;
    /// The next slot of each stride.
    fn next(strides: &mut Self::Strides) -> Option<Self::Slots>;
    /// Drops what waits.
    fn clear(links: &Self::Links);
}

/// Which slots a stride holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    pub(crate) first: u64,
    pub(crate) len: usize,
    pub(crate) tail: u64,
}

impl Ports for () {
    type Slots = ();
    type Links = ();
    type Strides = ();

    fn aim(_links: &(), _step: usize) -> usize {
        0
    }
    fn take(_links: &(), _wave: u64) -> Option<((), Extent)> {
        Some(((), Extent::default()))
    }
    #[inline(always)]
    fn next(_strides: &mut ()) -> Option<()> {
        Some(())
    }
    fn clear(_links: &()) {}
}

impl<T: Crosses, R: Ports> Ports for (Port<T>, R) {
    type Slots = (Slot<T>, R::Slots);
    type Links = (Arc<Link<T>>, R::Links);
    type Strides = (Slots<T>, R::Strides);

    fn aim(links: &Self::Links, step: usize) -> usize {
        links.0.aim(step);
        1 + R::aim(&links.1, step)
    }
    fn take(links: &Self::Links, wave: u64) -> Option<(Self::Strides, Extent)> {
        let stride = links.0.take(wave)?;
        let (rest, _) = R::take(&links.1, wave)?;
        let extent = Extent {
            first: stride.first,
            len: stride.len(),
            tail: stride.tail,
        };
        Some(((stride.into_slots(), rest), extent))
    }
    #[inline(always)]
    fn next(strides: &mut Self::Strides) -> Option<Self::Slots> {
        let slot = strides.0.next()?;
        Some((slot, R::next(&mut strides.1)?))
    }
    fn clear(links: &Self::Links) {
        links.0.clear();
        R::clear(&links.1);
    }
}

/// `(Slot<A>, (Slot<B>, ()))`: what a kernel gives for one slot.
pub trait SlotList: Sized {
    /// The streams as ports, for the regions that follow.
    type Ports: Ports<Slots = Self, Links = Self::Links>;
    /// See [`Ports::Links`].
    type Links: Send + Sync;
    /// A stride of each, under construction.
    type Strides;

    /// The ports.
    fn ports() -> Self::Ports;
    /// New links.
    fn links() -> Self::Links;
    /// Empty strides for the slots of `extent`.
    fn strides(extent: Extent) -> Self::Strides;
    /// Adds one slot to each.
    fn push(self, strides: &mut Self::Strides);
    /// The same fault in each.
    fn fault(fault: &Fault) -> Self;
    /// Hands the strides to the links; notes whom that concerns.
    fn put(strides: Self::Strides, links: &Self::Links, wave: u64, arrivals: &mut Vec<usize>);
}

impl SlotList for () {
    type Ports = ();
    type Links = ();
    type Strides = ();

    fn ports() {}
    fn links() {}
    fn strides(_extent: Extent) {}
    #[inline(always)]
    fn push(self, _strides: &mut ()) {}
    fn fault(_fault: &Fault) {}
    fn put(_strides: (), _links: &(), _wave: u64, _arrivals: &mut Vec<usize>) {}
}

impl<T: Crosses, R: SlotList> SlotList for (Slot<T>, R) {
    type Ports = (Port<T>, R::Ports);
    type Links = (Arc<Link<T>>, R::Links);
    type Strides = (Stride<T>, R::Strides);

    fn ports() -> Self::Ports {
        (port(), R::ports())
    }
    fn links() -> Self::Links {
        (Link::new(), R::links())
    }
    fn strides(extent: Extent) -> Self::Strides {
        (
            Stride::with_capacity(extent.first, extent.tail, extent.len),
            R::strides(extent),
        )
    }
    #[inline(always)]
    fn push(self, strides: &mut Self::Strides) {
        strides.0.push(self.0);
        self.1.push(&mut strides.1);
    }
    fn fault(fault: &Fault) -> Self {
        (Slot::Fault(fault.clone()), R::fault(fault))
    }
    fn put(strides: Self::Strides, links: &Self::Links, wave: u64, arrivals: &mut Vec<usize>) {
        links.0.put(wave, strides.0);
        arrivals.push(links.0.target());
        R::put(strides.1, &links.1, wave, arrivals);
    }
}
