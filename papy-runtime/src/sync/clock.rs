//! A clock for models: it moves when it is read, by what the face says, so that a schedule can be played again.

use std::cell::Cell;
use std::ops::{Add, Sub};
use std::time::Duration;

use super::tick;

std::thread_local! {
    // of the real thread, which a model runs all of its own on
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// As the standard library's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Instant {
        advance(tick());
        Instant(NOW.get())
    }

    pub(crate) fn elapsed(self) -> Duration {
        Instant::now().0 - self.0
    }

    pub(crate) fn checked_add(self, time: Duration) -> Option<Instant> {
        self.0.checked_add(time).map(Instant)
    }

    pub(crate) fn saturating_duration_since(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, time: Duration) -> Instant {
        Instant(self.0 + time)
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

/// Lets time pass.
pub(crate) fn advance(time: Duration) {
    NOW.set(NOW.get() + time);
}
