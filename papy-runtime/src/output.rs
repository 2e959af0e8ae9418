//! Where items come out.

use std::collections::VecDeque;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::fault::Fault;
use crate::link::Link;
use crate::net::Step;
use crate::parking::Parking;
use crate::run::Keeper;
use crate::shared::{NAP, OnFault, Part, Shared};
use crate::slot::Slot;
use crate::stride::{Slots, Stride};
use crate::sync::{Arc, Condvar, Mutex, lock, wait, wait_for};
use crate::unwind;

/// The queue between the last step and the reader: strides come in as they are ready and go out in order.
pub(crate) struct Channel<T> {
    link: Arc<Link<T>>,
    queue: Mutex<Queue<T>>,
    gate: Arc<Gate>,
    part: Arc<Part>,
    part_number: usize,
    /// The reader's index in the part's flow.
    reader: usize,
    shared: Arc<Shared>,
    ordered: bool,
}

struct Queue<T> {
    parked: Parking<Stride<T>>,
    /// In the order of arrival, for an output without order.
    loose: VecDeque<Stride<T>>,
    /// Strides that can be taken, or were.
    available: u64,
    /// The first that nobody has dropped unread.
    unread: u64,
    /// A fault ends the output here; nothing behind it is wanted.
    cut: bool,
}

impl<T> Channel<T> {
    pub(crate) fn new(
        link: Arc<Link<T>>,
        part: usize,
        reader: usize,
        shared: &Arc<Shared>,
        output: usize,
        ordered: bool,
    ) -> Self {
        let queue = Queue {
            parked: Parking::new(),
            loose: VecDeque::new(),
            available: 0,
            unread: 0,
            cut: false,
        };
        Channel {
            link,
            queue: Mutex::new(queue),
            gate: shared.gates[output].clone(),
            part: shared.parts[part].clone(),
            part_number: part,
            reader,
            shared: shared.clone(),
            ordered,
        }
    }

    /// Queues a stride; gives how many can be taken now, and whether the output ends there, at a fault.
    fn enqueue(&self, wave: u64, stride: Stride<T>) -> (u64, bool) {
        let stops = self.shared.on_fault == OnFault::Stop;
        let mut guard = lock(&self.queue);
        let queue = &mut *guard;
        if queue.cut {
            drop(guard);
            unwind::discard(stride);
            return (0, false);
        }
        if self.ordered {
            queue.parked.insert(wave, stride);
            while let Some(stride) = queue.parked.get_mut(queue.available) {
                let faulty = stride.has_faults();
                queue.available += 1;
                if stops && faulty {
                    queue.cut = true;
                    break;
                }
            }
        } else {
            queue.cut = stops && stride.has_faults();
            queue.loose.push_back(stride);
            queue.available += 1;
        }
        (queue.available, queue.cut)
    }

    fn take(&self) -> Poll<Option<Stride<T>>> {
        self.gate.take().map(|wave| {
            let mut queue = lock(&self.queue);
            if self.ordered {
                queue.parked.take(wave?)
            } else {
                queue.loose.pop_front()
            }
        })
    }

    fn drop_queued(&self) {
        let (parked, loose) = {
            let mut queue = lock(&self.queue);
            (queue.parked.clear(), std::mem::take(&mut queue.loose))
        };
        parked.chain(loose).for_each(unwind::discard);
    }

    /// Drops what nobody will read; what is still out of order stays, since a fault in it may end the run.
    fn drop_unread(&self) {
        let unread: Vec<_> = {
            let mut queue = lock(&self.queue);
            let unread = queue.unread..queue.available;
            queue.unread = queue.available;
            unread.filter_map(|wave| queue.parked.take(wave)).collect()
        };
        unread.into_iter().for_each(unwind::discard);
        if !self.ordered {
            self.drop_queued();
        }
    }

    fn used(&self, slots: u64) {
        if slots > 0 {
            lock(&self.part.flow).deliver(self.reader, slots);
            self.part.bell.ring();
        }
    }

