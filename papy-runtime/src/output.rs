//! Where items come out.

use std::task::Poll;
use std::time::Duration;

use crate::channel::Channel;
use crate::fault::Fault;
use crate::run::Keeper;
use crate::shared::{NAP, OnFault};
use crate::slot::Slot;
use crate::stride::Slots;
use crate::sync::{Arc, Instant, Mutex, lock, rayon, unlocked};
use crate::unwind;

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
    /// What the current stride stands for, counted as read once the reader asks for more.
    held: u64,
    /// Has ended, for ever.
    done: bool,
    /// Where the result was from that it has ended with.
    last: Option<u64>,
}

impl<T> Reader<T> {
    pub(crate) fn new(channel: &Arc<Channel<T>>) -> Reader<T> {
        Reader {
            channel: channel.clone(),
            slots: Slots::empty(),
            held: 0,
            done: false,
            last: None,
        }
    }

    /// The next result that is at hand.
    #[inline(always)]
    fn at_hand(&mut self) -> Option<Result<T, Fault>> {
        loop {
            match self.slots.next()? {
                Slot::Value(value) => return Some(Ok(value)),
                Slot::Fault(fault) => return Some(Err(self.failed(fault))),
                Slot::Hole | Slot::End => {}
            }
        }
    }

    #[cold]
    fn failed(&mut self, fault: Fault) -> Fault {
        if self.channel.shared.on_fault == OnFault::Stop {
            self.last = Some(self.slots.last_position());
            self.finish();
        }
        fault
    }

    /// The position of the source item of the last result.
    fn position(&self) -> u64 {
        self.last.unwrap_or_else(|| self.slots.last_position())
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
                self.held = stride.extent.charge;
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
            while let Some(result) = self.at_hand() {
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
    ) -> Poll<Option<Result<T, Fault>>> {
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
        (unlocked(&mut self.reader), &self.keeper)
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

    /// The next result, which may be a fault, or has to be waited for. It is a call, so that where it is a value at hand is part of the user's loop.
    #[inline(never)]
    fn next_of_any(&mut self) -> Option<Result<T, Fault>> {
        match self.poll(Patience::Endless) {
            Poll::Ready(next) => next,
            Poll::Pending => unreachable!("endless patience"),
        }
    }

    fn poll(&mut self, patience: Patience) -> Poll<Option<Result<T, Fault>>> {
        let (reader, keeper) = self.reader();
        reader.next(patience, Some(keeper))
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
        let (reader, _) = self.reader();
        match reader.slots.next_of_values() {
            Some(value) => Some(Ok(value)),
            None => self.next_of_any(),
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
        let mut reader = lock(&self.0.reader);
        match reader.next(Patience::Endless, Some(&self.0.keeper)) {
            Poll::Ready(next) => next.map(|result| (reader.position(), result)),
            Poll::Pending => unreachable!("endless patience"),
        }
    }
}

#[cfg(all(test, papy_loom))]
#[path = "models/output.rs"]
mod model;
