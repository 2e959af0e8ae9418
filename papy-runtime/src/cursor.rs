//! Where an evaluation stands: which slot, which node, and what has happened in this stride.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::calls::Try;
use crate::fault::{BoxError, Fault, FaultKind};
use crate::places::Places;
use crate::sync::{Arc, AtomicBool, AtomicU64, Instant, Mutex, OnceLock, Ordering, lock};
use crate::unwind::{self, Payload};
use crate::watch::Sitting;

/// The context of a region's kernel, made anew for each slot. Generated code hands it on and looks at nothing in it.
///
/// It lives in registers: its methods are inlined, and what is not inlined takes the `Book` and plain values. A
/// cursor whose address escaped would cost a plain loop over trivial nodes half of its speed.
pub struct Cursor<'a> {
    book: &'a mut Book,
    /// Which round of the stride.
    round: usize,
    /// Behind the last slot, where a fold gives its state.
    at_end: bool,
    /// Whether the calls of this slot are timed.
    sampled: bool,
}

/// What a region's evaluations write down.
///
/// What a kernel calls where streams meet or calls are timed doesn't unwind, which `extern "C"` says to the compiler: a panic would
/// end the process. If it might, the kernel's other slots would have to be dropped then; so they would be lent to what drops them,
/// and lie in memory.
#[derive(Debug)]
pub struct Book {
    /// For each node that the region knows.
    pub(crate) tallies: Tallies,
    names: Arc<[Arc<str>]>,
    /// Of each node that has a name.
    aheads: Arc<[Arc<Ahead>]>,
    advance: Advance,
    /// Where the rounds of the stride at hand come from.
    pub(crate) places: Places,
    /// What this part's inputs have in common.
    common: Arc<Common>,
    /// The timed call in progress, and when it began.
    timed: Option<(usize, Instant)>,
    /// Where a watched run is told of it.
    pub(crate) desk: Option<Sitting>,
    /// How often the slot at hand has been tried, this time included.
    pub(crate) attempt: u32,
}

/// What the evaluations of a part share.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// How long inputs that meet turned out to be, where they differ.
    pub(crate) lengths: OnceLock<String>,
    /// Nodes that have told that a partner is missing, by where their names lie: the first slot does, for all behind it.
    unequal: Mutex<BTreeSet<usize>>,
}

/// The right to take items of a node's iterators ahead of their turn: only while they come fast, so that no item waits
/// for the next one.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    fast: AtomicBool,
    left: AtomicU64,
}

impl Ahead {
    pub(crate) fn new(left: usize) -> Ahead {
        Ahead {
            fast: AtomicBool::new(false),
            left: AtomicU64::new(left as u64),
        }
    }

    pub(crate) fn set_fast(&self, fast: bool) {
        self.fast.store(fast, Ordering::Relaxed);
    }

    /// Takes the right to `n` items, or to as many as there are.
    fn take(&self, n: u64) -> u64 {
        if !self.fast.load(Ordering::Relaxed) {
            return 0;
        }
        let mut left = self.left.load(Ordering::Relaxed);
        loop {
            let taken = left.min(n);
            match self.left.compare_exchange_weak(
                left,
                left - taken,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return taken,
                Err(now) => left = now,
            }
        }
    }

    /// Gives the right to `n` items back.
    pub(crate) fn give(&self, n: u64) {
        self.left.fetch_add(n, Ordering::Relaxed);
    }
}

/// What an evaluation holds of such a right, so that it asks for it seldom; what is left goes back at its end.
#[derive(Debug, Default)]
struct Advance {
    of: Option<Arc<Ahead>>,
    left: u64,
    /// There was less than was asked for: to ask again for the next item would only be in the way of those who give back.
    is_all: bool,
}

impl Advance {
    /// As many as are asked for at once.
    const BATCH: u64 = 512;

    /// Takes the right to `n` items of this node, or to as many as there are.
    fn take(&mut self, of: &Arc<Ahead>, n: u64) -> u64 {
        if !of.fast.load(Ordering::Relaxed) {
            return 0;
        }
        if !self.of.as_ref().is_some_and(|held| Arc::ptr_eq(held, of)) {
            *self = Advance {
                of: Some(of.clone()),
                ..Advance::default()
            };
        }
        if self.left < n && !self.is_all {
            let more = of.take(Self::BATCH);
            self.is_all = more < Self::BATCH;
            self.left += more;
        }
        let taken = self.left.min(n);
        self.left -= taken;
        taken
    }
}

impl Drop for Advance {
    fn drop(&mut self) {
        if let Some(of) = &self.of {
            of.give(self.left);
        }
    }
}