    fn hungry(&self, hungry: bool) {
        if lock(&self.part.flow).hunger(self.reader, hungry) && hungry {
            self.part.bell.ring();
        }
    }

    /// The reader is gone: what comes is dropped, and counts no more.
    pub(crate) fn close(&self) {
        self.gate.close();
        self.drop_unread();
        self.forsake();
    }

    fn forsake(&self) {
        lock(&self.part.flow).forsake(self.reader);
        self.part.bell.ring();
    }

    /// The output has ended at a fault; where nobody reads another one, the run has nothing left to do.
    fn finish_early(&self) {
        self.forsake();
        if self
            .shared
            .parts
            .iter()
            .all(|part| lock(&part.flow).nobody_reads())
        {
            self.shared.cancel();
        }
    }
}

impl<T> Drop for Channel<T> {
    fn drop(&mut self) {
        self.drop_queued();
    }
}

impl<T: Send> Step for Arc<Channel<T>> {
    fn run(&self, wave: u64, _arrivals: &mut Vec<usize>) {
        let Some(stride) = self.link.take(wave) else {
            return;
        };
        let (available, cut) = self.enqueue(wave, stride);
        if self.gate.admit(available, cut) {
            self.drop_unread();
        }
        if cut {
            self.finish_early();
        }
        self.part.bell.ring();
    }

    fn clear(&self) {
        self.link.clear();
        if self.shared.is_cancelled() && !self.gate.is_cut() {
            self.drop_queued();
        }
    }
}

/// What reader and run know of an output's queue, whatever its type.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    available: u64,
    taken: u64,
    /// How many strides there are in all.
    end: Option<u64>,
    /// Ends at a fault, whatever happens to the run.
    cut: bool,
    closed: bool,
}

impl GateState {
    fn next(&self) -> Poll<Option<u64>> {
        match self.end {
            _ if self.closed => Poll::Ready(None),
            Some(end) if self.taken >= end => Poll::Ready(None),
            _ if self.taken < self.available => Poll::Ready(Some(self.taken)),
            _ => Poll::Pending,
        }
    }
}

impl Gate {
    /// Strides have come; `cut` where the output ends with the last of them. Gives whether nobody wants them.
    fn admit(&self, available: u64, cut: bool) -> bool {
        let mut state = lock(&self.state);
        state.available = state.available.max(available);
        if cut {
            state.cut = true;
            state.end = Some(available);
        }
        let unwanted = state.closed;
        drop(state);
        self.news.notify_all();
        unwanted
    }

    fn take(&self) -> Poll<Option<u64>> {
        let mut state = lock(&self.state);
        let next = state.next();
        if let Poll::Ready(Some(_)) = next {
            state.taken += 1;
        }
        next
    }

    fn close(&self) {
        lock(&self.state).closed = true;
        self.news.notify_all();
    }

    fn cut(&self) {
        lock(&self.state).cut = true;
    }

    fn is_cut(&self) -> bool {
        lock(&self.state).cut
    }

    /// No stride follows the first `strides`.
    pub(crate) fn end(&self, strides: u64) {
        let mut state = lock(&self.state);
        if !state.cut {
            state.end = Some(strides);
        }
        drop(state);
        self.news.notify_all();
    }

    /// Ends now, unless the output has been cut at a fault: then what comes before that is still to be read.
    pub(crate) fn cancel(&self) {
        let taken = lock(&self.state).taken;
        self.end(taken);
    }

    /// Waits until there is something to take or nothing to come.
    fn sleep(&self, limit: Option<Duration>) {
        let mut state = lock(&self.state);
        match limit {
            Some(limit) if state.next() == Poll::Pending => {
                drop(wait_for(&self.news, state, limit));
            }
            Some(_) => {}
            None => {
                while state.next() == Poll::Pending {
                    state = wait(&self.news, state);
                }
            }
        }
    }
}

