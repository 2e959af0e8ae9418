//! Memory that strides leave behind, for those that come after them on the same link.

use crate::stride::Kind;
use crate::sync::{Mutex, lock};

/// What is left of a stride that has been taken: room.
#[derive(Debug)]
pub(crate) struct Spare<T> {
    pub(crate) values: Vec<T>,
    pub(crate) kinds: Vec<Kind>,
}

/// The memory of a link's strides, from when one has been taken until another is begun. So a run that is on its way allocates next to nothing,
/// and no memory goes from the allocator of one thread to that of another, which gives it back to the system to ask for it again.
#[derive(Debug)]
pub struct Spares<T>(Mutex<Vec<Spare<T>>>);

/// So many are kept: as many as there are waves in a buffer, about. What is under way is bounded by the buffer, and so is this.
const KEPT: usize = 8;

impl<T> Default for Spares<T> {
    fn default() -> Spares<T> {
        Spares(Mutex::new(Vec::with_capacity(KEPT)))
    }
}

impl<T> Spares<T> {
    /// Some, or none to begin with.
    pub(crate) fn take(&self) -> Spare<T> {
        lock(&self.0).pop().unwrap_or(Spare {
            values: Vec::new(),
            kinds: Vec::new(),
        })
    }

    /// Keeps it, if there are not enough.
    pub(crate) fn put(&self, spare: Spare<T>) {
        let mut kept = lock(&self.0);
        let unwanted = if kept.len() < KEPT {
            kept.push(spare);
            None
        } else {
            Some(spare)
        };
        // the allocator has locks of its own
        drop(kept);
        drop(unwanted);
    }
}
