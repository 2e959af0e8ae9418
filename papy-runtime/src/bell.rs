//! How a thread that has nothing to do is woken.

use std::time::Duration;

use crate::sync::{AtomicBool, Condvar, Mutex, Ordering, linger, lock, wait, wait_for};

/// A sticky wake-up. Whoever rings before the sleeper lies down makes it stay up: the sleeper *hears* (takes the ring)
/// before it looks for work, so a ring that comes after the look finds the bell silent and is kept for `sleep`.
///
/// Between hearing and hearing only the first ring has anything to do: it wakes the sleeper, others need not. Each ring is a swap, and so
/// is hearing, which thereby sees all that came before any of them.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: AtomicBool,
    asleep: Mutex<bool>,
    wake: Condvar,
}

impl Bell {
    /// Wakes the sleeper, or keeps it from falling asleep.
    pub(crate) fn ring(&self) {
        // under the lock: who is about to sleep has either seen the ring, or is asleep
        if !self.rung.swap(true, Ordering::SeqCst) && *lock(&self.asleep) {
            self.wake.notify_one();
        }
    }

    /// Takes the ring. What is true from here on is looked at afterwards, or rings again.
    pub(crate) fn hear(&self) {
        self.rung.swap(false, Ordering::SeqCst);
    }

    /// Sleeps until the next ring, at most `limit`.
    pub(crate) fn sleep(&self, limit: Option<Duration>) {
        if !linger(|| self.has_rung()) {
            self.lie_down(limit);
        }
    }

    /// As [`sleep`](Bell::sleep), for who does not expect a ring soon.
    pub(crate) fn nap(&self, limit: Duration) {
        self.lie_down(Some(limit));
    }

    fn has_rung(&self) -> bool {
        self.rung.load(Ordering::SeqCst)
    }

    fn lie_down(&self, limit: Option<Duration>) {
        let mut asleep = lock(&self.asleep);
        *asleep = true;
        while !self.has_rung() {
            match limit {
                None => asleep = wait(&self.wake, asleep),
                Some(limit) => {
                    asleep = wait_for(&self.wake, asleep, limit);
                    break;
                }
            }
        }
        *asleep = false;
    }
}

#[cfg(all(test, papy_loom))]
#[path = "models/bell.rs"]
mod model;
