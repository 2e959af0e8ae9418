//! Nodes that are evaluated together: one kernel, and what each evaluation of it borrows.

use std::marker::PhantomData;

use crate::cursor::{Book, Cursor};
use crate::lineage::Lineage;
use crate::link::{Ports, SlotList};
use crate::loan::Loan;
use crate::pool::Pool;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering, lock};
use crate::unwind;

/// How a region is to be evaluated. Generated code builds it from the options of the region's nodes.
#[derive(Debug, Clone)]
#[must_use]
pub struct RegionSpec {
    /// The nodes, as indices into the pipeline's list, in the order in which the kernel numbers them.
    pub(crate) nodes: &'static [usize],
    /// Nodes of other regions that it feeds: they are to blame where a copy for them fails.
    pub(crate) feeds: &'static [usize],
    pub(crate) pool: Pool,
    pub(crate) order: Order,
    /// Rounds in a stride, at most.
    pub(crate) stride: Option<usize>,
    /// Keeps everything, and gives its state in a round behind the end.
    pub(crate) folds: bool,
    /// What becomes of each stream that leaves, see [`HOLES`] and [`UNORDERED`]; the streams that enter, as bits, from which it
    /// comes; and those from which it has its order. Where this is empty, nothing becomes of any, and each comes from all.
    pub(crate) outs: &'static [(u8, u64, u64)],
    /// Has nodes that give nothing: an output tells of their faults as little as of their items.
    pub(crate) sinks: bool,
}

/// A stream in which the region may make holes.
pub const HOLES: u8 = 1;
/// A stream whose slots may leave in any order.
pub const UNORDERED: u8 = 2;

/// How many strides of a region may be evaluated at once, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Any, in any order.
    Free,
    /// At most this many, in any order.
    AtMost(usize),
    /// One, in input order.
    Serial,
}

impl RegionSpec {
    /// A region of these nodes, on the default pool.
    pub fn new(nodes: &'static [usize]) -> RegionSpec {
        RegionSpec {
            nodes,
            feeds: &[],
            pool: Pool::rayon(),
            order: Order::Free,
            stride: None,
            folds: false,
            outs: &[],
            sinks: false,
        }
    }

    /// A region that only moves slots about: it is evaluated by whoever brings them.
    pub fn passing() -> RegionSpec {
        RegionSpec::new(&[]).on(&Pool::inline())
    }

    /// Feeds the regions that begin with these nodes.
    pub fn feeds(mut self, nodes: &'static [usize]) -> RegionSpec {
        self.feeds = nodes;
        self
    }

    /// At most `n` rounds in a stride; 0 means 1.
    pub fn stride(mut self, n: usize) -> RegionSpec {
        self.stride = Some(n.max(1));
        self
    }

    /// On this pool.
    pub fn on(mut self, pool: &Pool) -> RegionSpec {
        self.pool = pool.clone();
        self
    }

    /// At most `n` strides at once; 0 means 1.
    pub fn spawn(mut self, n: usize) -> RegionSpec {
        self.order = Order::AtMost(n.max(1));
        self
    }

    /// One at a time, in input order.
    pub fn serial(mut self) -> RegionSpec {
        self.order = Order::Serial;
        self
    }

    /// In input order, and gives its state at the end.
    pub fn fold(mut self) -> RegionSpec {
        self.folds = true;
        self.serial()
    }

    /// What becomes of each stream that leaves, and from which streams it comes.
    pub fn outs(mut self, outs: &'static [(u8, u64, u64)]) -> RegionSpec {
        self.outs = outs;
        self
    }

    /// Has nodes that give nothing.
    pub fn sinks(mut self) -> RegionSpec {
        self.sinks = true;
        self
    }

