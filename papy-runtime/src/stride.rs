//! What is scheduled: consecutive slots of a stream.

use crate::fault::Fault;
use crate::loan::{Lends, Loan, put_back};
use crate::places::Places;
use crate::plain::Plain;
use crate::slot::Slot;
use crate::spares::{Spare, Spares};
use crate::sync::Arc;
use crate::unwind;

/// What is known of a stride beside its slots.
#[derive(Debug, Clone)]
pub struct Extent {
    pub(crate) places: Places,
    /// 0 while the input lasts; then 1, 2, … for the rounds in which what was kept back comes out.
    pub(crate) tail: u64,
    /// Items of the inputs that its wave stands for: they are in flight until it has been read.
    pub(crate) charge: u64,
}

/// Consecutive slots of one stream. Values lie densely, and as long as there is nothing else, nothing else is written down: a
/// stream without faults and holes costs no more than a vector.
#[derive(Debug)]
pub struct Stride<T> {
    pub(crate) extent: Extent,
    values: Vec<Plain<T>>,
    /// The last of the values, see `DRAFT`.
    draft: Vec<Plain<T>>,
    /// What each slot is; none where all are values.
    kinds: Vec<Kind>,
    /// Holes at the end that have not been written down.
    holes: usize,
    faults: Vec<Fault>,
    home: Option<Arc<Spares<T>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Value,
    Hole,
    Fault,
    End,
}

impl Extent {
    /// Of a stride that begins at a position of the input, in a wave that stands for so many items.
    pub(crate) fn of(position: u64, charge: u64) -> Extent {
        Extent {
            charge,
            ..Extent::at(position, 0)
        }
    }

    /// Of a stride that begins at a position of the input, in a tail round or in none.
    pub(crate) fn at(position: u64, tail: u64) -> Extent {
        Extent {
            places: Places::from(position),
            tail,
            charge: 0,
        }
    }
}

impl<T> Stride<T> {
    /// Values are written to a draft of so many, which no other thread reads, and from there copied together; 0 where each goes where it belongs at
    /// once.
    ///
    /// Who writes where another thread has just read waits for each line of the cache, and only lines that are in the few dozen stores which a
    /// processor keeps are on their way together: where values are small and written one by one, that takes some 3 ns a value, and a copy 0.2 ns.
    pub(crate) const DRAFT: usize = {
        const BYTES: usize = 2048;
        const LINE: usize = 64;
        match size_of::<T>() {
            0 => 0,
            size if size > LINE => 0,
            size => BYTES / size,
        }
    };

    /// For so many slots, in memory that one before it has left, where there is some.
    pub(crate) fn from_spares(
        spares: &Arc<Spares<T>>,
        extent: Extent,
        capacity: usize,
    ) -> Stride<T> {
        let mut stride = Stride::of_spares(spares, extent, Self::DRAFT > 0);
        stride.values.reserve(capacity);
        stride.draft.reserve(capacity.min(Self::DRAFT));
        stride
    }

    /// For slots most of which are [appended](Stride::append).
    pub(crate) fn gathered(spares: &Arc<Spares<T>>) -> Stride<T> {
        Stride::of_spares(spares, Extent::at(0, 0), false)
    }

    fn of_spares(spares: &Arc<Spares<T>>, extent: Extent, with_draft: bool) -> Stride<T> {
        let (Spare { values, kinds }, draft) = spares.take(with_draft);
        Stride {
            extent,
            values,
            draft,
            kinds,
            holes: 0,
            faults: Vec::new(),
            home: Some(spares.clone()),
        }
    }

    /// How many slots there are.
    pub(crate) fn len(&self) -> usize {
        self.holes + self.noted()
    }

    /// How many there are without the holes at the end.
    fn noted(&self) -> usize {
        if self.kinds.is_empty() {
            self.values.len() + self.draft.len()
        } else {
            self.kinds.len()
        }
    }

