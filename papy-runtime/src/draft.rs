//! The wave that a driver is putting together, as its [flusher](crate::flusher) finds it.
//!
//! The driver counts when it begins to pull a wave, and when it is done. A flusher that finds it at the same wave twice takes what there is, and
//! *interrupts* it: the driver then hands on what comes next at once.
//!
//! Neither waits for the other between items, which would cost more than most items do: the driver writes an item, and reads whether it is
//! interrupted; the flusher interrupts, and reads what has been written. Each may miss what the other has just done. But what a thread
//! has written is seen by others within moments, at the latest when it is suspended; so a look that comes long after an interruption sees all that was
//! written by a driver that had not seen it, and only then the flusher goes to sleep.

use std::time::Duration;

use crate::bell::Bell;
use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering, lock};

/// What a driver and its flusher know of each other.
#[derive(Debug, Default)]
pub struct Draft {
    /// How often a pull has begun or ended: odd during one.
    turns: AtomicU64,
    interrupted: AtomicBool,
    /// The flusher sleeps until it is rung for.
    asleep: AtomicBool,
    /// There is no driver any more.
    closed: AtomicBool,
    bell: Bell,
    /// The part has been ended while its driver was inside a source. Locked by a flusher that takes what has been pulled.
    ended: Mutex<bool>,
}

/// What has happened while a driver pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    Nothing,
    /// Somebody has taken what there was.
    Interrupted,
    /// Somebody has ended the part.
    Ended,
}

/// What a flusher does with a pull that it has interrupted.
pub(crate) enum Takes<W> {
    /// A wave.
    Wave(W),
    /// Nothing.
    Nothing,
    /// Nothing more will be taken: it ends the part.
    End,
}

/// What a flusher finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Pulls have begun or ended since the last look.
    Moving,
    /// None has; nothing is being pulled.
    Idle,
    /// None has; the same is being pulled as at the last look.
    Stale,
}

impl Draft {
    /// The driver is about to pull a wave.
    pub(crate) fn begin(&self) {
        self.turns.fetch_add(1, Ordering::SeqCst);
        if self.asleep.swap(false, Ordering::SeqCst) {
            self.bell.ring();
        }
    }

    /// It has pulled it, and what has not been taken from it is left to the driver. Gives what has happened meanwhile.
    pub(crate) fn end(&self) -> Meanwhile {
        self.turns.fetch_add(1, Ordering::SeqCst);
        // who takes something is done with it, or will find that it comes too late
        let ended = *lock(&self.ended);
        let is_interrupted = self.interrupted.swap(false, Ordering::Relaxed);
        match (ended, is_interrupted) {
            (true, _) => Meanwhile::Ended,
            (false, true) => Meanwhile::Interrupted,
            (false, false) => Meanwhile::Nothing,
        }
    }

    /// Whether what has been pulled is to be handed on.
    #[inline(always)]
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// There is nothing left to look after.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.bell.ring();
    }

    /// Tells the flusher to look whether it is still wanted.
    pub(crate) fn ring(&self) {
        self.bell.ring();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// What is pulled now; `seen` is what was at the last look.
    pub(crate) fn look(&self, seen: &mut u64) -> Look {
        self.bell.hear();
        let turn = self.turns.load(Ordering::SeqCst);
        let before = std::mem::replace(seen, turn);
        match turn {
            _ if turn != before => Look::Moving,
            _ if turn.is_multiple_of(2) => Look::Idle,
            _ => Look::Stale,
        }
    }

    /// Interrupts the driver at what was seen, and takes what it has pulled; `None` where it is done with that. `take` is told whether the driver
    /// had been interrupted before.
    pub(crate) fn interrupt<W>(
        &self,
        seen: u64,
        take: impl FnOnce(bool) -> Takes<W>,
    ) -> Option<Takes<W>> {
        let mut ended = lock(&self.ended);
        if self.turns.load(Ordering::SeqCst) != seen {
            return None;
        }
        let taken = take(self.interrupted.swap(true, Ordering::SeqCst));
        *ended = matches!(taken, Takes::End);
        Some(taken)
    }

    /// The flusher waits a while.
    pub(crate) fn nap(&self, time: Duration) {
        self.bell.nap(time);
    }

    /// The flusher sleeps until a wave is begun.
    pub(crate) fn sleep(&self, seen: u64) {
        // Both sides swap: who begins a wave before this is seen to have done so, and who does after this finds it asleep, and rings.
        self.asleep.swap(true, Ordering::SeqCst);
        let turn = self.turns.load(Ordering::SeqCst);
        if turn == seen || turn.is_multiple_of(2) {
            self.bell.sleep(None);
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

#[cfg(all(test, papy_loom))]
#[path = "models/draft.rs"]
mod model;
