//! The lints of a strict crate.

#![deny(warnings, missing_docs, clippy::pedantic, unused_qualifications, unreachable_pub)]

use papy::prelude::*;

/// Doubles.
#[worker]
pub fn double(x: u64) -> u64 {
    x * 2
}

/// Sums.
#[worker]
fn total(total: &mut u64, x: u64) {
    *total += x;
}

pipeline! {
    /// Documented.
    pub fn documented(numbers: Stream<u64>, floor: u64, _unused: u8) -> (Stream<u64>, Stream<u64>) {
        let doubled = numbers >> double.named("twice");
        let high = (doubled, numbers) >> (|x, y| (x > floor).then_some(x + y)).filter();
        let _dropped = numbers >> double;
        let total = high >> total.fold();
        (high, total)
    }
}

fn main() {
    documented([1, 2], 3, 0).run();
}