    /// There is nothing in it that a reader would see.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.draft.is_empty() && !self.has_faults()
    }

    pub(crate) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, slot: Slot<T>) {
        match slot {
            Slot::Value(value) => {
                if self.holes > 0 {
                    self.note_holes();
                }
                let value = Plain::new(value);
                let tip = self.tip();
                if tip.len() < tip.capacity() {
                    tip.push(value);
                } else {
                    self.push_beyond(value);
                }
                if !self.kinds.is_empty() {
                    self.kinds.push(Kind::Value);
                }
            }
            Slot::Hole => self.holes += 1,
            Slot::End => self.note(Kind::End),
            Slot::Fault(fault) => {
                self.note(Kind::Fault);
                self.faults.push(fault);
            }
        }
    }

    /// Adds values until there are `want` slots; gives whether there are no more.
    pub(crate) fn fill(&mut self, values: &mut impl Iterator<Item = T>, want: usize) -> bool {
        while self.len() < want {
            if self.is_plain() {
                let mut left = want - self.len();
                let mut own = Loan::of(self);
                while left > 0 && own.lent.has_room_for(1) {
                    let Some(value) = values.next() else {
                        return true;
                    };
                    own.lent.add(Slot::Value(value));
                    left -= 1;
                }
                if left == 0 {
                    return false;
                }
            }
            let Some(value) = values.next() else {
                return true;
            };
            self.push(Slot::Value(value));
        }
        false
    }

    /// Whether nothing has been written down of any slot: all so far are values, and then holes.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The vector that values are written to.
    #[inline(always)]
    fn tip(&mut self) -> &mut Vec<Plain<T>> {
        if Self::DRAFT > 0 {
            &mut self.draft
        } else {
            &mut self.values
        }
    }

    /// Writes down that there is something else than a value.
    #[inline]
    fn note(&mut self, kind: Kind) {
        self.note_holes();
        self.kinds.push(kind);
    }

    /// Writes down the holes at the end; with the first, what all before it are.
    #[inline]
    fn note_holes(&mut self) {
        let noted = self.noted();
        self.kinds.resize(noted, Kind::Value);
        self.kinds.resize(noted + self.holes, Kind::Hole);
        self.holes = 0;
    }

    /// Takes off what is behind the first `len` slots.
    pub(crate) fn split_off(&mut self, len: usize) -> Stride<T> {
        self.settle();
        let is_plain = self.is_plain();
        let kinds = self.kinds.split_off(len.min(self.kinds.len()));
        let gone = |kind: Kind| kinds.iter().filter(|other| **other == kind).count();
        let values = if is_plain {
            len.min(self.values.len())
        } else {
            self.values.len() - gone(Kind::Value)
        };
        let faults = self.faults.len() - gone(Kind::Fault);
        Stride {
            extent: self.extent.clone(),
            values: self.values.split_off(values),
            draft: Vec::new(),
            kinds,
            holes: 0,
            faults: self.faults.split_off(faults),
            home: self.home.clone(),
        }
    }

    /// Adds values that come from elsewhere, so that they need no draft.
    pub(crate) fn append(&mut self, more: impl ExactSizeIterator<Item = Plain<T>>) {
        self.settle();
        if !self.is_plain() {
            let noted = self.kinds.len() + more.len();
            self.kinds.resize(noted, Kind::Value);
        }
        // on the stack, so that its length may be in a register
        let mut values = std::mem::take(&mut self.values);
        values.reserve(more.len());
        more.for_each(|value| values.push(value));
        self.values = values;
    }

    /// Adds a value where there is no room for it.
    #[cold]
    #[inline(never)]
    fn push_beyond(&mut self, value: Plain<T>) {
        self.values.append(&mut self.draft);
        self.tip().push(value);
    }

    /// Brings everything where it belongs.
    fn settle(&mut self) {
        if self.holes > 0 {
            self.note_holes();
        }
        self.values.append(&mut self.draft);
    }

    /// Adds what is still in the draft, which is left to the next stride.
    pub(crate) fn finished(mut self) -> Stride<T> {
        self.settle();
        if let Some(home) = &self.home
            && self.draft.capacity() > 0
        {
            home.put_draft(std::mem::take(&mut self.draft));
        }
        self
    }

    pub(crate) fn into_slots(self) -> Slots<T> {
        let mut stride = self.finished();
        let nowhere = Places::from(0);
        Slots {
            len: stride.len(),
            places: std::mem::replace(&mut stride.extent.places, nowhere),
            values: std::mem::take(&mut stride.values).into_iter(),
            others: Others {
                kinds: std::mem::take(&mut stride.kinds),
                at: 0,
                faults: std::mem::take(&mut stride.faults).into_iter(),
            },
            home: stride.home.take(),
        }
    }
}