/// How long a reader waits.
#[derive(Clone, Copy)]
enum Patience {
    None,
    Until(Instant),
    Endless,
}

/// One end of a channel: takes strides and gives slots.
pub struct Reader<T> {
    channel: Arc<Channel<T>>,
    slots: Slots<T>,
    /// Slots of the current stride, counted as read once the reader asks for more.
    held: u64,
    /// Has ended, for ever.
    done: bool,
}

impl<T> Reader<T> {
    pub(crate) fn new(channel: &Arc<Channel<T>>) -> Reader<T> {
        Reader {
            channel: channel.clone(),
            slots: Slots::empty(),
            held: 0,
            done: false,
        }
    }

    /// The next result that is at hand, with the position of its source item.
    #[inline]
    fn at_hand(&mut self) -> Option<(u64, Result<T, Fault>)> {
        loop {
            let position = self.slots.position();
            let result = match self.slots.next()? {
                Slot::Value(value) => Ok(value),
                Slot::Fault(fault) => {
                    if self.channel.shared.on_fault == OnFault::Stop {
                        self.finish();
                    }
                    Err(fault)
                }
                Slot::Hole | Slot::End => continue,
            };
            return Some((position, result));
        }
    }

    fn finish(&mut self) {
        self.done = true;
        unwind::discard(std::mem::replace(&mut self.slots, Slots::empty()));
        self.channel.used(std::mem::take(&mut self.held));
        self.channel.gate.cut();
        self.channel.close();
        self.channel.finish_early();
    }

    /// Takes the next stride, if one is ready; `None` at the end.
    fn refill(&mut self) -> Poll<Option<()>> {
        self.channel.used(std::mem::take(&mut self.held));
        let stride = if self.done {
            Poll::Ready(None)
        } else {
            self.channel.take()
        };
        stride.map(|stride| match stride {
            Some(stride) => {
                self.held = stride.len() as u64;
                self.slots = stride.into_slots();
                Some(())
            }
            None => {
                self.done = true;
                None
            }
        })
    }

    /// Takes the next stride for a driver that reads outputs itself.
    pub(crate) fn poll_slots(
        &mut self,
        mut give: impl FnMut(Result<T, Fault>) -> bool,
    ) -> Poll<Option<()>> {
        let filled = self.refill();
        if filled == Poll::Ready(Some(())) {
            while let Some((_, result)) = self.at_hand() {
                if !give(result) {
                    break;
                }
            }
            self.channel.used(std::mem::take(&mut self.held));
        }
        filled
    }

    fn next(
        &mut self,
        patience: Patience,
        keeper: Option<&Keeper>,
    ) -> Poll<Option<(u64, Result<T, Fault>)>> {
        loop {
            if let Some(next) = self.at_hand() {
                return Poll::Ready(Some(next));
            }
            match self.refill() {
                Poll::Ready(Some(())) => continue,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {}
            }
            self.channel.hungry(true);
            let came = self.await_stride(patience, keeper);
            if came {
                self.channel.hungry(false);
            } else {
                // hungry until something has been read: a reader that only polls must not wait for other outputs
                return Poll::Pending;
            }
        }
    }

    /// Waits until a stride can be taken or none will come.
    fn await_stride(&mut self, patience: Patience, keeper: Option<&Keeper>) -> bool {
        loop {
            match self.refill() {
                Poll::Ready(_) => return true,
                Poll::Pending => {}
            }
            if keeper.is_some_and(|keeper| keeper.drive(self.channel.part_number)) {
                continue;
            }
            let left = match patience {
                Patience::None => return false,
                Patience::Endless => None,
                Patience::Until(deadline) => {
                    Some(deadline.saturating_duration_since(Instant::now()))
                }
            };
            if left.is_some_and(|left| left.is_zero()) {
                return false;
            }
            if rayon::current_thread_index().is_some() {
                if rayon::yield_now() != Some(rayon::Yield::Executed) {
                    self.channel.gate.sleep(Some(left.unwrap_or(NAP).min(NAP)));
                }
            } else {
                // without threads, whoever lets the run go on does not know of this reader
                let nap = keeper.is_some_and(Keeper::is_inline).then_some(NAP);
                self.channel.gate.sleep(nap.into_iter().chain(left).min());
            }
        }
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        unwind::discard(std::mem::replace(&mut self.slots, Slots::empty()));
        self.channel.used(std::mem::take(&mut self.held));
        self.channel.close();
    }
}

