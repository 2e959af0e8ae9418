//! Where an evaluation stands: which slot, which node, and what has happened in this stride.

use std::time::{Duration, Instant};

use crate::fault::{BoxError, Fault, FaultKind};
use crate::sync::{Arc, OnceLock};
use crate::unwind::{self, Payload};

/// The context of a region's kernel, made anew for each slot. Generated code hands it on and looks at nothing in it.
///
/// It lives in registers: its methods are inlined, and what is not inlined takes the `Book` and plain values. A
/// cursor whose address escaped would cost a plain loop over trivial nodes half of its speed.
pub struct Cursor<'a> {
    book: &'a mut Book,
    position: u64,
    /// 0 while the input lasts; then 1, 2, … for the rounds in which folds give their state.
    tail: u64,
    /// Whether the calls of this slot are timed.
    sampled: bool,
}

/// What a region's evaluations write down.
#[derive(Debug)]
pub(crate) struct Book {
    /// For each node that the region knows.
    pub(crate) tallies: Vec<Tally>,
    names: Arc<[Arc<str>]>,
    lengths: Arc<OnceLock<String>>,
    /// When the last timed call returned.
    ticked: Option<Instant>,
}

/// What happened at one node. Counted are the exceptions, so that a value costs nothing.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    /// Slots that passed by as a fault, a hole or an end; wraps around below 0.
    pub(crate) skipped: u64,
    /// Items that a fold has taken in, less the state that came out; wraps around below 0.
    pub(crate) absorbed: u64,
    pub(crate) faults: u64,
    pub(crate) holes: u64,
    /// Time of the calls that were timed.
    pub(crate) sampled_time: Duration,
}

impl Book {
    pub(crate) fn new(names: Arc<[Arc<str>]>, lengths: Arc<OnceLock<String>>) -> Book {
        Book {
            tallies: vec![Tally::default(); names.len()],
            names,
            lengths,
            ticked: None,
        }
    }

    pub(crate) fn has_faults(&self) -> bool {
        self.tallies.iter().any(|tally| tally.faults > 0)
    }

    #[cold]
    #[inline(never)]
    fn failed(&mut self, node: usize, position: u64, error: impl Into<BoxError>) -> Fault {
        self.tallies[node].faults += 1;
        // `Into` is user code too
        match unwind::catch(|| error.into()) {
            Ok(error) => Fault::new(&self.names[node], position, FaultKind::Error, error),
            Err(payload) => Fault::panicked(&self.names[node], position, FaultKind::Panic, payload),
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn panicked(&mut self, node: usize, position: u64, payload: Payload) -> Fault {
        self.tallies[node].faults += 1;
        Fault::panicked(&self.names[node], position, FaultKind::Panic, payload)
    }

    /// A fault that arises before the call: the slot counts as one that was given and failed.
    fn uncall(&mut self, node: usize) {
        self.tallies[node].skipped = self.tallies[node].skipped.wrapping_sub(1);
    }

    #[cold]
    #[inline(never)]
    fn copy_panicked(&mut self, node: usize, position: u64, payload: Payload) -> Fault {
        self.uncall(node);
        self.panicked(node, position, payload)
    }

    #[cold]
    #[inline(never)]
    fn unequal(&mut self, node: usize, position: u64, others: Vec<Fault>) -> Fault {
        self.tallies[node].faults += 1;
        self.uncall(node);
        let lengths = self.lengths.get().cloned().unwrap_or_default();
        let cause = format!("the inputs that meet here differ in length: {lengths}").into();
        Fault::with_others(
            &self.names[node],
            position,
            FaultKind::Unequal,
            cause,
            others,
        )
    }

    /// Starts the clock for the calls of a slot.
    pub(crate) fn start(&mut self) {
        self.ticked = Some(Instant::now());
    }

    /// A call has returned: the time since the one before is its own. Nodes of a region follow one another.
    #[cold]
    #[inline(never)]
    fn tick(&mut self, node: usize) {
        let now = Instant::now();
        if let Some(before) = self.ticked.replace(now) {
            self.tallies[node].sampled_time += now - before;
        }
    }
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    pub(crate) fn new(book: &'a mut Book, position: u64, tail: u64, sampled: bool) -> Cursor<'a> {
        Cursor {
            book,
            position,
            tail,
            sampled,
        }
    }

    #[inline(always)]
    pub(crate) fn tick(&mut self, node: usize) {
        if self.sampled {
            self.book.tick(node);
        }
    }

    #[inline(always)]
    pub(crate) fn is_tail(&self, tail: u64) -> bool {
        self.tail == tail
    }

    #[inline(always)]
    pub(crate) fn skip(&mut self, node: usize) {
        let tally = &mut self.book.tallies[node];
        tally.skipped = tally.skipped.wrapping_add(1);
    }

    #[inline(always)]
    pub(crate) fn absorb(&mut self, node: usize) {
        let tally = &mut self.book.tallies[node];
        tally.absorbed = tally.absorbed.wrapping_add(1);
    }

    #[inline(always)]
    pub(crate) fn emit(&mut self, node: usize) {
        let tally = &mut self.book.tallies[node];
        tally.absorbed = tally.absorbed.wrapping_sub(1);
    }

    #[inline(always)]
    pub(crate) fn hole(&mut self, node: usize) {
        self.book.tallies[node].holes += 1;
    }

    #[inline(always)]
    pub(crate) fn failed(&mut self, node: usize, error: impl Into<BoxError>) -> Fault {
        self.book.failed(node, self.position, error)
    }

    #[inline(always)]
    pub(crate) fn panicked(&mut self, node: usize, payload: Payload) -> Fault {
        self.book.panicked(node, self.position, payload)
    }

    /// A panic while the node's item was copied.
    #[inline(always)]
    pub(crate) fn copy_panicked(&mut self, node: usize, payload: Payload) -> Fault {
        self.book.copy_panicked(node, self.position, payload)
    }

    #[inline(always)]
    pub(crate) fn unequal(&mut self, node: usize, others: Vec<Fault>) -> Fault {
        self.book.unequal(node, self.position, others)
    }
}
