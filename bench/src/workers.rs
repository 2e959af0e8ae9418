//! What the nodes do: the same functions in pipelines, in loops and in threads.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use papy::prelude::*;

use crate::checksum::Checksum;

/// A trivial node. Four of them, so that no two neighbours are alike.
#[worker]
#[inline]
pub fn mix1(x: u64) -> u64 {
    (x.wrapping_mul(3).wrapping_add(1)) ^ (x >> 7)
}

#[worker]
#[inline]
pub fn mix2(x: u64) -> u64 {
    (x.wrapping_mul(5).wrapping_add(3)) ^ (x >> 11)
}

#[worker]
#[inline]
pub fn mix3(x: u64) -> u64 {
    (x.wrapping_mul(9).wrapping_add(5)) ^ (x >> 13)
}

#[worker]
#[inline]
pub fn mix4(x: u64) -> u64 {
    (x.wrapping_mul(17).wrapping_add(7)) ^ (x >> 17)
}

/// All four.
#[inline]
#[must_use]
pub fn four(x: u64) -> u64 {
    mix4(mix3(mix2(mix1(x))))
}

/// Joins two branches.
#[worker]
#[inline]
pub fn both(x: u64, y: u64) -> u64 {
    x.wrapping_add(y.rotate_left(32))
}

/// Drops an item in four.
#[worker]
#[inline]
pub fn three_quarters(x: u64) -> Option<u64> {
    (!x.is_multiple_of(4)).then_some(x)
}

/// Gives two items for one.
#[worker]
#[inline]
pub fn halves(x: u64) -> [u64; 2] {
    [x >> 32, x & 0xFFFF_FFFF]
}

/// Gives eight items for one, one after the other.
#[worker]
#[inline]
pub fn next_eight(x: u64) -> Range<u64> {
    let first = x >> 3;
    first..first + 8
}

/// Could fail, does not.
#[worker]
#[inline]
pub fn sound(x: u64) -> Result<u64, Rejected> {
    if x == u64::MAX {
        return Err(Rejected(x));
    }
    Ok(x ^ (x >> 3))
}

/// Fails for an item in a hundred.
#[worker]
#[inline]
pub fn frail(x: u64) -> Result<u64, Rejected> {
    if x.is_multiple_of(100) {
        return Err(Rejected(x));
    }
    Ok(x ^ (x >> 3))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected(pub u64);

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is rejected", self.0)
    }
}

impl Error for Rejected {}

/// A serial node: its state goes into every item.
#[worker]
#[inline]
pub fn running(state: &mut u64, x: u64) -> u64 {
    *state = state.rotate_left(9) ^ x;
    *state
}

/// Ends a pipeline in a fold.
#[worker]
#[inline]
pub fn checksum(state: &mut Checksum, x: u64) {
    state.add(x);
}
