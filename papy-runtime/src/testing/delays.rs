//! Time that items take, by chance and yet the same every time.

use std::time::Duration;

use crate::sync::process::{Instant, thread};

/// How long each item takes, drawn from a seed.
///
/// Workers that wait for them are done in another order for each seed, so that a loop over seeds is a loop over schedules.
/// A failure comes back with its seed, as far as the machine lets it.
///
/// ```
/// use papy_runtime::NumapExt;
/// use papy_runtime::testing::Delays;
/// use std::time::Duration;
///
/// for seed in 0..5 {
///     let delays = Delays::new(seed, Duration::from_micros(50));
///     let shuffled = (0..100).numap(move |x| {
///         delays.pause(x);
///         x
///     });
///     assert!(shuffled.map(Result::unwrap).eq(0..100), "seed {seed}");
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Delays {
    seed: u64,
    longest: Duration,
}

impl Delays {
    /// Delays below `longest`.
    #[must_use]
    pub const fn new(seed: u64, longest: Duration) -> Delays {
        Delays { seed, longest }
    }

    /// Others, for one of several nodes.
    ///
    /// ```
    /// # use papy_runtime::testing::Delays;
    /// # use std::time::Duration;
    /// let delays = Delays::new(7, Duration::from_secs(1));
    /// assert_ne!(delays.at("parse").of(0), delays.at("check").of(0));
    /// assert_eq!(delays.at("parse").of(0), delays.at("parse").of(0));
    /// ```
    #[must_use]
    pub fn at(self, node: &str) -> Delays {
        let seed = node
            .bytes()
            .fold(self.seed, |seed, byte| mixed(seed ^ u64::from(byte)));
        Delays { seed, ..self }
    }

    /// How long item `item` takes.
    #[must_use]
    pub fn of(self, item: u64) -> Duration {
        let share = mixed(self.seed ^ mixed(item)) >> 32;
        self.longest.mul_f64(share as f64 / (1_u64 << 32) as f64)
    }

    /// Sleeps that long.
    pub fn pause(self, item: u64) {
        thread::sleep(self.of(item));
    }

    /// Keeps this thread busy that long.
    ///
    /// ```
    /// # use papy_runtime::testing::Delays;
    /// # use std::time::{Duration, Instant};
    /// let delays = Delays::new(1, Duration::from_micros(100));
    /// let start = Instant::now();
    /// delays.spin(3);
    /// assert!(start.elapsed() >= delays.of(3));
    /// ```
    pub fn spin(self, item: u64) {
        let start = Instant::now();
        while start.elapsed() < self.of(item) {
            std::hint::spin_loop();
        }
    }
}

/// Scatters numbers that lie close together (`SplitMix64`).
fn mixed(n: u64) -> u64 {
    let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_cover_their_range() {
        let delays = Delays::new(1, Duration::from_millis(1));
        let mut all: Vec<_> = (0..1000).map(|item| delays.of(item).as_micros()).collect();
        all.sort_unstable();
        assert!(all[0] < 10 && all[999] >= 990 && all[999] < 1000);
        assert!((400..600).contains(&all[500]));
    }
}
