//! A condition variable that wakes for nothing, as real ones may and hardly ever do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LockResult, MutexGuard, OnceLock, WaitTimeoutResult};
use std::time::Duration;

/// As the standard library's; one wait in five returns for nothing.
#[derive(Debug, Default)]
pub(crate) struct Condvar(std::sync::Condvar);

impl Condvar {
    pub(crate) fn new() -> Condvar {
        Condvar::default()
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        if wakes_for_nothing() {
            return match self.0.wait_timeout(guard, Duration::ZERO) {
                Ok((guard, _)) => Ok(guard),
                Err(poisoned) => Ok(poisoned.into_inner().0),
            };
        }
        self.0.wait(guard)
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let limit = if wakes_for_nothing() {
            Duration::ZERO
        } else {
            limit
        };
        self.0.wait_timeout(guard, limit)
    }
}

/// Draws, from the seed in `PAPY_SEED` on (`SplitMix64`).
fn wakes_for_nothing() -> bool {
    static SEED: OnceLock<u64> = OnceLock::new();
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    let seed = *SEED.get_or_init(|| {
        let given = std::env::var("PAPY_SEED").ok();
        given.and_then(|seed| seed.parse().ok()).unwrap_or(1)
    });
    let drawn = DRAWN.fetch_add(1, Ordering::Relaxed);
    let mut z = seed.wrapping_add(drawn).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)).is_multiple_of(5)
}
