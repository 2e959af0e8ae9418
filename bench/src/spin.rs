//! Work that takes a known time.

use std::hint::black_box;
use std::time::{Duration, Instant};

use papy::prelude::*;

/// `rounds` steps of integer arithmetic, each of which needs the one before.
#[worker]
#[inline(never)]
pub fn spin(x: u64, #[param] rounds: u32) -> u64 {
    (0..rounds).fold(x, |x, _| (x.wrapping_mul(3).wrapping_add(1)) ^ (x >> 7))
}

/// Half of `rounds`, or for an item in a hundred a hundred times as much.
#[worker]
pub fn uneven(x: u64, #[param] rounds: u32) -> u64 {
    let rounds = match x % 100 {
        0 => rounds * 50,
        _ => rounds / 2,
    };
    spin(x, rounds)
}

/// How many rounds of [`spin`] take `target`, on this machine, undisturbed.
#[must_use]
pub fn calibrate(target: Duration) -> u32 {
    const TRIALS: u32 = 300;
    const ROUNDS: u32 = 100_000;
    let trial = |seed| {
        let began = Instant::now();
        black_box(spin(black_box(seed), black_box(ROUNDS)));
        began.elapsed()
    };
    let best = (0..TRIALS).map(|seed| trial(seed.into())).min();
    let best = best.expect("there are trials").as_secs_f64();
    ((target.as_secs_f64() * f64::from(ROUNDS) / best) as u32).max(1)
}