/// A number of things that happen seldom, or not so seldom, but never at once with others. Where it is counted up, that is one
/// instruction in memory: LLVM would keep what is counted in a loop in registers, and then have none left for the user's values.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    #[inline(always)]
    fn add(&self, n: u64) {
        let before = self.0.load(Ordering::Relaxed);
        self.0.store(before.wrapping_add(n), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What happened at one node. Counted are the exceptions, so that a value costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Slots that passed by as a fault, a hole or an end; wraps around below 0.
    pub(crate) skipped: Count,
    /// Items that came in groups, less the groups.
    pub(crate) gathered: u64,
    /// Items that a fold has taken in, less the state that came out; wraps around below 0.
    pub(crate) absorbed: u64,
    pub(crate) faults: u64,
    pub(crate) holes: Count,
    /// Time of the calls that were timed.
    pub(crate) sampled_time: Duration,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.skipped.add(other.skipped.get());
        self.gathered = self.gathered.wrapping_add(other.gathered);
        self.absorbed = self.absorbed.wrapping_add(other.absorbed);
        self.faults += other.faults;
        self.holes.add(other.holes.get());
        self.sampled_time += other.sampled_time;
    }
}

/// The tallies of a region. Those of the first nodes lie in place: where counting is part of a loop, the compiler knows then
/// that nothing else is changed by it, and keeps what the loop works on in registers.
#[derive(Debug)]
pub(crate) struct Tallies {
    first: [Tally; IN_PLACE],
    others: Vec<Tally>,
    len: usize,
}

const IN_PLACE: usize = 6;

impl Tallies {
    fn new(len: usize) -> Tallies {
        Tallies {
            first: Default::default(),
            others: std::iter::repeat_with(Tally::default)
                .take(len.saturating_sub(IN_PLACE))
                .collect(),
            len,
        }
    }

