//! A value as it lies in a stride.

use std::cell::Cell;
use std::fmt;

/// A value in which nothing else is written down: an `Option` of it has a tag of its own. An `Option<T>` has it in a spare value of a part of
/// `T`, perhaps of a `bool`, which is then written and read by itself; and who writes parts and reads the whole soon after waits until all has reached
/// the cache, some 5 ns.
pub struct Plain<T>(Cell<T>);

impl<T> Plain<T> {
    #[inline(always)]
    pub(crate) fn new(value: T) -> Plain<T> {
        Plain(Cell::new(value))
    }

    #[inline(always)]
    pub(crate) fn get(self) -> T {
        self.0.into_inner()
    }
}

impl<T> fmt::Debug for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_into_it() {
        assert_eq!(size_of::<Option<bool>>(), size_of::<bool>());
        assert!(size_of::<Option<Plain<bool>>>() > size_of::<bool>());
        assert_eq!(Plain::new(7).get(), 7);
    }
}
