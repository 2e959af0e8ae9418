//! Evaluation in place where a `.flat()` is on the way: the regions before it, its iterators, and the regions behind it, in one loop.

use crate::fault::{Fault, FaultKind};
use crate::in_place::{
    Fused, InPlace, Passage, Regions, Turn, stop_where_nobody_wants_more, wants_more,
};
use crate::inlet::{Inlet, Inlets};
use crate::link::{Due, Port, SlotList};
use crate::shared::Shared;
use crate::sink::Sinks;
use crate::slot::Slot;
use crate::source::Feed;
use crate::spring::Burst;
use crate::sync::{Arc, Instant, Mutex, Ordering, lock};
use crate::unwind::{self, Payload};

/// What evaluation in place leaves to the waves that follow: the iterator that it is in, and where the source stands.
pub struct Seed<I: Iterator>(Arc<Mutex<Left<I>>>);

pub(crate) struct Left<I: Iterator> {
    /// The first position that has not been pulled.
    pub(crate) next: u64,
    /// The iterator, and the position of its item.
    pub(crate) current: Option<(u64, Burst<I>)>,
}

impl<I: Iterator> Clone for Seed<I> {
    fn clone(&self) -> Self {
        Seed(self.0.clone())
    }
}

impl<I: Iterator> Seed<I> {
    /// What is left, for who goes on with it.
    pub(crate) fn take(&self) -> Left<I> {
        let mut left = lock(&self.0);
        Left {
            next: left.next,
            current: left.current.take(),
        }
    }
}

/// Of a stream of iterators.
#[must_use]
pub fn seed<I: Iterator>(_port: Port<Burst<I>>) -> Seed<I> {
    Seed(Arc::new(Mutex::new(Left {
        next: 0,
        current: None,
    })))
}

/// A pipeline with one `.flat()` that can be evaluated in place.
pub struct Flowing<A, B, I: Iterator> {
    before: A,
    behind: B,
    /// The node whose iterators they are.
    node: usize,
    seed: Seed<I>,
}

/// For what can be evaluated in place before a `.flat()` and behind it.
#[must_use]
pub fn flowing_in_place<A, B, I: Iterator>(
    before: A,
    behind: B,
    node: usize,
    seed: &Seed<I>,
) -> Flowing<A, B, I> {
    Flowing {
        before,
        behind,
        node,
        seed: seed.clone(),
    }
}

impl<T, LA, FA, LB, FB, I, O> InPlace<T, O::Ports> for Flowing<Fused<LA, FA>, Fused<LB, FB>, I>
where
    LA: Regions,
    FA: Fn(Turn, &LA, &mut LA::Stands, (Slot<T>, ())) -> (Slot<Burst<I>>, ()),
    LB: Regions,
    FB: Fn(Turn, &LB, &mut LB::Stands, (Slot<I::Item>, ())) -> O,
    I: Iterator,
    O: SlotList,
{
    const POSSIBLE: bool = true;
    const HAS_SPRING: bool = true;

    fn keeps(&self) -> bool {
        self.before.regions().keeps() || self.behind.regions().keeps()
    }

    /// From thread to thread each iterator costs something, and each item of it. And what is done one after the other could only be done
    /// beside asking the iterators.
    fn worth(&self) -> f64 {
        if self.behind.regions().are_serial() {
            1_000.0
        } else {
            200.0
        }
    }

    fn pass<N, C>(
        &self,
        inlets: &mut N,
        sinks: &mut C,
        shared: &Shared,
        first: u64,
        want: usize,
    ) -> Option<Passage>
    where
        N: Inlets<First = T>,
        C: Sinks<O::Ports>,
    {
        let mut above = self.before.open(shared, first)?;
        let Left { current, .. } = self.seed.take();
        // what comes of an iterator is counted from where its item stood
        let from = current.as_ref().map_or(first, |(position, _)| *position);
        let Some(mut below) = self.behind.open(shared, from) else {
            self.before.close(above, shared, 0);
            lock(&self.seed.0).current = current;
            return None;
        };
        let items = (first, first + want as u64 - 1);
        self.before.sit(&mut above, shared, items);
        self.behind.sit(&mut below, shared, items);
        let is_read = !sinks.is_done();
        let began = Instant::now();
        let inlet = inlets.first();
        let mut pass = FlatPass {
            flowing: self,
            shared,
            name: shared.ledger.input_name(inlet.number()),
            firsts: (first, from),
            sampled: want == 1,
            is_read,
            next: first,
            current,
            given: 0,
            yielded: 0,
        };
        let used = pass.run(inlet, (&mut above, &mut below), sinks, want);
        let (next, given) = (pass.next, pass.given);
        let streamed = &shared.ledger.nodes[self.node].streamed;
        streamed.fetch_add(pass.yielded, Ordering::Relaxed);
        let current = pass.current.take();
        let pulled = (next - first) as usize;
        shared.ledger.pulled(inlet.number(), pulled);
        let mut failed = self.before.close(above, shared, pulled);
        failed |= self.behind.close(below, shared, given);
        let nodes = self.before.nodes().chain(self.behind.nodes());
        shared.ledger.spend(nodes, began.elapsed());
        stop_where_nobody_wants_more(shared, sinks, is_read, failed);
        let is_last = current.is_none() && inlet.is_over();
        let mut left = lock(&self.seed.0);
        left.next = next;
        left.current = current;
        Some(Passage {
            pulled,
            items: used,
            is_last,
        })
    }
}