/// What changes of a stride as long as all that it is given is values, and then holes. There is no call in this, so that it may be in registers.
#[derive(Debug)]
pub struct Tip<T> {
    values: Vec<Plain<T>>,
    holes: usize,
}

impl<T> Tip<T> {
    /// Whether so many values can be [added](Tip::add), behind nothing but values.
    #[inline(always)]
    pub(crate) fn has_room_for(&self, values: usize) -> bool {
        self.holes == 0 && self.values.capacity() - self.values.len() >= values
    }

    /// Adds a value to values, where there is [room](Tip::has_room_for), or a hole to whatever is there.
    #[inline(always)]
    pub(crate) fn add(&mut self, slot: Slot<T>) {
        match slot.known() {
            Some(value) => {
                assert!(self.has_room_for(1), "there is room");
                self.values.push(value);
            }
            None => self.holes += 1,
        }
    }
}

impl<T> Lends for Stride<T> {
    type Lent = Tip<T>;

    #[inline(always)]
    fn lend(&mut self) -> Tip<T> {
        Tip {
            values: std::mem::take(self.tip()),
            holes: self.holes,
        }
    }

    #[inline(always)]
    fn take_back(&mut self, tip: &mut Tip<T>) {
        put_back(self.tip(), &mut tip.values);
        self.holes = tip.holes;
    }
}

impl<T> Drop for Stride<T> {
    fn drop(&mut self) {
        discard_all(self.values.drain(..));
        discard_all(self.draft.drain(..));
        discard_all(self.faults.drain(..));
        if let Some(home) = &self.home {
            self.kinds.clear();
            home.put(Spare {
                values: std::mem::take(&mut self.values),
                kinds: std::mem::take(&mut self.kinds),
            });
        }
    }
}

/// Drops what is left, item by item: where several panic in `Drop`, a vector would end the process.
fn discard_all<T>(mut items: impl ExactSizeIterator<Item = T>) {
    while items.len() > 0 {
        if let Err(payload) = unwind::catch(|| items.by_ref().for_each(drop)) {
            unwind::forget_payload(payload);
        }
    }
}

/// The slots of a stride, one after the other.
#[derive(Debug)]
pub struct Slots<T> {
    places: Places,
    /// How many there were.
    len: usize,
    values: Values<T>,
    others: Others,
    /// Where the memory goes when they have been taken.
    home: Option<Arc<Spares<T>>>,
}

/// What there is beside values.
#[derive(Debug)]
struct Others {
    /// What each slot is; none where all are values.
    kinds: Vec<Kind>,
    /// How many of `kinds` have been taken.
    at: usize,
    faults: std::vec::IntoIter<Fault>,
}

impl Others {
    /// The next slot; its value is taken from `values`.
    #[inline(always)]
    fn next<T>(&mut self, values: &mut Values<T>) -> Option<Slot<T>> {
        if self.kinds.is_empty() {
            values.next().map(|value| Slot::Value(value.get()))
        } else {
            self.next_of_its_kind(values)
        }
    }

    /// The next one, where not all are values.
    #[inline]
    fn next_of_its_kind<T>(&mut self, values: &mut Values<T>) -> Option<Slot<T>> {
        let kind = *self.kinds.get(self.at)?;
        self.at += 1;
        match kind {
            Kind::Value => values.next().map(|value| Slot::Value(value.get())),
            Kind::Hole => Some(Slot::Hole),
            Kind::Fault => self.faults.next().map(Slot::Fault),
            Kind::End => Some(Slot::End),
        }
    }
}

impl<T> Slots<T> {
    pub(crate) fn empty() -> Slots<T> {
        Slots {
            places: Places::from(0),
            len: 0,
            values: Vec::new().into_iter(),
            others: Others {
                kinds: Vec::new(),
                at: 0,
                faults: Vec::new().into_iter(),
            },
            home: None,
        }
    }

