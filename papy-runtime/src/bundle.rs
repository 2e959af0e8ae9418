//! Bundles: the slots of one stream in a round of a region in which streams have different rates.

use std::array;
use std::mem::ManuallyDrop;

use crate::check::{Grouped, Produced, Repeats};
use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::link::{Crosses, Due, Leaving, Port, Takes, port};
use crate::slot::{Slot, Unzip};
use crate::unwind;

/// What is certain to be there: bundles are as long as their types say.
#[inline(always)]
fn there<T>(slot: Option<T>) -> T {
    match slot {
        Some(slot) => slot,
        None => unreachable!("bundles are as long as their types say"),
    }
}

/// The slot of a bundle of one.
#[inline(always)]
#[must_use]
pub fn only<T>([slot]: [T; 1]) -> T {
    slot
}

/// A list `(A, (B, ()))` of columns.
pub trait Columns<const N: usize>: Sized {
    /// `([A; N], ([B; N], ()))`
    type Bundles;
    /// The columns of these rows.
    fn columns(rows: [Self; N]) -> Self::Bundles;
}

impl<const N: usize> Columns<N> for () {
    type Bundles = ();
    fn columns(_rows: [(); N]) {}
}

impl<A, R: Columns<N>, const N: usize> Columns<N> for (A, R) {
    type Bundles = ([A; N], R::Bundles);
    #[inline(always)]
    fn columns(rows: [(A, R); N]) -> Self::Bundles {
        let mut first = rows.map(|(a, rest)| (Some(a), Some(rest)));
        let column = array::from_fn(|at| there(first[at].0.take()));
        (column, R::columns(first.map(|(_, rest)| there(rest))))
    }
}

