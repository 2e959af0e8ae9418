//! The queue between the last step and the reader of an output.

use std::collections::VecDeque;
use std::task::Poll;
use std::time::Duration;

use crate::link::Link;
use crate::net::Step;
use crate::parking::Parking;
use crate::shared::{OnFault, Part, Shared};
use crate::stride::Stride;
use crate::sync::{
    Arc, AtomicU64, Condvar, Mutex, MutexGuard, Ordering, linger, lock, wait, wait_for,
};
use crate::unwind;
use crate::watch::What;

/// The queue between the last step and the reader: strides come in as they are ready and go out in order.
pub(crate) struct Channel<T> {
    link: Arc<Link<T>>,
    queue: Mutex<Queue<T>>,
    pub(crate) gate: Arc<Gate>,
    part: Arc<Part>,
    pub(crate) part_number: usize,
    /// The reader's index in the part's flow.
    reader: usize,
    pub(crate) shared: Arc<Shared>,
    ordered: bool,
    /// Its number.
    output: usize,
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
    /// What strides stand for that hold nothing to read. They are not kept, only counted: an output behind a fold, read at
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
            self.empty += stride.extent.charge;
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
    ) -> Self {
        Channel {
            ordered: link.lineage.ordered,
            link,
            queue: Mutex::new(Queue::new()),
            gate: shared.gates[output].clone(),
            part: shared.parts[part].clone(),
            part_number: part,
            reader,
            shared: shared.clone(),
            output,
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

    pub(crate) fn take(&self) -> Poll<Option<Stride<T>>> {
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
            self.part.ring();
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

    pub(crate) fn used(&self, slots: u64) {
        if slots > 0 {
            self.shared.moved(self.part_number);
            lock(&self.part.flow).deliver(self.reader, slots);
            self.part.ring();
        }
    }

    pub(crate) fn hungry(&self, hungry: bool) {
        let news = lock(&self.part.flow).hunger(self.reader, hungry);
        if news {
            self.shared.hunger(self.part_number, hungry);
            if hungry {
                self.part.ring();
            }
        }
    }

    /// The reader is gone: what comes is dropped, and counts no more.
    pub(crate) fn close(&self) {
        self.gate.close();
        self.drop_unread();
        self.forsake();
    }

    fn forsake(&self) {
        self.hungry(false);
        lock(&self.part.flow).forsake(self.reader);
        self.part.ring();
    }

    /// The output has ended at a fault; where nobody reads another one, the run has nothing left to do.
    pub(crate) fn finish_early(&self) {
        self.forsake();
        if self
            .shared
            .parts
            .iter()
            .all(|part| lock(&part.flow).nobody_reads(part.plan.outputs.len()))
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
    fn run(&self, _shared: &Shared, _part: usize, wave: u64, _arrivals: &mut Vec<usize>) {
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
        self.part.ring();
    }

    fn clear(&self) {
        self.link.clear();
        if self.shared.is_cancelled() && !self.gate.is_cut() {
            self.drop_queued();
        }
    }

    fn what(&self) -> What {
        What::Output(self.output)
    }
}

/// What reader and run know of an output's queue, whatever its type.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    news: Condvar,
    /// How often the state has changed in a way that readers wait for; written under its lock.
    changes: AtomicU64,
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
    /// Readers to be woken.
    asleep: usize,
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

/// An output's queue, as somebody who looks finds it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GateLook {
    /// Waves that have come.
    pub(crate) arrived: u64,
    /// Strides with something to read: queued so far, and taken.
    pub(crate) queued: u64,
    pub(crate) taken: u64,
    pub(crate) at_end: bool,
}

impl Gate {
    pub(crate) fn look(&self) -> GateLook {
        let state = lock(&self.state);
        GateLook {
            arrived: state.arrived,
            queued: state.queued,
            taken: state.taken,
            at_end: state.next() == Poll::Ready(None),
        }
    }

    /// Strides have come; readers are told where they can take one, or none will come. Gives whether nobody wants them.
    fn admit(&self, admission: Admission) -> bool {
        let mut state = lock(&self.state);
        // two threads may come here in either order
        state.arrived = state.arrived.max(admission.arrived);
        state.queued = state.queued.max(admission.queued);
        state.cut |= admission.cut;
        let unwanted = state.closed;
        if state.next() != Poll::Pending {
            self.tell(state);
        }
        unwanted
    }

    /// Wakes readers, where there are any to be woken.
    fn tell(&self, state: MutexGuard<'_, GateState>) {
        self.changes.fetch_add(1, Ordering::Release);
        let asleep = state.asleep > 0;
        drop(state);
        if asleep {
            self.news.notify_all();
        }
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
        let mut state = lock(&self.state);
        state.closed = true;
        self.tell(state);
    }

    pub(crate) fn cut(&self) {
        lock(&self.state).cut = true;
    }

    fn is_cut(&self) -> bool {
        lock(&self.state).cut
    }

    /// No wave follows the first `waves`.
    pub(crate) fn end(&self, waves: u64) {
        let mut state = lock(&self.state);
        state.end = Some(waves);
        self.tell(state);
    }

    /// Ends now.
    pub(crate) fn cancel(&self) {
        let mut state = lock(&self.state);
        state.cancelled = true;
        self.tell(state);
    }

    /// Waits until there is something to take or nothing to come.
    pub(crate) fn sleep(&self, limit: Option<Duration>) {
        let changes = || self.changes.load(Ordering::Acquire);
        let seen = changes();
        if lock(&self.state).next() != Poll::Pending || linger(|| changes() != seen) {
            return;
        }
        let mut state = lock(&self.state);
        // under the lock: who admits something after this sees it
        state.asleep += 1;
        match limit {
            Some(limit) if state.next() == Poll::Pending => {
                state = wait_for(&self.news, state, limit);
            }
            Some(_) => {}
            None => {
                while state.next() == Poll::Pending {
                    state = wait(&self.news, state);
                }
            }
        }
        state.asleep -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_told_of_what_they_can_take_and_of_the_end() {
        let gate = Gate::default();
        let told = |arrived, queued| {
            let before = gate.changes.load(Ordering::Relaxed);
            gate.admit(Admission {
                arrived,
                queued,
                cut: false,
            });
            gate.changes.load(Ordering::Relaxed) > before
        };
        assert!(!told(1, 0), "there is nothing in it to be read");
        assert!(told(2, 1));
        assert_eq!(gate.take(), Poll::Ready(Some(())));
        assert!(!told(3, 1));
        gate.end(5);
        assert!(!told(4, 1), "one is still to come");
        assert!(told(5, 1));
        assert_eq!(gate.take(), Poll::Ready(None));
    }
}
