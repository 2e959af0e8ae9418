//! Where an evaluation stands: which slot, which node, and what has happened in this stride.

use std::time::{Duration, Instant};

use crate::fault::{BoxError, Fault, FaultKind};
use crate::sync::{Arc, OnceLock};
use crate::unwind::{self, Payload};

/// The context of a region's kernel. Generated code hands it on and looks at nothing in it.
pub struct Cursor {
    pub(crate) position: u64,
    /// 0 while the input lasts; then 1, 2, … for the rounds in which folds give their state.
    pub(crate) tail: u64,
    pub(crate) tallies: Vec<Tally>,
    nodes: Arc<[Arc<str>]>,
    lengths: Arc<OnceLock<String>>,
    sampled: bool,
    started: Option<Instant>,
}

/// What happened at one node. Counted are the exceptions, so that a value costs nothing.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    /// Slots that passed by as a fault, a hole or an end.
    pub(crate) skipped: u64,
    /// Items that a fold has taken in, less the state that came out; wraps around below 0.
    pub(crate) absorbed: u64,
    pub(crate) faults: u64,
    pub(crate) holes: u64,
    /// Time of the calls that were sampled, and how many they were.
    pub(crate) sampled_time: Duration,
    pub(crate) samples: u64,
}

impl Cursor {
    pub(crate) fn new(nodes: Arc<[Arc<str>]>, lengths: Arc<OnceLock<String>>) -> Cursor {
        Cursor {
            position: 0,
            tail: 0,
            tallies: vec![Tally::default(); nodes.len()],
            nodes,
            lengths,
            sampled: false,
            started: None,
        }
    }

    /// Times the calls of the current slot, or stops timing them.
    #[inline(always)]
    pub(crate) fn sample(&mut self, on: bool) {
        self.sampled = on;
    }

    #[inline(always)]
    pub(crate) fn enter(&mut self, _node: usize) {
        if self.sampled {
            self.started = Some(Instant::now());
        }
    }

    #[inline(always)]
    pub(crate) fn leave(&mut self, node: usize) {
        if self.sampled {
            self.note_time(node);
        }
    }

    #[cold]
    fn note_time(&mut self, node: usize) {
        if let Some(started) = self.started.take() {
            let tally = &mut self.tallies[node];
            tally.sampled_time += started.elapsed();
            tally.samples += 1;
        }
    }

    pub(crate) fn is_tail(&self, tail: u64) -> bool {
        self.tail == tail
    }

    #[inline]
    pub(crate) fn skip(&mut self, node: usize) {
        self.tallies[node].skipped = self.tallies[node].skipped.wrapping_add(1);
    }

    /// A fault that arises before the call: the slot counts as one that was given and failed.
    fn uncall(&mut self, node: usize) {
        self.tallies[node].skipped = self.tallies[node].skipped.wrapping_sub(1);
    }

    #[inline]
    pub(crate) fn absorb(&mut self, node: usize) {
        self.tallies[node].absorbed = self.tallies[node].absorbed.wrapping_add(1);
    }

    #[inline]
    pub(crate) fn emit(&mut self, node: usize) {
        self.tallies[node].absorbed = self.tallies[node].absorbed.wrapping_sub(1);
    }

    #[inline]
    pub(crate) fn hole(&mut self, node: usize) {
        self.tallies[node].holes += 1;
    }

    #[cold]
    pub(crate) fn failed(&mut self, node: usize, error: impl Into<BoxError>) -> Fault {
        self.tallies[node].faults += 1;
        // `Into` is user code too
        match unwind::catch(|| error.into()) {
            Ok(error) => Fault::new(&self.nodes[node], self.position, FaultKind::Error, error),
            Err(payload) => {
                Fault::panicked(&self.nodes[node], self.position, FaultKind::Panic, payload)
            }
        }
    }

    #[cold]
    pub(crate) fn panicked(&mut self, node: usize, payload: Payload) -> Fault {
        self.tallies[node].faults += 1;
        Fault::panicked(&self.nodes[node], self.position, FaultKind::Panic, payload)
    }

    /// A panic while the node's item was copied.
    #[cold]
    pub(crate) fn copy_panicked(&mut self, node: usize, payload: Payload) -> Fault {
        self.uncall(node);
        self.panicked(node, payload)
    }

    #[cold]
    pub(crate) fn unequal(&mut self, node: usize, others: Vec<Fault>) -> Fault {
        self.tallies[node].faults += 1;
        self.uncall(node);
        let lengths = self.lengths.get().cloned().unwrap_or_default();
        let cause = format!("the inputs that meet here differ in length: {lengths}").into();
        Fault::with_others(
            &self.nodes[node],
            self.position,
            FaultKind::Unequal,
            cause,
            others,
        )
    }

    /// Drops a value that nobody takes.
    pub(crate) fn discard<T>(&mut self, value: T) {
        unwind::discard(value);
    }
}