/// What can be done with a bundle as with a slot.
pub trait Bundle<T> {
    /// The bundle of another type.
    type Of<U>;
    /// See [`Slot::copy_part`].
    fn copy_part<U>(
        &self,
        cx: &mut Cursor<'_>,
        node: usize,
        part: impl FnMut(&T) -> U,
    ) -> Self::Of<U>;
    /// See [`Slot::part`].
    fn part<U>(self, cx: &mut Cursor<'_>, node: usize, part: impl FnMut(T) -> U) -> Self::Of<U>;
}

impl<T, const N: usize> Bundle<T> for [Slot<T>; N] {
    type Of<U> = [Slot<U>; N];
    #[inline(always)]
    fn copy_part<U>(
        &self,
        cx: &mut Cursor<'_>,
        node: usize,
        mut part: impl FnMut(&T) -> U,
    ) -> [Slot<U>; N] {
        self.each_ref()
            .map(|slot| slot.copy_part(cx, node, &mut part))
    }
    #[inline(always)]
    fn part<U>(
        self,
        cx: &mut Cursor<'_>,
        node: usize,
        mut part: impl FnMut(T) -> U,
    ) -> [Slot<U>; N] {
        self.map(|slot| slot.part(cx, node, &mut part))
    }
}

/// Takes the parts of the values of a bundle apart; see [`Slot::split`].
#[inline(always)]
pub fn split<T, H, const N: usize>(
    bundle: [Slot<T>; N],
    mut f: impl FnMut(T) -> H,
) -> <H::Slots as Columns<N>>::Bundles
where
    H: Unzip<Slots: Columns<N>>,
{
    Columns::columns(bundle.map(|slot| slot.split(&mut f)))
}

/// A bundle with more slots than lie well on a stack.
#[derive(Debug)]
pub struct Pile<T, const N: usize>(Vec<Slot<T>>);

impl<T, const N: usize> Pile<T, N> {
    /// Each slot as another.
    #[inline(always)]
    pub fn map<U>(self, f: impl FnMut(Slot<T>) -> Slot<U>) -> Pile<U, N> {
        Pile(self.0.into_iter().map(f).collect())
    }
}

impl<T, const N: usize> Bundle<T> for Pile<T, N> {
    type Of<U> = Pile<U, N>;
    fn copy_part<U>(
        &self,
        cx: &mut Cursor<'_>,
        node: usize,
        mut part: impl FnMut(&T) -> U,
    ) -> Pile<U, N> {
        let slots = self.0.iter();
        Pile(
            slots
                .map(|slot| slot.copy_part(cx, node, &mut part))
                .collect(),
        )
    }
    fn part<U>(self, cx: &mut Cursor<'_>, node: usize, mut part: impl FnMut(T) -> U) -> Pile<U, N> {
        self.map(|slot| slot.part(cx, node, &mut part))
    }
}

impl<T: Crosses, const N: usize> Leaving for Pile<T, N> {
    type Item = T;
    const TIMES: usize = N;
    fn due(&self) -> Due {
        let due = self.0.iter().map(Leaving::due);
        due.reduce(Due::and).unwrap_or(Due::Nothing)
    }
    fn each(self, taker: &mut impl Takes<T>) {
        self.0.into_iter().for_each(|slot| taker.take(slot));
    }
    fn fault(fault: &Fault) -> Self {
        Pile((0..N).map(|_| Slot::Fault(fault.clone())).collect())
    }
}

/// A bundle of few slots that leaves a region: `(Slot<T>, (Slot<T>, ()))`. Of an array the compiler thinks as of memory, of a list as
/// of so many values.
#[derive(Debug)]
pub struct Row<L>(pub L);

/// The slots of a row.
pub trait Slots<T>: Sized {
    /// How many there are.
    const LEN: usize;
    /// What there is to deliver.
    fn due(&self) -> Due;
    /// Gives slot after slot.
    fn each(self, taker: &mut impl Takes<T>);
    /// The same fault in each.
    fn fault(fault: &Fault) -> Self;
}

impl<T> Slots<T> for () {
    const LEN: usize = 0;
    #[inline(always)]
    fn due(&self) -> Due {
        Due::Nothing
    }
    #[inline(always)]
    fn each(self, _taker: &mut impl Takes<T>) {}
    fn fault(_fault: &Fault) {}
}

impl<T: Crosses, R: Slots<T>> Slots<T> for (Slot<T>, R) {
    const LEN: usize = 1 + R::LEN;
    #[inline(always)]
    fn due(&self) -> Due {
        let due = self.0.due();
        if R::LEN == 0 {
            due
        } else {
            due.and(self.1.due())
        }
    }
    #[inline(always)]
    fn each(self, taker: &mut impl Takes<T>) {
        let (slot, rest) = self;
        // Takers don't unwind. Said so: the rest would else be lent to what drops it then, and so be in memory.
        let rest = ManuallyDrop::new(rest);
        taker.take(slot);
        ManuallyDrop::into_inner(rest).each(taker);
    }
    fn fault(fault: &Fault) -> Self {
        (Slot::Fault(fault.clone()), R::fault(fault))
    }
}

impl<T: Crosses, R: Slots<T>> Leaving for Row<(Slot<T>, R)> {
    type Item = T;
    const TIMES: usize = 1 + R::LEN;
    #[inline(always)]
    fn due(&self) -> Due {
        self.0.due()
    }
    #[inline(always)]
    fn each(self, taker: &mut impl Takes<T>) {
        self.0.each(taker);
    }
    fn fault(fault: &Fault) -> Self {
        Row(Slots::fault(fault))
    }
}

/// The slot of a value that is not there, once more.
fn again<T, U>(absent: &Slot<T>) -> Slot<U> {
    match absent {
        Slot::Fault(fault) => Slot::Fault(fault.clone()),
        Slot::End => Slot::End,
        Slot::Hole | Slot::Value(_) => Slot::Hole,
    }
}

/// A slot of each of the `N` values; a fault, a hole or an end is that of each.
#[inline(always)]
pub fn produced<A: Produced<N>, const N: usize>(slot: Slot<A>) -> [Slot<A::Item>; N] {
    match slot {
        Slot::Value(values) => values.array().map(Slot::Value),
        absent => array::from_fn(|_| again(&absent)),
    }
}

/// The same for many.
pub fn produced_pile<A: Produced<N>, const N: usize>(slot: Slot<A>) -> Pile<A::Item, N> {
    Pile(match slot {
        Slot::Value(values) => values.array().into_iter().map(Slot::Value).collect(),
        absent => (0..N).map(|_| again(&absent)).collect(),
    })
}

/// What copies an item that is repeated.
#[inline(always)]
#[must_use]
pub fn repeats<T: Repeats>(_slot: &Slot<T>) -> fn(&T) -> T {
    T::clone
}

/// The same for many.
pub fn repeated_pile<T: Repeats, const N: usize>(
    slot: Slot<T>,
    cx: &mut Cursor<'_>,
    node: usize,
) -> Pile<T, N> {
    let mut slots: Vec<Slot<T>> = (1..N).map(|_| slot.copy_part(cx, node, T::clone)).collect();
    slots.push(slot);
    Pile(slots)
}

/// The bundles of piles in a row.
#[must_use]
pub fn flatten_piles<T, const N: usize, const M: usize, const ALL: usize>(
    piles: [Pile<T, M>; N],
) -> Pile<T, ALL> {
    Pile(piles.into_iter().flat_map(|pile| pile.0).collect())
}

/// A group on its way to its worker. Its items are dropped one by one: where several panic in `Drop`, a vector would end
/// the process.
#[derive(Debug)]
pub struct Group<T>(Vec<T>);

impl<T> Group<T> {
    fn into_values(mut self) -> Vec<T> {
        std::mem::take(&mut self.0)
    }
}

impl<T> Drop for Group<T> {
    fn drop(&mut self) {
        self.0.drain(..).for_each(unwind::discard);
    }
}

/// The port of a stream whose slots are grouped.
#[must_use]
pub fn grouped<T>(_port: Port<T>) -> Port<Group<T>> {
    port()
}

/// A group of `N` values.
#[inline(always)]
pub fn whole_group<G, T, const N: usize>(
    values: [T; N],
    cx: &mut Cursor<'_>,
    node: usize,
) -> Slot<G>
where
    G: Grouped<T, N>,
{
    cx.gathered(node, N);
    Slot::Value(G::of_array(values))
}

/// One slot of a group of `N` in a round, where not all are values.
#[cold]
#[inline(never)]
pub fn group<G, T, const N: usize>(
    bundle: [Slot<T>; N],
    cx: &mut Cursor<'_>,
    node: usize,
) -> Slot<G>
where
    G: Grouped<T, N>,
{
    let mut gathering = Gathering::default();
    for slot in bundle {
        gathering.push(slot);
    }
    gathered(gathering.slot(), cx, node)
}

/// A group as the worker takes it.
#[inline(always)]
pub fn gathered<G, T, const N: usize>(
    group: Slot<Group<T>>,
    cx: &mut Cursor<'_>,
    node: usize,
) -> Slot<G>
where
    G: Grouped<T, N>,
{
    match group {
        Slot::Value(group) => {
            let values = group.into_values();
            cx.gathered(node, values.len());
            match G::of_vec(values) {
                Ok(group) => Slot::Value(group),
                Err(values) => {
                    let len = values.len();
                    drop(Group(values));
                    Slot::Fault(cx.incomplete(node, len, N))
                }
            }
        }
        Slot::Fault(fault) => Slot::Fault(fault),
        Slot::Hole => Slot::Hole,
        Slot::End => Slot::End,
    }
}

/// A group that is being put together.
#[derive(Debug)]
pub(crate) struct Gathering<T> {
    values: Group<T>,
    fault: Option<Fault>,
    /// Slots that count, values or not.
    pub(crate) len: u64,
}

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Gathering {
            values: Group(Vec::new()),
            fault: None,
            len: 0,
        }
    }
}

