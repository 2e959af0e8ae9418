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
    /// Out of order still.
    parked: Parking<Stride<T>>,
    /// Waves that have arrived, in order where there is one.
    arrived: u64,
    /// Strides that can be taken.
    ready: VecDeque<Stride<T>>,
    /// How many there have been in all.
    queued: u64,
    /// Slots of strides that hold nothing to read. They are not kept, only counted: an output behind a fold, read at
    /// the end, would otherwise grow with the input.
    empty: u64,
    /// A fault ends the output here; nothing behind it is wanted.
    cut: bool,
}

impl<T> Queue<T> {
    fn new() -> Queue<T> {
        Queue {
            parked: Parking::new(),
            arrived: 0,
            ready: VecDeque::new(),
            queued: 0,
            empty: 0,
            cut: false,
        }
    }

    fn push(&mut self, stride: Stride<T>) {
        if stride.is_empty() {
            self.empty += stride.len() as u64;
        } else {
            self.ready.push_back(stride);
            self.queued += 1;
        }
    }
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
        Channel {
            link,
            queue: Mutex::new(Queue::new()),
            gate: shared.gates[output].clone(),
            part: shared.parts[part].clone(),
            part_number: part,
            reader,
            shared: shared.clone(),
            ordered,
        }
    }

    /// Queues a stride; gives what the gate is to know.
    fn enqueue(&self, wave: u64, stride: Stride<T>) -> Admission {
        let stops = self.shared.on_fault == OnFault::Stop;
        let mut guard = lock(&self.queue);
        let queue = &mut *guard;
        let unwanted = if queue.cut {
            Some(stride)
        } else if self.ordered {
            queue.parked.insert(wave, stride);
            while let Some(stride) = queue.parked.take(queue.arrived).filter(|_| !queue.cut) {
                queue.arrived += 1;
                queue.cut = stops && stride.has_faults();
                queue.push(stride);
            }
            None
        } else {
            queue.arrived += 1;
            queue.cut = stops && stride.has_faults();
            queue.push(stride);
            None
        };
        let admission = Admission {
            arrived: queue.arrived,
            queued: queue.queued,
            cut: queue.cut,
        };
        drop(guard);
        unwanted.into_iter().for_each(unwind::discard);
        admission
    }

    fn take(&self) -> Poll<Option<Stride<T>>> {
        let next = self.gate.take();
        if next != Poll::Ready(Some(())) {
            self.pass_empty(false);
        }
        next.map(|next| next.and_then(|()| lock(&self.queue).ready.pop_front()))
    }

    /// Counts slots that hold nothing to read as read: where the reader is at them, or waits.
    fn pass_empty(&self, if_hungry: bool) {
        let mut flow = lock(&self.part.flow);
        if if_hungry && !flow.is_hungry(self.reader) {
            return;
        }
        let passed = {
            let mut queue = lock(&self.queue);
            if queue.ready.is_empty() {
                std::mem::take(&mut queue.empty)
            } else {
                0
            }
        };
        if passed > 0 {
            flow.deliver(self.reader, passed);
            drop(flow);
            self.part.bell.ring();
        }
    }

    fn drop_queued(&self) {
        let (parked, ready) = {
            let mut queue = lock(&self.queue);
            (queue.parked.clear(), std::mem::take(&mut queue.ready))
        };
        parked.chain(ready).for_each(unwind::discard);
    }

    /// Drops what nobody will read; what is still out of order stays, since a fault in it may end the run.
    fn drop_unread(&self) {
        let unread = std::mem::take(&mut lock(&self.queue).ready);
        unread.into_iter().for_each(unwind::discard);
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
        let admission = self.enqueue(wave, stride);
        let cut = admission.cut;
        if self.gate.admit(admission) {
            self.drop_unread();
        }
        self.pass_empty(true);
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
    arrived: u64,
    queued: u64,
    taken: u64,
    /// How many waves there are in all.
    end: Option<u64>,
    /// Ends at a fault, whatever happens to the run: what comes before that is still to be read.
    cut: bool,
    cancelled: bool,
    closed: bool,
}

/// What has come into the queue so far.
struct Admission {
    /// Waves.
    arrived: u64,
    /// Strides with something to read.
    queued: u64,
    /// The output ends with the last of them.
    cut: bool,
}

impl GateState {
    /// Whether a stride can be taken; `None` where none will come.
    fn next(&self) -> Poll<Option<()>> {
        if self.closed || (self.cancelled && !self.cut) {
            Poll::Ready(None)
        } else if self.taken < self.queued {
            Poll::Ready(Some(()))
        } else if self.cut || self.end.is_some_and(|end| self.arrived >= end) {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}

impl Gate {
    /// Strides have come. Gives whether nobody wants them.
    fn admit(&self, admission: Admission) -> bool {
        let mut state = lock(&self.state);
        // two threads may come here in either order
        state.arrived = state.arrived.max(admission.arrived);
        state.queued = state.queued.max(admission.queued);
        state.cut |= admission.cut;
        let unwanted = state.closed;
        drop(state);
        self.news.notify_all();
        unwanted
    }

    /// Nothing will come any more.
    pub(crate) fn is_at_end(&self) -> bool {
        lock(&self.state).next() == Poll::Ready(None)
    }

    fn take(&self) -> Poll<Option<()>> {
        let mut state = lock(&self.state);
        let next = state.next();
        if let Poll::Ready(Some(())) = next {
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

    /// No wave follows the first `waves`.
    pub(crate) fn end(&self, waves: u64) {
        lock(&self.state).end = Some(waves);
        self.news.notify_all();
    }

    /// Ends now.
    pub(crate) fn cancel(&self) {
        lock(&self.state).cancelled = true;
        self.news.notify_all();
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
                if !crate::engine::work_meanwhile() {
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