    /// Every node has a tally. Where that were checked with a panic, each place that notes something would have to say what is to
    /// be dropped then, and kernels would be three times as long: too long to be inlined into a loop.
    #[inline(always)]
    fn note(&mut self, node: usize, note: impl FnOnce(&mut Tally)) {
        debug_assert!(node < self.len, "every node has a tally");
        let tally = if node < IN_PLACE {
            self.first.get_mut(node)
        } else {
            self.others.get_mut(node - IN_PLACE)
        };
        if let Some(tally) = tally {
            note(tally);
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Tally> {
        let all = self.first.iter_mut().chain(&mut self.others);
        all.take(self.len)
    }
}

impl Book {
    pub(crate) fn new(
        names: Arc<[Arc<str>]>,
        aheads: Arc<[Arc<Ahead>]>,
        common: Arc<Common>,
    ) -> Book {
        Book {
            tallies: Tallies::new(names.len()),
            names,
            aheads,
            advance: Advance::default(),
            places: Places::from(0),
            common,
            timed: None,
            desk: None,
            attempt: 1,
        }
    }

    /// The names of the region's nodes, of those that it feeds, and of the input.
    pub(crate) fn names(&self) -> &Arc<[Arc<str>]> {
        &self.names
    }

    /// Whether every call is to be written down.
    pub(crate) fn tells_all(&self) -> bool {
        self.desk.as_ref().is_some_and(Sitting::is_exact)
    }

    pub(crate) fn has_faults(&mut self) -> bool {
        self.tallies.iter_mut().any(|tally| tally.faults > 0)
    }

    #[cold]
    #[inline(never)]
    fn failed(&mut self, node: usize, round: usize, error: impl Into<BoxError>) -> Fault {
        self.tallies.note(node, |tally| tally.faults += 1);
        // `Into` is user code too
        let fault = match unwind::catch(|| error.into()) {
            Ok(error) => Fault::new(
                &self.names[node],
                self.places.at(round),
                FaultKind::Error,
                error,
            ),
            Err(payload) => Fault::panicked(
                &self.names[node],
                self.places.at(round),
                FaultKind::Panic,
                payload,
            ),
        };
        fault.tried(self.attempt)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn panicked(&mut self, node: usize, round: usize, payload: Payload) -> Fault {
        self.tallies.note(node, |tally| tally.faults += 1);
        let fault = Fault::panicked(
            &self.names[node],
            self.places.at(round),
            FaultKind::Panic,
            payload,
        );
        fault.tried(self.attempt)
    }

    /// A call of the first node has given nothing within its time.
    pub(crate) fn timed_out(&mut self, of: Try, limit: Duration) -> Fault {
        let cause = format!("no result within {limit:?}");
        self.unanswered(of, FaultKind::Timeout, cause)
    }

    /// A call of the first node could not be made.
    pub(crate) fn refused(&mut self, of: Try, why: &str) -> Fault {
        let cause = format!("it could not be evaluated: {why}");
        self.unanswered(of, FaultKind::Error, cause)
    }

    fn unanswered(&mut self, of: Try, kind: FaultKind, cause: String) -> Fault {
        self.tallies.note(0, |tally| tally.faults += 1);
        let at = self.places.at(of.round);
        Fault::new(&self.names[0], at, kind, cause.into()).tried(of.attempt)
    }

    /// Takes back what is noted.
    pub(crate) fn forget(&mut self) {
        self.tallies
            .iter_mut()
            .for_each(|tally| *tally = Tally::default());
        self.leave();
    }

    /// The evaluation is over.
    pub(crate) fn leave(&mut self) {
        self.advance = Advance::default();
        self.desk = None;
        self.timed = None;
    }

    /// Takes over what another book of the same region has noted.
    pub(crate) fn take_over(&mut self, other: &mut Book) {
        for (own, other) in self.tallies.iter_mut().zip(other.tallies.iter_mut()) {
            own.add(&std::mem::take(other));
        }
    }

    /// A fault that arises before the call: the slot counts as one that was given and failed.
    fn uncall(&mut self, node: usize) {
        let uncall = |tally: &mut Tally| tally.skipped.add(u64::MAX);
        self.tallies.note(node, uncall);
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn copy_panicked(&mut self, node: usize, round: usize, payload: Payload) -> Fault {
        self.uncall(node);
        self.panicked(node, round, payload)
    }

    /// `None` behind the first slot that lacks a partner.
    #[cold]
    #[inline(never)]
    #[allow(
        improper_ctypes_definitions,
        reason = "it is not called from C; see `Book`"
    )]
    extern "C" fn unequal(
        &mut self,
        node: usize,
        round: usize,
        others: Vec<Fault>,
    ) -> Option<Fault> {
        let name = &self.names[node];
        if !lock(&self.common.unequal).insert(Arc::as_ptr(name).cast::<u8>() as usize) {
            return None;
        }
        let cause = match self.common.lengths.get() {
            Some(lengths) => format!("the inputs that meet here differ in length: {lengths}"),
            None => "a last group is shorter than the others, so what meets here differs in length"
                .to_owned(),
        };
        let at = self.places.at(round);
        let fault = Fault::with_others(name, at, FaultKind::Unequal, cause.into(), others);
        self.tallies.note(node, |tally| tally.faults += 1);
        self.uncall(node);
        Some(fault)
    }

    /// A timed call begins, and so the one before has ended: nodes of a region follow one another.
    #[cold]
    #[inline(never)]
    #[allow(
        improper_ctypes_definitions,
        reason = "it is not called from C; see `Book`"
    )]
    extern "C" fn begin(&mut self, node: usize, round: usize) {
        let now = Instant::now();
        self.count_time(now);
        self.timed = Some((node, now));
        if let Some(desk) = &self.desk {
            desk.begins(node, self.places.at(round), now);
        }
    }

    /// The timed calls are over for now. Not cold: what surely leads here would be cold too, and the kernel not inlined.
    #[inline(never)]
    pub(crate) fn rest(&mut self) {
        let now = Instant::now();
        self.count_time(now);
        self.timed = None;
        if let Some(desk) = &self.desk {
            desk.rests(now);
        }
    }

    fn count_time(&mut self, now: Instant) {
        if let Some((node, began)) = self.timed {
            let time = now - began;
            self.tallies.note(node, |tally| tally.sampled_time += time);
        }
    }
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    pub(crate) fn new(book: &'a mut Book, round: usize, sampled: bool) -> Cursor<'a> {
        Cursor {
            book,
            round,
            at_end: false,
            sampled,
        }
    }

    /// The same place, for a function that is not inlined: this cursor then stays in registers.
    #[inline(always)]
    pub(crate) fn again(&mut self) -> Cursor<'_> {
        Cursor {
            book: self.book,
            ..*self
        }
    }

    /// Takes the right to `n` items of a node ahead of their turn, or to as many as there are.
    pub(crate) fn take_ahead(&mut self, node: usize, n: u64) -> u64 {
        let Book {
            aheads, advance, ..
        } = &mut *self.book;
        aheads.get(node).map_or(0, |ahead| advance.take(ahead, n))
    }

    /// Gives back what has just been taken too much.
    pub(crate) fn give_ahead(&mut self, n: u64) {
        self.book.advance.left += n;
    }

    /// A node's call begins.
    #[inline(always)]
    pub(crate) fn begin(&mut self, node: usize) {
        if self.sampled {
            self.book.begin(node, self.round);
        }
    }