/// A pass.
struct FlatPass<'a, A, B, I: Iterator> {
    flowing: &'a Flowing<A, B, I>,
    shared: &'a Shared,
    /// Of the input.
    name: &'a Arc<str>,
    /// The positions from which rounds are counted before the iterators, and behind them.
    firsts: (u64, u64),
    sampled: bool,
    /// Somebody has wanted something when it began.
    is_read: bool,
    /// The position that is pulled next.
    next: u64,
    current: Option<(u64, Burst<I>)>,
    /// Slots that went on behind the iterators.
    given: usize,
    /// Items of iterators, less those that have ended; wraps around below 0.
    yielded: u64,
}

impl<LA, FA, LB, FB, I> FlatPass<'_, Fused<LA, FA>, Fused<LB, FB>, I>
where
    LA: Regions,
    LB: Regions,
    I: Iterator,
{
    /// Goes on until so much has been looked at, or nobody wants more; gives how much that was.
    fn run<D, C, O>(
        &mut self,
        inlet: &mut Inlet<D>,
        (above, below): (&mut LA::Stands, &mut LB::Stands),
        sinks: &mut C,
        want: usize,
    ) -> usize
    where
        D: Feed,
        FA: Fn(Turn, &LA, &mut LA::Stands, (Slot<D::Item>, ())) -> (Slot<Burst<I>>, ()),
        FB: Fn(Turn, &LB, &mut LB::Stands, (Slot<I::Item>, ())) -> O,
        O: SlotList,
        C: Sinks<O::Ports>,
    {
        let mut wants = true;
        if let Some((position, mut burst)) = self.current.take() {
            wants = self.pour(position, &mut burst, below, sinks, want);
            if burst.iterator().is_some() {
                self.current = Some((position, burst));
                return self.given;
            }
        }
        let mut alone = 0;
        while wants && alone + self.given < want && !inlet.is_over() {
            let position = self.next;
            let Some(slot) = inlet.next(self.name, position) else {
                break;
            };
            self.next += 1;
            alone += 1;
            let turn = Turn::new((position - self.firsts.0) as usize, self.sampled);
            let (mut slot, ()) = self.flowing.before.evaluate(turn, above, slot);
            // where it lies: who moves what has just been written in pieces waits until all of it has reached the cache
            if let Slot::Value(burst) = &mut slot {
                // a pass of one is to have one behind the iterator, too
                let most = want.saturating_sub(alone + self.given).max(1);
                wants = self.pour(position, burst, below, sinks, most);
                if burst.iterator().is_none() {
                    continue;
                }
            }
            match slot {
                Slot::Value(burst) => {
                    self.current = Some((position, burst));
                    break;
                }
                Slot::Fault(fault) => {
                    wants = self.give(position, Slot::Fault(fault), below, sinks);
                }
                Slot::Hole | Slot::End => {}
            }
        }
        alone + self.given
    }

    /// Evaluates items of an iterator: at most so many. Gives whether somebody wants more.
    #[inline(always)]
    fn pour<C, O>(
        &mut self,
        position: u64,
        burst: &mut Burst<I>,
        below: &mut LB::Stands,
        sinks: &mut C,
        most: usize,
    ) -> bool
    where
        FB: Fn(Turn, &LB, &mut LB::Stands, (Slot<I::Item>, ())) -> O,
        O: SlotList,
        C: Sinks<O::Ports>,
    {
        let end = self.given + most;
        let mut fault = None;
        while self.given < end
            && let Some(iterator) = burst.iterator()
        {
            match unwind::catch(|| iterator.next()) {
                Ok(Some(item)) => {
                    self.yielded = self.yielded.wrapping_add(1);
                    if !self.give(position, Slot::Value(item), below, sinks) {
                        return false;
                    }
                }
                Ok(None) => burst.cut(),
                Err(payload) => {
                    burst.cut();
                    fault = Some(self.failed(position, payload));
                }
            }
        }
        if burst.iterator().is_none() {
            self.yielded = self.yielded.wrapping_sub(1);
        }
        match fault {
            Some(fault) => self.give(position, Slot::Fault(fault), below, sinks),
            None => true,
        }
    }

    /// The iterator has panicked.
    #[cold]
    fn failed(&self, position: u64, payload: Payload) -> Fault {
        let ledger = &self.shared.ledger.nodes[self.flowing.node];
        ledger.note_fault();
        Fault::panicked(&ledger.name, position, FaultKind::Panic, payload)
    }

    /// Evaluates what follows on a slot, and delivers it; gives whether somebody wants more.
    #[inline(always)]
    fn give<C, O>(
        &mut self,
        position: u64,
        slot: Slot<I::Item>,
        below: &mut LB::Stands,
        sinks: &mut C,
    ) -> bool
    where
        FB: Fn(Turn, &LB, &mut LB::Stands, (Slot<I::Item>, ())) -> O,
        O: SlotList,
        C: Sinks<O::Ports>,
    {
        let sampled = self.sampled && self.given == 0;
        let turn = Turn::new((position - self.firsts.1) as usize, sampled);
        let slots = self.flowing.behind.evaluate(turn, below, slot);
        self.given += 1;
        if slots.due() == Due::Nothing {
            return true;
        }
        let went = slots.give::<_, false>(sinks, self.shared.on_fault);
        went.is_continue() || wants_more(sinks, self.is_read)
    }
}
