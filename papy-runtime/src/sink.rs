//! What blocking forms do with results: one closure for each output, called on the calling thread.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::task::Poll;

use crate::channel::Channel;
use crate::fault::Fault;
use crate::layout::Layout;
use crate::link::{Crosses, Port, Ports};
use crate::net::{Planned, Role};
use crate::output::{Output, Reader};
use crate::pool::Pool;
use crate::region::Order;
use crate::run::Keeper;
use crate::shared::{OnFault, Shared};
use crate::slot::Slot;
use crate::sync::Arc;
use crate::unwind::{self, Payload};

/// `(Port<A>, (Port<B>, ()))`: the streams that leave a pipeline.
pub trait Outlets<'env>: Ports {
    /// `(Reader<A>, (Reader<B>, ()))`.
    type Readers;
    /// `(Output<A>, (Output<B>, ()))`.
    type Outputs;
    /// Sinks that drop everything.
    type Ignore: Sinks<Self, Readers = Self::Readers>;

    /// Adds the outputs' queues to the run.
    fn open(
        links: Self::Links,
        steps: &mut Vec<Planned<'env>>,
        shared: &Arc<Shared>,
        layout: &Layout,
        output: usize,
    ) -> Self::Readers;
    /// Makes the readers the user's.
    fn outputs(readers: Self::Readers, keeper: &Arc<Keeper>) -> Self::Outputs;
    /// Sinks that drop everything.
    fn ignore() -> Self::Ignore;
}

impl Outlets<'_> for () {
    type Readers = ();
    type Outputs = ();
    type Ignore = ();

    fn open(
        _links: (),
        _steps: &mut Vec<Planned<'_>>,
        _shared: &Arc<Shared>,
        _layout: &Layout,
        _output: usize,
    ) {
    }
    fn outputs(_readers: (), _keeper: &Arc<Keeper>) {}
    fn ignore() {}
}

impl<'env, T: Crosses + 'env, R: Outlets<'env>> Outlets<'env> for (Port<T>, R) {
    type Readers = (Reader<T>, R::Readers);
    type Outputs = (Output<T>, R::Outputs);
    type Ignore = (Tap<T, fn(Result<T, Fault>)>, R::Ignore);

    fn open(
        links: Self::Links,
        steps: &mut Vec<Planned<'env>>,
        shared: &Arc<Shared>,
        layout: &Layout,
        output: usize,
    ) -> Self::Readers {
        let part = layout.outputs[output];
        let earlier = layout.outputs[..output].iter();
        let reader = earlier.filter(|other| **other == part).count();
        let lineage = links.0.lineage;
        links.0.aim(steps.len());
        let channel = Arc::new(Channel::new(links.0, part, reader, shared, output));
        steps.push(Planned {
            role: Role::Step(Box::new(channel.clone())),
            root: lineage.root,
            depth: lineage.depth,
            pool: Pool::inline(),
            order: Order::Free,
            ports: 1,
            stride: None,
        });
        (
            Reader::new(&channel),
            R::open(links.1, steps, shared, layout, output + 1),
        )
    }

    fn outputs(readers: Self::Readers, keeper: &Arc<Keeper>) -> Self::Outputs {
        (
            Output::new(readers.0, keeper),
            R::outputs(readers.1, keeper),
        )
    }

    fn ignore() -> Self::Ignore {
        (Tap::new(unwind::discard), R::ignore())
    }
}

/// Sinks for the outputs `P`.
pub trait Sinks<P: Ports> {
    /// See [`Outlets::Readers`].
    type Readers;

    /// From now on, what is to be delivered comes from here.
    fn attach(&mut self, readers: Self::Readers);
    /// The sinks of the other outputs.
    type Rest: Sinks<P::Rest>;
    /// The same.
    fn rest(&mut self) -> &mut Self::Rest;
    /// Whether every output wants more. Makes room for so many results of each.
    fn open(&mut self, room: usize) -> bool;
    /// Whether there is such room.
    fn have_room(&self, room: usize) -> bool;
    /// Delivers one slot of the first output in place, which wants it for sure and has room where it is `OPEN`. Breaks where the slot was
    /// not a value, or not taken: whoever delivers then looks whether somebody wants more. So the loop over values has no calls in it but
    /// the user's.
    fn take<const OPEN: bool>(
        &mut self,
        on_fault: OnFault,
        slot: Slot<P::First>,
    ) -> ControlFlow<()>;
    /// Delivers what is ready, a stride of each output at most; gives whether there was any.
    fn deliver(&mut self) -> bool;
    /// Every output has ended.
    fn is_done(&self) -> bool;
    /// A sink has panicked.
    fn has_panicked(&self) -> bool;
    /// What it has panicked with.
    fn panic(&mut self) -> Option<Payload>;
}

impl Sinks<()> for () {
    type Readers = ();

    fn attach(&mut self, _readers: ()) {}
    type Rest = ();
    fn rest(&mut self) -> &mut () {
        self
    }
    fn open(&mut self, _room: usize) -> bool {
        true
    }
    fn have_room(&self, _room: usize) -> bool {
        true
    }
    fn take<const OPEN: bool>(
        &mut self,
        _on_fault: OnFault,
        _slot: Slot<Infallible>,
    ) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn deliver(&mut self) -> bool {
        false
    }
    fn is_done(&self) -> bool {
        true
    }
    fn has_panicked(&self) -> bool {
        false
    }
    fn panic(&mut self) -> Option<Payload> {
        None
    }
}

