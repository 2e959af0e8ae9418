//! Who may evaluate a step now. A pure state machine: nobody ever waits at it.
//!
//! A step in order belongs to no thread. Whoever brings the wave that is next goes through and, when it comes out,
//! goes on with what is parked behind it; others park theirs and leave for other work. A thread that holds the turn
//! never waits for another turn, so turns cannot form a cycle.

use std::collections::{BTreeSet, VecDeque};

use crate::region::Order;

/// Lets waves into a step, as its order demands.
#[derive(Debug)]
pub(crate) struct Turnstile(Kind);

#[derive(Debug)]
enum Kind {
    Free,
    AtMost {
        places: usize,
        waiting: VecDeque<u64>,
    },
    Serial {
        /// The wave that goes in next, or is in.
        next: u64,
        waiting: BTreeSet<u64>,
    },
}

impl Turnstile {
    pub(crate) fn new(order: Order) -> Turnstile {
        Turnstile(match order {
            Order::Free => Kind::Free,
            Order::AtMost(places) => Kind::AtMost {
                places,
                waiting: VecDeque::new(),
            },
            Order::Serial => Kind::Serial {
                next: 0,
                waiting: BTreeSet::new(),
            },
        })
    }

    /// A wave is complete. Whether it may go in now; otherwise it is parked.
    pub(crate) fn arrive(&mut self, wave: u64) -> bool {
        match &mut self.0 {
            Kind::Free => true,
            Kind::AtMost { places: 0, waiting } => {
                waiting.push_back(wave);
                false
            }
            Kind::AtMost { places, .. } => {
                *places -= 1;
                true
            }
            Kind::Serial { next, waiting } => {
                // one that comes in time finds nobody inside: `next` moves on when a wave comes out
                let enters = wave == *next;
                if !enters {
                    waiting.insert(wave);
                }
                enters
            }
        }
    }

    /// The waves that are parked, and the one that they wait for, where it must be one.
    pub(crate) fn look(&self) -> (Vec<u64>, Option<u64>) {
        match &self.0 {
            Kind::Free => (Vec::new(), None),
            Kind::AtMost { waiting, .. } => (waiting.iter().copied().collect(), None),
            Kind::Serial { next, waiting, .. } => (waiting.iter().copied().collect(), Some(*next)),
        }
    }

    /// A wave comes out. The one that goes in now, if any.
    pub(crate) fn leave(&mut self) -> Option<u64> {
        match &mut self.0 {
            Kind::Free => None,
            Kind::AtMost { places, waiting } => {
                let wave = waiting.pop_front();
                *places += usize::from(wave.is_none());
                wave
            }
            Kind::Serial { next, waiting } => {
                *next += 1;
                waiting.remove(next).then_some(*next)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_lets_waves_through_in_order() {
        let mut turnstile = Turnstile::new(Order::Serial);
        assert!(!turnstile.arrive(1));
        assert!(turnstile.arrive(0));
        assert!(!turnstile.arrive(2));
        assert_eq!(turnstile.look(), (vec![1, 2], Some(0)));
        assert_eq!(turnstile.leave(), Some(1));
        assert_eq!(turnstile.leave(), Some(2));
        assert_eq!(turnstile.leave(), None);
        assert!(turnstile.arrive(3));
    }

    #[test]
    fn a_limit_gives_each_place_again() {
        let mut turnstile = Turnstile::new(Order::AtMost(2));
        assert!(turnstile.arrive(0) && turnstile.arrive(1));
        assert!(!turnstile.arrive(2));
        assert_eq!(turnstile.leave(), Some(2));
        assert_eq!(turnstile.leave(), None);
        assert!(turnstile.arrive(3));
        assert!(!turnstile.arrive(4));
    }
}