    /// Behind the last slot of all, where it is `at_end`.
    #[inline(always)]
    pub(crate) fn at_end(self, at_end: bool) -> Cursor<'a> {
        Cursor { at_end, ..self }
    }

    #[inline(always)]
    pub(crate) fn is_at_end(&self) -> bool {
        self.at_end
    }

    #[inline(always)]
    pub(crate) fn skip(&mut self, node: usize) {
        self.note(node, |tally| tally.skipped.add(1));
    }

    #[inline(always)]
    pub(crate) fn absorb(&mut self, node: usize) {
        self.note(node, |tally| {
            tally.absorbed = tally.absorbed.wrapping_add(1);
        });
    }

    #[inline(always)]
    pub(crate) fn emit(&mut self, node: usize) {
        self.note(node, |tally| {
            tally.absorbed = tally.absorbed.wrapping_sub(1);
        });
    }

    /// So many items came as one group.
    #[inline(always)]
    pub(crate) fn gathered(&mut self, node: usize, items: usize) {
        let more = (items as u64).wrapping_sub(1);
        self.note(node, |tally| {
            tally.gathered = tally.gathered.wrapping_add(more);
        });
    }

    /// The input has ended inside a group.
    #[cold]
    #[inline(never)]
    pub(crate) fn incomplete(&mut self, node: usize, items: usize, size: usize) -> Fault {
        self.note(node, |tally| tally.faults += 1);
        self.book.uncall(node);
        let cause = format!("the last group has {items} of {size} items").into();
        let (name, at) = (&self.book.names[node], self.book.places.at(self.round));
        Fault::new(name, at, FaultKind::Incomplete, cause)
    }

    #[inline(always)]
    pub(crate) fn hole(&mut self, node: usize) {
        self.note(node, |tally| tally.holes.add(1));
    }

    #[inline(always)]
    fn note(&mut self, node: usize, note: impl FnOnce(&mut Tally)) {
        self.book.tallies.note(node, note);
    }

    #[inline(always)]
    pub(crate) fn failed(&mut self, node: usize, error: impl Into<BoxError>) -> Fault {
        self.book.failed(node, self.round, error)
    }

    #[inline(always)]
    pub(crate) fn panicked(&mut self, node: usize, payload: Payload) -> Fault {
        self.book.panicked(node, self.round, payload)
    }

    /// So often has the slot been tried at this node.
    #[inline(always)]
    pub(crate) fn tried(&mut self, attempt: u32) {
        self.book.attempt = attempt;
    }

    /// A panic while the node's item was copied.
    #[inline(always)]
    pub(crate) fn copy_panicked(&mut self, node: usize, payload: Payload) -> Fault {
        self.book.copy_panicked(node, self.round, payload)
    }

    #[inline(always)]
    pub(crate) fn unequal(&mut self, node: usize, others: Vec<Fault>) -> Option<Fault> {
        self.book.unequal(node, self.round, others)
    }
}

/// Evaluates some nodes of a long kernel in a function of their own.
#[inline(always)]
pub fn stretch<R>(cx: &mut Cursor<'_>, nodes: impl FnOnce(&mut Cursor<'_>) -> R) -> R {
    apart(cx.again(), nodes)
}

#[inline(never)]
fn apart<R>(mut cx: Cursor<'_>, nodes: impl FnOnce(&mut Cursor<'_>) -> R) -> R {
    nodes(&mut cx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_to_be_ahead_go_back_with_each_evaluation() {
        let aheads = [1000, 100].map(|left| Arc::new(Ahead::new(left)));
        let names = Arc::from(["f".into(), "g".into()]);
        let mut book = Book::new(names, Arc::from(aheads.clone()), Arc::default());
        let left = || {
            aheads
                .each_ref()
                .map(|ahead| ahead.left.load(Ordering::Relaxed))
        };
        assert_eq!(
            Cursor::new(&mut book, 0, false).take_ahead(0, 64),
            0,
            "they are slow"
        );
        for ahead in &aheads {
            ahead.set_fast(true);
        }
        for _ in 0..3 {
            let mut cx = Cursor::new(&mut book, 0, false);
            assert_eq!(cx.take_ahead(0, 64), 64);
            cx.give_ahead(64);
            assert_eq!(left(), [1000 - Advance::BATCH, 100]);
            assert_eq!([(); 3].map(|()| cx.take_ahead(1, 64)), [64, 36, 0]);
            cx.give_ahead(36);
            assert_eq!(left(), [1000, 0]);
            book.leave();
            assert_eq!(left(), [1000, 36]);
            aheads[1].give(64);
        }
    }
}
