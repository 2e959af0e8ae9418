//! How a thread that has nothing to do is woken.

use std::time::Duration;

use crate::sync::{Condvar, Mutex, lock, wait, wait_for};

/// A sticky wake-up. Whoever rings before the sleeper lies down makes it stay up: the sleeper *hears* (takes the ring)
/// before it looks for work, so a ring that comes after the look finds the bell silent and is kept for `sleep`.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rung: bool,
    asleep: bool,
}

impl Bell {
    /// Wakes the sleeper, or keeps it from falling asleep.
    pub(crate) fn ring(&self) {
        let mut state = lock(&self.state);
        state.rung = true;
        if state.asleep {
            self.wake.notify_one();
        }
    }

    /// Takes the ring. What is true from here on is looked at afterwards, or rings again.
    pub(crate) fn hear(&self) {
        lock(&self.state).rung = false;
    }

    /// Sleeps until the next ring, at most `limit`.
    pub(crate) fn sleep(&self, limit: Option<Duration>) {
        let mut state = lock(&self.state);
        state.asleep = true;
        while !state.rung {
            match limit {
                None => state = wait(&self.wake, state),
                Some(limit) => {
                    state = wait_for(&self.wake, state, limit);
                    break;
                }
            }
        }
        state.asleep = false;
    }
}

#[cfg(all(test, papy_loom))]
#[path = "models/bell.rs"]
mod model;