impl<T> Gathering<T> {
    /// Adds a slot; holes are passed over.
    pub(crate) fn push(&mut self, slot: Slot<T>) {
        match slot {
            Slot::Value(value) => self.values.0.push(value),
            Slot::Fault(fault) => {
                self.fault = Some(match self.fault.take() {
                    Some(first) => first.and(&fault),
                    None => fault,
                });
            }
            Slot::Hole => return,
            Slot::End => {}
        }
        self.len += 1;
    }

    /// There is nothing in it that would make a slot.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.0.is_empty() && self.fault.is_none()
    }

    /// The slot of the group.
    pub(crate) fn slot(self) -> Slot<Group<T>> {
        match self.fault {
            Some(fault) => Slot::Fault(fault),
            None if self.values.0.is_empty() => Slot::End,
            None => Slot::Value(self.values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let (numbers, (letters, ())) = Columns::columns([(1, ('a', ())), (2, ('b', ()))]);
        assert_eq!((numbers, letters), ([1, 2], ['a', 'b']));
    }

    #[test]
    fn groups_pass_holes_over_and_end_early() {
        let mut gathering = Gathering::default();
        for slot in [Slot::Value(1), Slot::Hole, Slot::End] {
            gathering.push(slot);
        }
        assert_eq!(gathering.len, 2);
        assert!(matches!(gathering.slot(), Slot::Value(group) if group.0 == [1]));
        let mut ends = Gathering::<u8>::default();
        ends.push(Slot::End);
        assert!(ends.is_empty());
        assert!(matches!(ends.slot(), Slot::End));
    }
}