    /// Source position of the slot that comes next.
    #[inline(always)]
    pub(crate) fn position(&self) -> u64 {
        self.places.at(self.taken())
    }

    /// Source position of the slot that came last.
    pub(crate) fn last_position(&self) -> u64 {
        self.places.at(self.taken().saturating_sub(1))
    }

    /// How many have been taken.
    pub(crate) fn taken(&self) -> usize {
        if self.others.kinds.is_empty() {
            self.len - self.values.len()
        } else {
            self.others.at
        }
    }

    /// The next one, if all are values.
    #[inline(always)]
    pub(crate) fn next_of_values(&mut self) -> Option<T> {
        if !self.others.kinds.is_empty() {
            return None;
        }
        self.values.next().map(Plain::get)
    }

    /// The next one, where the values have been [lent](Lends::lend).
    #[inline(always)]
    pub(crate) fn next_with(&mut self, values: &mut Values<T>) -> Option<Slot<T>> {
        self.others.next(values)
    }
}

/// The values that have not been taken yet.
pub(crate) type Values<T> = std::vec::IntoIter<Plain<T>>;

impl<T> Lends for Slots<T> {
    type Lent = Values<T>;

    #[inline(always)]
    fn lend(&mut self) -> Values<T> {
        std::mem::take(&mut self.values)
    }

    #[inline(always)]
    fn take_back(&mut self, values: &mut Values<T>) {
        put_back(&mut self.values, values);
    }
}

/// The vector that has been iterated over to its end. One that is collected through an adapter that may leave something out inherits the
/// memory (see *Allocation behavior* at `Vec`'s `FromIterator`); were that not so, it would have none.
fn emptied<T>(values: std::vec::IntoIter<T>) -> Vec<T> {
    values.take(0).collect()
}

impl<T> Drop for Slots<T> {
    fn drop(&mut self) {
        discard_all(self.values.by_ref());
        discard_all(self.others.faults.by_ref());
        if let Some(home) = &self.home {
            let mut kinds = std::mem::take(&mut self.others.kinds);
            kinds.clear();
            home.put(Spare {
                values: emptied(std::mem::take(&mut self.values)),
                kinds,
            });
        }
    }
}

impl<T> Iterator for Slots<T> {
    type Item = Slot<T>;