    /// What is known of the stream that leaves as number `out`, given what a round of the `entering` streams is.
    pub(crate) fn leaving(
        &self,
        round: Lineage,
        entering: &[(Lineage, u64)],
        out: usize,
    ) -> Lineage {
        let everything = (0, u64::MAX, u64::MAX);
        let (flags, from, order) = self.outs.get(out).copied().unwrap_or(everything);
        let of = |bits: u64| {
            let streams = entering.iter().enumerate();
            let own = move |(at, _): &(usize, _)| *at >= 64 || bits & (1 << at) != 0;
            streams.filter(own).map(|(_, (lineage, _))| lineage)
        };
        let holes = round.holes && (self.folds || of(from).any(|stream| stream.holes));
        let ordered = flags & UNORDERED == 0 && of(order).all(|stream| stream.ordered);
        Lineage {
            holes: holes || flags & HOLES != 0,
            ordered: ordered || self.order == Order::Serial,
            ..round
        }
    }
}

/// Where evaluations of a region find what no two of them may share.
pub struct Bench<S, M> {
    idle: Mutex<Vec<S>>,
    make: Option<M>,
}

/// For a region without order: a new scratch wherever none is idle.
#[must_use]
pub fn scratch<S, M: Fn() -> S>(make: M) -> Bench<S, M> {
    Bench {
        idle: Mutex::new(Vec::new()),
        make: Some(make),
    }
}

/// For a region in order: the one scratch, with the state in it.
#[must_use]
pub fn state<S>(only: S) -> Bench<S, fn() -> S> {
    Bench {
        idle: Mutex::new(vec![only]),
        make: None,
    }
}

impl<S, M: Fn() -> S> Bench<S, M> {
    fn take(&self) -> Result<S, unwind::Payload> {
        let idle = lock(&self.idle).pop();
        match (idle, &self.make) {
            (Some(scratch), _) => Ok(scratch),
            (None, Some(make)) => unwind::catch(make),
            (None, None) => {
                unreachable!("the turnstile lets one evaluation of a serial region in at a time")
            }
        }
    }

    fn put_back(&self, scratch: S) {
        lock(&self.idle).push(scratch);
    }
}

impl<S, M> Drop for Bench<S, M> {
    fn drop(&mut self) {
        // one by one: two that panic in `Drop` would end the process
        while let Some(scratch) = lock(&self.idle).pop() {
            unwind::discard(scratch);
        }
    }
}

/// A region of a pipeline: its kernel maps one slot of every stream that enters to one of every stream that leaves.
pub struct Region<P, S, M, K> {
    pub(crate) spec: RegionSpec,
    bench: Bench<S, M>,
    pub(crate) kernel: K,
    ports: PhantomData<fn() -> P>,
}

/// A region, and the streams that leave it.
pub fn region<P, S, M, K, O>(
    spec: RegionSpec,
    _inputs: P,
    bench: Bench<S, M>,
    kernel: K,
) -> (Arc<Region<P, S, M, K>>, O::Ports)
where
    P: Ports,
    M: Fn() -> S,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O,
    O: SlotList,
{
    (
        Arc::new(Region {
            spec,
            bench,
            kernel,
            ports: PhantomData,
        }),
        O::ports(),
    )
}

impl<P, S, M: Fn() -> S, K> Region<P, S, M, K> {
    pub(crate) fn take_scratch(&self) -> Result<S, unwind::Payload> {
        self.bench.take()
    }

    pub(crate) fn put_scratch_back(&self, scratch: S) {
        self.bench.put_back(scratch);
    }
}

