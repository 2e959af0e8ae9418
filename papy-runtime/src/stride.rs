//! What is scheduled: consecutive slots of a stream.

use crate::fault::Fault;
use crate::places::Places;
use crate::slot::Slot;
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

/// Consecutive slots of one stream. Values lie densely, whatever else there is lies beside them, so that a stream
/// without faults and holes costs no more than a vector.
#[derive(Debug)]
pub struct Stride<T> {
    pub(crate) extent: Extent,
    values: Vec<T>,
    marks: Vec<(usize, Mark)>,
}

#[derive(Debug)]
enum Mark {
    Hole,
    Fault(Fault),
    End,
}

impl Extent {
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
    pub(crate) fn with_capacity(extent: Extent, capacity: usize) -> Stride<T> {
        Stride {
            extent,
            values: Vec::with_capacity(capacity),
            marks: Vec::new(),
        }
    }

    /// How many slots there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len() + self.marks.len()
    }

    /// There is nothing in it that a reader would see.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && !self.has_faults()
    }

    pub(crate) fn has_faults(&self) -> bool {
        self.marks
            .iter()
            .any(|(_, mark)| matches!(mark, Mark::Fault(_)))
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, slot: Slot<T>) {
        match slot {
            Slot::Value(value) => self.values.push(value),
            Slot::Hole => self.mark(Mark::Hole),
            Slot::Fault(fault) => self.mark(Mark::Fault(fault)),
            Slot::End => self.mark(Mark::End),
        }
    }

    fn mark(&mut self, mark: Mark) {
        self.marks.push((self.len(), mark));
    }

    /// Shortens it to `len` slots; gives the values that go.
    pub(crate) fn truncate(&mut self, len: usize) -> Vec<T> {
        let kept_marks = self.marks.partition_point(|(at, _)| *at < len);
        self.marks.truncate(kept_marks);
        let kept = (len - kept_marks).min(self.values.len());
        self.values.split_off(kept)
    }

    pub(crate) fn into_slots(mut self) -> Slots<T> {
        let mut marks = std::mem::take(&mut self.marks).into_iter();
        let mark = marks.next();
        let nowhere = Places::from(0);
        Slots {
            places: std::mem::replace(&mut self.extent.places, nowhere),
            at: 0,
            values: std::mem::take(&mut self.values).into_iter(),
            mark,
            marks,
        }
    }
}

impl<T> Drop for Stride<T> {
    fn drop(&mut self) {
        discard_all(self.values.drain(..));
        discard_all(self.marks.drain(..));
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
    at: usize,
    values: std::vec::IntoIter<T>,
    mark: Option<(usize, Mark)>,
    marks: std::vec::IntoIter<(usize, Mark)>,
}

impl<T> Slots<T> {
    pub(crate) fn empty() -> Slots<T> {
        Stride::with_capacity(Extent::at(0, 0), 0).into_slots()
    }

    /// Source position of the slot that comes next.
    #[inline(always)]
    pub(crate) fn position(&self) -> u64 {
        self.places.at(self.at)
    }

    /// Source position of the slot that came last.
    pub(crate) fn last_position(&self) -> u64 {
        self.places.at(self.at.saturating_sub(1))
    }

    #[cold]
    fn marked(&mut self) -> Option<Slot<T>> {
        let (_, mark) = std::mem::replace(&mut self.mark, self.marks.next())?;
        Some(match mark {
            Mark::Hole => Slot::Hole,
            Mark::Fault(fault) => Slot::Fault(fault),
            Mark::End => Slot::End,
        })
    }
}

impl<T> Drop for Slots<T> {
    fn drop(&mut self) {
        discard_all(self.values.by_ref());
        discard_all(self.mark.take().into_iter());
        discard_all(self.marks.by_ref());
    }
}

impl<T> Iterator for Slots<T> {
    type Item = Slot<T>;

    #[inline(always)]
    fn next(&mut self) -> Option<Slot<T>> {
        let slot = match &self.mark {
            Some((at, _)) if *at == self.at => self.marked(),
            _ => self.values.next().map(Slot::Value),
        };
        self.at += usize::from(slot.is_some());
        slot
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
        let mut stride = Stride::with_capacity(Extent::at(10, 0), 4);
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
    fn positions_count_every_slot() {
        let mut slots = stride().into_slots();
        slots.by_ref().take(3).for_each(drop);
        assert_eq!(slots.position(), 13);
    }

    #[test]
    fn truncation_keeps_the_first_slots() {
        for (len, text) in [
            (0, ""),
            (1, "-"),
            (2, "- 1"),
            (3, "- 1 !12"),
            (4, "- 1 !12 3"),
            (6, "- 1 !12 3 4 ."),
        ] {
            let mut stride = stride();
            stride.truncate(len);
            assert_eq!(show(stride.into_slots()), text);
        }
    }
}