    #[inline(always)]
    fn next(&mut self) -> Option<Slot<T>> {
        self.others.next(&mut self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, FaultKind};

    fn show(slots: Slots<u32>) -> String {
        slots
            .map(|slot| match slot {
                Slot::Value(value) => value.to_string(),
                Slot::Hole => "-".into(),
                Slot::Fault(fault) => format!("!{}", fault.input()),
                Slot::End => ".".into(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn stride() -> Stride<u32> {
        let mut stride = Stride::from_spares(&Arc::default(), Extent::at(10, 0), 4);
        stride.push(Slot::Hole);
        stride.push(Slot::Value(1));
        stride.push(Slot::Fault(Fault::new(
            &"f".into(),
            12,
            FaultKind::Error,
            "no".into(),
        )));
        stride.push(Slot::Value(3));
        stride.push(Slot::Value(4));
        stride.push(Slot::End);
        stride
    }

    #[test]
    fn slots_come_out_as_they_went_in() {
        assert_eq!(stride().len(), 6);
        assert_eq!(show(stride().into_slots()), "- 1 !12 3 4 .");
    }

    #[test]
    fn what_is_in_the_draft_comes_behind_what_was_there_before() {
        let many = 3 * Stride::<u32>::DRAFT as u32 + 7;
        let mut stride = Stride::from_spares(&Arc::default(), Extent::at(0, 0), 10);
        (0..many).for_each(|n| stride.push(Slot::Value(n)));
        assert_eq!(stride.len(), many as usize);
        stride.push(Slot::Hole);
        (many..2 * many).for_each(|n| stride.push(Slot::Value(n)));
        assert_eq!(stride.len(), 2 * many as usize + 1);
        let slots = stride.finished().into_slots();
        let values = slots.filter_map(|slot| match slot {
            Slot::Value(value) => Some(value),
            _ => None,
        });
        assert!(values.eq(0..2 * many));
    }

    #[test]
    fn holes_are_written_down_when_something_follows() {
        let mut stride = Stride::from_spares(&Arc::default(), Extent::at(0, 0), 10);
        let push = |stride: &mut Stride<u32>, slots: [Slot<u32>; 3]| {
            for slot in slots {
                stride.push(slot);
            }
        };
        push(&mut stride, [Slot::Value(1), Slot::Hole, Slot::Hole]);
        let mut tip = stride.lend();
        assert!(!tip.has_room_for(1));
        stride.take_back(&mut tip);
        assert!(stride.is_plain());
        assert_eq!(stride.len(), 3);
        push(&mut stride, [Slot::Value(2), Slot::Hole, Slot::End]);
        push(&mut stride, [Slot::Value(3), Slot::Hole, Slot::Hole]);
        assert!(!stride.is_plain());
        assert_eq!(stride.len(), 9);
        drop(stride.split_off(8));
        assert_eq!(show(stride.into_slots()), "1 - - 2 - . 3 -");
    }

    #[test]
    fn room_is_known_before_a_value_is_added() {
        fn filled<T: Default>() -> usize {
            let mut stride = Stride::from_spares(&Arc::default(), Extent::at(0, 0), 1000);
            let mut tip = stride.lend();
            while tip.has_room_for(1) && tip.values.len() < 5000 {
                tip.add(Slot::Value(T::default()));
            }
            stride.take_back(&mut tip);
            stride.len()
        }
        assert_eq!(filled::<u64>(), Stride::<u64>::DRAFT);
        assert_eq!(filled::<[u64; 9]>(), 1000, "large ones have no draft");
        assert_eq!(filled::<()>(), 5000, "and what takes no memory has room");
    }

    #[test]
    fn positions_count_every_slot() {
        let mut slots = stride().into_slots();
        slots.by_ref().take(3).for_each(drop);
        assert_eq!(slots.position(), 13);
    }

    #[test]
    fn a_stride_can_be_split_anywhere() {
        for (len, first, rest) in [
            (0, "", "- 1 !12 3 4 ."),
            (1, "-", "1 !12 3 4 ."),
            (2, "- 1", "!12 3 4 ."),
            (3, "- 1 !12", "3 4 ."),
            (4, "- 1 !12 3", "4 ."),
            (6, "- 1 !12 3 4 .", ""),
            (9, "- 1 !12 3 4 .", ""),
        ] {
            let mut stride = stride();
            let split = stride.split_off(len);
            assert_eq!(show(stride.into_slots()), first);
            assert_eq!(show(split.into_slots()), rest);
        }
        let mut values = Stride::gathered(&Arc::default());
        values.append((0..5).map(Plain::new));
        let mut rest = values.split_off(3);
        rest.append((5..7).map(Plain::new));
        assert_eq!(show(values.into_slots()), "0 1 2");
        assert_eq!(show(rest.into_slots()), "3 4 5 6");
    }

    #[test]
    fn values_can_be_appended_to_anything() {
        let mut stride = stride();
        stride.append([7, 8].map(Plain::new).into_iter());
        stride.push(Slot::Hole);
        stride.append(std::iter::once(Plain::new(9)));
        assert_eq!(show(stride.into_slots()), "- 1 !12 3 4 . 7 8 - 9");
    }

    #[test]
    fn a_stride_leaves_its_memory_to_the_next() {
        let spares = Arc::default();
        let mut first = Stride::from_spares(&spares, Extent::at(0, 0), 100);
        (0..100).for_each(|n| first.push(Slot::Value(n)));
        let memory = |stride: &Stride<u32>| {
            [&stride.values, &stride.draft].map(|values| (values.as_ptr(), values.capacity()))
        };
        let before = memory(&first);
        first.into_slots().for_each(drop);
        // asks for nothing, so what it has is what was left
        let next = Stride::<u32>::from_spares(&spares, Extent::at(100, 0), 0);
        assert_eq!(memory(&next), before);
    }
}