impl<P, S, M, K, O> Region<P, S, M, K>
where
    P: Ports,
    M: Fn() -> S,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> O,
    O: SlotList,
{
    /// Evaluates the rounds of one stride, and where it `gives` its state one more behind them, unless `cancelled` between
    /// rounds. The calls of the first round are timed; all of them, where they are written down.
    pub(crate) fn evaluate(
        &self,
        book: &mut Book,
        rounds: usize,
        gives: bool,
        mut strides: P::Strides,
        mut outs: O::Strides,
        cancelled: &AtomicBool,
    ) -> O::Strides {
        let go_on = || !cancelled.load(Ordering::Relaxed);
        if rounds == 0 && !gives {
            return outs;
        }
        let mut scratch = loop {
            match self.bench.take() {
                Ok(scratch) => break scratch,
                Err(payload) if P::taken(&strides) < rounds && go_on() => {
                    // it costs one slot; for the next one it is tried again
                    let done = P::taken(&strides);
                    if let Err(second) = unwind::catch(|| drop(P::next(&mut strides))) {
                        unwind::forget_payload(second);
                    }
                    let fault = book.panicked(0, done, payload);
                    O::fault(&fault).push(&mut outs);
                }
                Err(payload) => {
                    unwind::forget_payload(payload);
                    return outs;
                }
            }
        };
        let once = AtomicBool::new(true);
        let mut given = !gives;
        while go_on() {
            let done = P::taken(&strides);
            let at_end = done == rounds;
            if at_end && std::mem::replace(&mut given, true) {
                break;
            }
            // rounds whose calls are timed are left one by one, so that nothing in the others asks for that
            let timed = !at_end && (done == 0 || book.tells_all());
            let leave = if timed || at_end { &once } else { cancelled };
            // The kernel guards every call of user code. What unwinds all the same (a `Drop` in a projection) costs
            // its own slot.
            let unwound = unwind::catch(|| {
                let slots = (&mut strides, &mut outs);
                if timed || at_end || !O::are_plain(slots.1) {
                    let turns = (timed, at_end, leave);
                    self.go_through(book, &mut scratch, slots, turns);
                } else if let Some(others) = self.rush(book, &mut scratch, slots, leave) {
                    others.push(&mut outs);
                }
            });
            if timed {
                book.rest();
            }
            if let Err(payload) = unwound {
                let round = P::taken(&strides) - usize::from(!at_end);
                let fault = book.panicked(0, round, payload);
                O::fault(&fault).push(&mut outs);
            }
        }
        self.bench.put_back(scratch);
        outs
    }

    /// The loop of an evaluation where all that comes is values, and holes behind them, as far as they fit in. Gives what comes of the first round of which
    /// that is not so.
    ///
    /// Here time is spent, so it is written for the compiler. It is a function of its own, which so knows that what it is lent does not overlap;
    /// what it writes at each turn is [lent](Loan) to it, and lies on the stack; and it has no call in it but the user's: so that may be in registers.
    #[inline(never)]
    fn rush(
        &self,
        book: &mut Book,
        scratch: &mut S,
        (strides, outs): (&mut P::Strides, &mut O::Strides),
        leave: &AtomicBool,
    ) -> Option<O> {
        let mut round = P::taken(strides);
        let mut strides = Loan::of(strides);
        let mut outs = Loan::of(outs);
        loop {
            let slots = P::next_with(strides.from, &mut strides.lent)?;
            let slots = (self.kernel)(&mut Cursor::new(book, round, false), scratch, slots);
            if !slots.fit(&outs.lent) {
                return Some(slots);
            }
            slots.add(&mut outs.lent);
            if leave.load(Ordering::Relaxed) {
                return None;
            }
            round += 1;
        }
    }

    /// The loop of an evaluation, until it is told to leave; at the end, the one round behind the others.
    #[inline(never)]
    fn go_through(
        &self,
        book: &mut Book,
        scratch: &mut S,
        (strides, outs): (&mut P::Strides, &mut O::Strides),
        (timed, at_end, leave): (bool, bool, &AtomicBool),
    ) {
        let mut round = P::taken(strides);
        loop {
            let slots = if at_end {
                P::holes()
            } else {
                let Some(slots) = P::next(strides) else {
                    return;
                };
                slots
            };
            let mut cx = Cursor::new(book, round, timed).at_end(at_end);
            (self.kernel)(&mut cx, scratch, slots).push(outs);
            if leave.load(Ordering::Relaxed) {
                return;
            }
            round += 1;
        }
    }

    /// Evaluates one slot in place, with a scratch that the caller holds.
    #[inline(always)]
    pub(crate) fn evaluate_one(&self, mut cx: Cursor<'_>, scratch: &mut S, slots: P::Slots) -> O {
        (self.kernel)(&mut cx, scratch, slots)
    }
}
