//! Bundles: the slots of one stream in a round of a region in which streams have different rates.

use std::array;

use crate::check::{Grouped, Produced, Repeats};
use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::link::{Crosses, Leaving, Port, port};
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

/// The slots of two bundles side by side.
#[inline(always)]
#[must_use]
pub fn zip<A, B, const N: usize>(a: [A; N], b: [B; N]) -> [(A, B); N] {
    let mut b = b.into_iter();
    a.map(|a| (a, there(b.next())))
}

/// The bundles of bundles in a row.
#[inline(always)]
#[must_use]
pub fn flatten<T, const N: usize, const M: usize, const ALL: usize>(
    nested: [[T; M]; N],
) -> [T; ALL] {
    let mut slots = nested.into_iter().flatten();
    array::from_fn(|_| there(slots.next()))
}

/// A bundle, cut into bundles of `M`.
#[inline(always)]
#[must_use]
pub fn chunks<T, const ALL: usize, const N: usize, const M: usize>(
    bundle: [T; ALL],
) -> [[T; M]; N] {
    let mut slots = bundle.into_iter();
    array::from_fn(|_| array::from_fn(|_| there(slots.next())))
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
    fn each(self, take: impl FnMut(Slot<T>)) {
        self.0.into_iter().for_each(take);
    }
    fn fault(fault: &Fault) -> Self {
        Pile((0..N).map(|_| Slot::Fault(fault.clone())).collect())
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

/// The same `N` times. A panic in `Clone` belongs to the node.
#[inline(always)]
pub fn repeated<T: Repeats, const N: usize>(
    slot: Slot<T>,
    cx: &mut Cursor<'_>,
    node: usize,
) -> [Slot<T>; N] {
    let mut last = Some(slot);
    array::from_fn(|at| {
        let slot = if at + 1 == N {
            last.take()
        } else {
            last.as_ref().map(|slot| slot.copy_part(cx, node, T::clone))
        };
        there(slot)
    })
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

/// The port of a stream whose slots are grouped.
#[must_use]
pub fn grouped<T>(_port: Port<T>) -> Port<Vec<T>> {
    port()
}

/// One slot of a group of `N` in a round: no holes are among them.
#[inline(always)]
pub fn group<G, T, const N: usize>(
    bundle: [Slot<T>; N],
    cx: &mut Cursor<'_>,
    node: usize,
) -> Slot<G>
where
    G: Grouped<T, N>,
{
    if bundle.iter().all(|slot| matches!(slot, Slot::Value(_))) {
        return Slot::Value(G::of_array(bundle.map(|slot| match slot {
            Slot::Value(value) => value,
            _ => unreachable!("all are values"),
        })));
    }
    let mut gathering = Gathering::default();
    for slot in bundle {
        gathering.push(slot);
    }
    gathered(gathering.slot(), cx, node)
}

/// A group as the worker takes it.
#[inline(always)]
pub fn gathered<G, T, const N: usize>(
    group: Slot<Vec<T>>,
    cx: &mut Cursor<'_>,
    node: usize,
) -> Slot<G>
where
    G: Grouped<T, N>,
{
    match group {
        Slot::Value(values) => {
            cx.gathered(node, values.len());
            match G::of_vec(values) {
                Ok(group) => Slot::Value(group),
                Err(values) => {
                    let len = values.len();
                    unwind::discard(values);
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
    values: Vec<T>,
    fault: Option<Fault>,
    /// Slots that count, values or not.
    pub(crate) len: u64,
}

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Gathering {
            values: Vec::new(),
            fault: None,
            len: 0,
        }
    }
}

impl<T> Gathering<T> {
    /// Adds a slot; holes are passed over.
    pub(crate) fn push(&mut self, slot: Slot<T>) {
        match slot {
            Slot::Value(value) => self.values.push(value),
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
        self.values.is_empty() && self.fault.is_none()
    }

    /// The slot of the group.
    pub(crate) fn slot(self) -> Slot<Vec<T>> {
        match self.fault {
            Some(fault) => {
                self.values.into_iter().for_each(unwind::discard);
                Slot::Fault(fault)
            }
            None if self.values.is_empty() => Slot::End,
            None => Slot::Value(self.values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_are_cut_and_joined() {
        let flat: [u8; 6] = flatten([[1, 2], [3, 4], [5, 6]]);
        assert_eq!(chunks::<_, 6, 2, 3>(flat), [[1, 2, 3], [4, 5, 6]]);
        assert_eq!(zip([1, 2], ['a', 'b']), [(1, 'a'), (2, 'b')]);
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
        assert!(matches!(gathering.slot(), Slot::Value(values) if values == [1]));
        let mut ends = Gathering::<u8>::default();
        ends.push(Slot::End);
        assert!(ends.is_empty());
        assert!(matches!(ends.slot(), Slot::End));
    }
}