/// An output of a run: an iterator of `Result<T, Fault>`.
///
/// Outputs may be read in any order: together, one to its end and then the other, or not at all. A dropped output is
/// discarded as it comes.
pub struct Output<T> {
    /// Behind a lock for the sake of [`indexed`](Output::indexed), which borrows the output.
    reader: Mutex<Reader<T>>,
    /// Dropped after the reader: the run ends with the last of its handles that may read.
    keeper: Arc<Keeper>,
}

impl<T> Output<T> {
    pub(crate) fn new(reader: Reader<T>, keeper: &Arc<Keeper>) -> Output<T> {
        Output {
            reader: Mutex::new(reader),
            keeper: keeper.clone(),
        }
    }

    #[inline]
    fn reader(&mut self) -> (&mut Reader<T>, &Keeper) {
        (
            self.reader
                .get_mut()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
            &self.keeper,
        )
    }

    /// The next result, if it is ready now. Nothing is lost where it is not.
    pub fn try_next(&mut self) -> Poll<Option<Result<T, Fault>>> {
        self.poll(Patience::None)
    }

    /// The next result, if it is ready within `limit`. Nothing is lost where it is not.
    pub fn next_timeout(&mut self, limit: Duration) -> Poll<Option<Result<T, Fault>>> {
        self.poll(
            Instant::now()
                .checked_add(limit)
                .map_or(Patience::Endless, Patience::Until),
        )
    }

    fn poll(&mut self, patience: Patience) -> Poll<Option<Result<T, Fault>>> {
        let (reader, keeper) = self.reader();
        reader
            .next(patience, Some(keeper))
            .map(|next| next.map(|(_, result)| result))
    }

    /// The same results, each with the position of its source item: of the first input in header order that leads
    /// here; after a fold, the first position behind the input.
    pub fn indexed(&self) -> Indexed<'_, T> {
        Indexed(self)
    }
}

impl<T> Drop for Output<T> {
    fn drop(&mut self) {
        if Arc::strong_count(&self.keeper) == 1 {
            // The run ends with this output. It must not go on for a while because nobody reads it.
            self.keeper.cancel();
        }
    }
}

impl<T> Iterator for Output<T> {
    type Item = Result<T, Fault>;

    #[inline]
    fn next(&mut self) -> Option<Result<T, Fault>> {
        let (reader, keeper) = self.reader();
        if let Some((_, result)) = reader.at_hand() {
            return Some(result);
        }
        match reader.next(Patience::Endless, Some(keeper)) {
            Poll::Ready(next) => next.map(|(_, result)| result),
            Poll::Pending => unreachable!("endless patience"),
        }
    }
}

impl<T> std::iter::FusedIterator for Output<T> {}

impl<T> std::fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").finish_non_exhaustive()
    }
}

/// The results of an output with their positions; made by [`Output::indexed`].
#[derive(Debug)]
pub struct Indexed<'a, T>(&'a Output<T>);

impl<T> Iterator for Indexed<'_, T> {
    type Item = (u64, Result<T, Fault>);

    fn next(&mut self) -> Option<Self::Item> {
        match lock(&self.0.reader).next(Patience::Endless, Some(&self.0.keeper)) {
            Poll::Ready(next) => next,
            Poll::Pending => unreachable!("endless patience"),
        }
    }
}
