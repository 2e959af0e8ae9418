//! The calls that a timed node is making. A pure state machine: who decides what becomes of a slot, the result or the clock.
//!
//! Each call has a ticket. Whoever takes the ticket back first decides: the thread that comes with a result, or the keeper
//! of time who has found that it came too late. The other finds the ticket gone and has nothing to say. So a slot is
//! settled once, however close the two are.

use crate::sync::Instant;

/// The right to settle the slot of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// A slot of a wave, and how often it has been tried, this time included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Try {
    pub(crate) round: usize,
    pub(crate) attempt: u32,
}

/// A call in progress, and what is kept for another try.
#[derive(Debug)]
pub(crate) struct Call<K> {
    pub(crate) of: Try,
    pub(crate) began: Instant,
    /// When it is too late; `None`: never.
    due: Option<Instant>,
    pub(crate) kept: Option<K>,
}

/// The calls in progress, the oldest first: all have the same time, so it is the first that is due. They are few, one for
/// each thread.
#[derive(Debug)]
pub(crate) struct Calls<K> {
    next: u64,
    open: Vec<(Ticket, Call<K>)>,
}

/// A call in progress, as somebody who looks finds it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLook {
    pub(crate) ticket: Ticket,
    pub(crate) wave: u64,
    /// The item that it is at.
    pub(crate) position: u64,
    pub(crate) began: Instant,
}

impl<K> Calls<K> {
    pub(crate) fn new() -> Calls<K> {
        Calls {
            next: 0,
            open: Vec::new(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Ticket, &Call<K>)> {
        self.open.iter().map(|(ticket, call)| (*ticket, call))
    }

    /// A call begins.
    pub(crate) fn begin(&mut self, of: Try, began: Instant, due: Option<Instant>) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        let call = Call {
            of,
            began,
            due,
            kept: None,
        };
        self.open.push((ticket, call));
        ticket
    }

    fn position(&self, ticket: Ticket) -> Option<usize> {
        self.open.iter().position(|(open, _)| *open == ticket)
    }

    /// Keeps what another try will need; gives it back where the call is none any more.
    pub(crate) fn keep(&mut self, ticket: Ticket, kept: K) -> Option<K> {
        match self.position(ticket) {
            Some(at) => self.open[at].1.kept.replace(kept),
            None => Some(kept),
        }
    }

    /// A call has come back; `None` where that is too late.
    pub(crate) fn finish(&mut self, ticket: Ticket) -> Option<Call<K>> {
        self.position(ticket).map(|at| self.open.remove(at).1)
    }

    /// Takes a call that is overdue.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Call<K>> {
        self.due()
            .is_some_and(|due| due <= now)
            .then(|| self.open.remove(0).1)
    }

    /// When the first of them is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.open.first()?.1.due
    }

    /// Gives up all of them.
    pub(crate) fn clear(&mut self) -> impl Iterator<Item = Call<K>> + use<K> {
        std::mem::take(&mut self.open)
            .into_iter()
            .map(|(_, call)| call)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const FIRST: Try = Try {
        round: 0,
        attempt: 1,
    };

    #[test]
    fn a_slot_is_settled_once() {
        let (now, limit) = (Instant::now(), Duration::from_secs(1));
        let mut calls: Calls<()> = Calls::new();
        let early = calls.begin(FIRST, now, now.checked_add(limit));
        let late = calls.begin(FIRST, now, now.checked_add(limit));
        assert!(calls.finish(early).is_some());
        assert!(calls.expire(now).is_none(), "there is still time");
        assert!(calls.expire(now + limit).is_some());
        assert!(
            calls.expire(now + limit).is_none(),
            "the first has come back"
        );
        assert!(calls.finish(late).is_none());
        assert_eq!(calls.due(), None);
    }

    #[test]
    fn the_oldest_is_due_first() {
        let now = Instant::now();
        let after = |millis| now + Duration::from_millis(millis);
        let mut calls: Calls<()> = Calls::new();
        assert_eq!(calls.due(), None);
        let first = calls.begin(FIRST, now, Some(after(5)));
        calls.begin(FIRST, now, Some(after(7)));
        assert_eq!(calls.due(), Some(after(5)));
        calls.finish(first);
        assert_eq!(calls.due(), Some(after(7)));
        assert!(calls.expire(after(6)).is_none());
    }

    #[test]
    fn what_is_kept_comes_back_with_the_call() {
        let now = Instant::now();
        let mut calls = Calls::new();
        let ticket = calls.begin(FIRST, now, Some(now));
        assert_eq!(calls.keep(ticket, "item"), None);
        assert_eq!(calls.expire(now).and_then(|call| call.kept), Some("item"));
        assert_eq!(calls.keep(ticket, "item"), Some("item"), "too late");
    }
}

#[cfg(all(test, papy_loom))]
#[path = "models/calls.rs"]
mod model;
