//! Memory that strides leave behind, for those that come after them on the same link.

use crate::stride::Kind;
use crate::sync::{Mutex, lock};

/// What is left of a stride that has been taken: room.
#[derive(Debug)]
pub(crate) struct Spare<T> {
    pub(crate) values: Vec<T>,
    pub(crate) kinds: Vec<Kind>,
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
        }))
    }
}

impl<T> Spares<T> {
    /// Some, or none to begin with.
    pub(crate) fn take(&self) -> Spare<T> {
        let mut kept = lock(&self.0);
        let Some(spare) = kept.spares.pop() else {
            return Spare {
                values: Vec::new(),
                kinds: Vec::new(),
            };
        };
        kept.room -= spare.room();
        spare
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
        (0..spares).for_each(|_| drop(all.take()));
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
