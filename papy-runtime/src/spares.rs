//! Memory that strides leave behind, for those that come after them on the same link.

use crate::plain::Plain;
use crate::stride::Kind;
use crate::sync::{Mutex, lock};

/// What is left of a stride: room.
#[derive(Debug)]
pub(crate) struct Spare<T> {
    pub(crate) values: Vec<Plain<T>>,
    pub(crate) kinds: Vec<Kind>,
}

impl<T> Default for Spare<T> {
    fn default() -> Spare<T> {
        Spare {
            values: Vec::new(),
            kinds: Vec::new(),
        }
    }
}

impl<T> Spare<T> {
    /// Values for which there is room in memory.
    fn room(&self) -> usize {
        if size_of::<T>() == 0 {
            0
        } else {
            self.values.capacity()
        }
    }
}

/// The memory of a link's strides, from when one has been taken until another is begun. So a run that is on its way allocates next to nothing,
/// and no memory goes from the allocator of one thread to that of another, which gives it back to the system to ask for it again.
#[derive(Debug)]
pub struct Spares<T>(Mutex<Kept<T>>);

#[derive(Debug)]
struct Kept<T> {
    spares: Vec<Spare<T>>,
    /// Values for which there is room in them.
    room: usize,
    /// Room to write to, one for each thread that does so at the same time.
    drafts: Vec<Vec<Plain<T>>>,
}

/// Room for so many values is kept: as many as there are in a buffer, about. What is under way is bounded by the buffer, and so is this.
const ROOM: usize = 4096;
/// So many spares are kept, whatever their room.
const FEW: usize = 8;

impl<T> Default for Spares<T> {
    fn default() -> Spares<T> {
        Spares(Mutex::new(Kept {
            spares: Vec::with_capacity(FEW),
            room: 0,
            drafts: Vec::with_capacity(FEW),
        }))
    }
}

impl<T> Spares<T> {
    /// What a stride of up to so many slots is written with: where it goes, and a draft; none to begin with.
    pub(crate) fn take(&self, with_draft: bool) -> (Spare<T>, Vec<Plain<T>>) {
        let mut kept = lock(&self.0);
        let spare = kept.spares.pop().unwrap_or_default();
        kept.room -= spare.room();
        let draft = with_draft.then(|| kept.drafts.pop()).flatten();
        (spare, draft.unwrap_or_default())
    }

    /// Keeps a draft for the next stride.
    pub(crate) fn put_draft(&self, draft: Vec<Plain<T>>) {
        let mut kept = lock(&self.0);
        let unwanted = if kept.drafts.len() < FEW {
            kept.drafts.push(draft);
            None
        } else {
            Some(draft)
        };
        drop(kept);
        drop(unwanted);
    }

    /// Keeps it, if there is not enough.
    pub(crate) fn put(&self, spare: Spare<T>) {
        let mut kept = lock(&self.0);
        let room = kept.room + spare.room();
        let unwanted = if kept.spares.len() < FEW || room <= ROOM {
            kept.room = room;
            kept.spares.push(spare);
            None
        } else {
            Some(spare)
        };
        // the allocator has locks of its own
        drop(kept);
        drop(unwanted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spare<T>(room: usize) -> Spare<T> {
        Spare {
            values: Vec::with_capacity(room),
            kinds: Vec::new(),
        }
    }

    /// How many of so many spares are kept.
    fn kept<T>(spares: usize, room: usize) -> usize {
        let all = Spares::<T>::default();
        (0..spares).for_each(|_| all.put(spare(room)));
        let kept = lock(&all.0).spares.len();
        (0..spares).for_each(|_| drop(all.take(false)));
        assert_eq!(lock(&all.0).room, 0);
        kept
    }

    #[test]
    fn room_for_a_buffer_is_kept() {
        assert_eq!(kept::<u64>(100, 4096), FEW);
        assert_eq!(kept::<u64>(100, 64), ROOM / 64);
        assert_eq!(kept::<()>(100, 64), 100, "which takes no memory");
    }
}