/// What an output's results are given to.
pub trait Sink<T> {
    /// Takes a result.
    fn take(&mut self, result: Result<T, Fault>);
    /// Whether there is room for so many more; to take them is no call then.
    #[inline(always)]
    fn has_room(&self, _results: usize) -> bool {
        true
    }
    /// Makes such room.
    #[inline(always)]
    fn make_room(&mut self, _results: usize) {}
}

impl<T, F: FnMut(Result<T, Fault>)> Sink<T> for F {
    #[inline(always)]
    fn take(&mut self, result: Result<T, Fault>) {
        self(result);
    }
}

/// A vector under construction. It is its own, and not only lent, so that a loop may keep in registers how long it is; and memory is asked for between
/// loops.
pub(crate) struct Collected<'a, T> {
    results: Vec<Result<T, Fault>>,
    place: &'a mut Vec<Result<T, Fault>>,
}

impl<T> Collected<'_, T> {
    /// Begins a vector, which will be in this place.
    pub(crate) fn new(place: &mut Vec<Result<T, Fault>>) -> Collected<'_, T> {
        Collected {
            results: Vec::new(),
            place,
        }
    }
}

impl<T> Drop for Collected<'_, T> {
    fn drop(&mut self) {
        *self.place = std::mem::take(&mut self.results);
    }
}

impl<T> Sink<T> for Collected<'_, T> {
    #[inline(always)]
    fn take(&mut self, result: Result<T, Fault>) {
        self.results.push(result);
    }
    #[inline(always)]
    fn has_room(&self, results: usize) -> bool {
        self.results.capacity() - self.results.len() >= results
    }
    #[inline(always)]
    fn make_room(&mut self, results: usize) {
        self.results.reserve(results);
    }
}

/// A sink at an output.
pub struct Tap<T, F> {
    reader: Option<Reader<T>>,
    sink: F,
    done: bool,
    panic: Option<Payload>,
}

impl<T, F: Sink<T>> Tap<T, F> {
    pub(crate) fn new(sink: F) -> Tap<T, F> {
        Tap {
            reader: None,
            sink,
            done: false,
            panic: None,
        }
    }

    /// Calls the sink; `false` where it wants no more.
    #[inline(always)]
    fn call(sink: &mut F, panic: &mut Option<Payload>, result: Result<T, Fault>) -> bool {
        match unwind::catch(|| sink.take(result)) {
            Ok(()) => true,
            Err(payload) => {
                *panic = Some(payload);
                false
            }
        }
    }
}

impl<T, F, P, R> Sinks<(Port<T>, P)> for (Tap<T, F>, R)
where
    T: Send,
    F: Sink<T>,
    P: Ports,
    R: Sinks<P>,
{
    type Readers = (Reader<T>, R::Readers);

    fn attach(&mut self, readers: Self::Readers) {
        // one that wants no more must not hold the others back
        self.0.reader = (!self.0.done).then_some(readers.0);
        self.1.attach(readers.1);
    }

    type Rest = R;
    #[inline(always)]
    fn rest(&mut self) -> &mut R {
        &mut self.1
    }

    #[inline(always)]
    fn open(&mut self, room: usize) -> bool {
        self.0.sink.make_room(room);
        !self.0.done && self.1.open(room)
    }

    #[inline(always)]
    fn have_room(&self, room: usize) -> bool {
        self.0.sink.has_room(room) && self.1.have_room(room)
    }

    #[inline(always)]
    fn take<const OPEN: bool>(&mut self, on_fault: OnFault, slot: Slot<T>) -> ControlFlow<()> {
        let Tap {
            sink, panic, done, ..
        } = &mut self.0;
        let (result, goes_on) = match slot {
            Slot::Hole | Slot::End => return ControlFlow::Continue(()),
            slot if !OPEN && *done => {
                unwind::discard(slot);
                return ControlFlow::Break(());
            }
            Slot::Value(value) => (Ok(value), ControlFlow::Continue(())),
            Slot::Fault(fault) => {
                *done = on_fault == OnFault::Stop;
                (Err(fault), ControlFlow::Break(()))
            }
        };
        // what is seldom so is written down seldom: a store for each item would cost as much as the item
        assert!(!OPEN || sink.has_room(1), "there is room");
        if Tap::call(sink, panic, result) {
            goes_on
        } else {
            *done = true;
            ControlFlow::Break(())
        }
    }

    fn deliver(&mut self) -> bool {
        let Tap {
            reader,
            sink,
            done,
            panic,
        } = &mut self.0;
        let mut delivered = false;
        if let Some(reader) = reader
            && !*done
        {
            match reader.poll_slots(|result| Tap::call(sink, panic, result)) {
                Poll::Ready(Some(())) => delivered = true,
                Poll::Ready(None) => *done = true,
                Poll::Pending => {}
            }
            *done |= panic.is_some();
        }
        let more = self.1.deliver();
        delivered || more
    }

    fn is_done(&self) -> bool {
        self.0.done && self.1.is_done()
    }

    fn has_panicked(&self) -> bool {
        self.0.panic.is_some() || self.1.has_panicked()
    }

    fn panic(&mut self) -> Option<Payload> {
        self.0.panic.take().or_else(|| self.1.panic())
    }
}
