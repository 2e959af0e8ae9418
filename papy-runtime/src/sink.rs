//! What blocking forms do with results: one closure for each output, called on the calling thread.

use std::ops::ControlFlow;
use std::task::Poll;

use crate::channel::Channel;
use crate::fault::Fault;
use crate::link::{Port, Ports};
use crate::net::{Net, Planned};
use crate::output::{Output, Reader};
use crate::plan::Spec;
use crate::pool::Pool;
use crate::region::Order;
use crate::run::Keeper;
use crate::shared::OnFault;
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
    fn open(links: Self::Links, net: &mut Net<'env>, spec: &Spec, output: usize) -> Self::Readers;
    /// Makes the readers the user's.
    fn outputs(readers: Self::Readers, keeper: &Arc<Keeper>) -> Self::Outputs;
    /// Sinks that drop everything.
    fn ignore() -> Self::Ignore;
}

impl Outlets<'_> for () {
    type Readers = ();
    type Outputs = ();
    type Ignore = ();

    fn open(_links: (), _net: &mut Net<'_>, _spec: &Spec, _output: usize) {}
    fn outputs(_readers: (), _keeper: &Arc<Keeper>) {}
    fn ignore() {}
}

impl<'env, T: Send + 'env, R: Outlets<'env>> Outlets<'env> for (Port<T>, R) {
    type Readers = (Reader<T>, R::Readers);
    type Outputs = (Output<T>, R::Outputs);
    type Ignore = (Tap<T, fn(Result<T, Fault>)>, R::Ignore);

    fn open(links: Self::Links, net: &mut Net<'env>, spec: &Spec, output: usize) -> Self::Readers {
        let described = &spec.outputs[output];
        let reader = spec.outputs[..output]
            .iter()
            .filter(|other| other.part == described.part)
            .count();
        links.0.aim(net.steps.len());
        let channel = Channel::new(
            links.0,
            described.part,
            reader,
            &net.shared,
            output,
            described.ordered,
        );
        let channel = Arc::new(channel);
        net.steps.push(Planned {
            step: Box::new(channel.clone()),
            part: described.part,
            pool: Pool::inline(),
            order: Order::Free,
            ports: 1,
        });
        (
            Reader::new(&channel),
            R::open(links.1, net, spec, output + 1),
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
    /// Delivers one slot of each output in place; breaks where nobody wants more.
    fn give(&mut self, on_fault: OnFault, slots: P::Slots) -> ControlFlow<()>;
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
    #[inline(always)]
    fn give(&mut self, _on_fault: OnFault, _slots: ()) -> ControlFlow<()> {
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

/// A sink: the closure that takes an output's results.
pub struct Tap<T, F> {
    reader: Option<Reader<T>>,
    sink: F,
    done: bool,
    panic: Option<Payload>,
}

impl<T, F: FnMut(Result<T, Fault>)> Tap<T, F> {
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
        match unwind::catch(|| sink(result)) {
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
    F: FnMut(Result<T, Fault>),
    P: Ports,
    R: Sinks<P>,
{
    type Readers = (Reader<T>, R::Readers);

    fn attach(&mut self, readers: Self::Readers) {
        self.0.reader = Some(readers.0);
        self.1.attach(readers.1);
    }

    #[inline(always)]
    fn give(&mut self, on_fault: OnFault, slots: (Slot<T>, P::Slots)) -> ControlFlow<()> {
        let Tap {
            sink, panic, done, ..
        } = &mut self.0;
        match slots.0 {
            // what is seldom so is written down seldom: a store for each item would cost as much as the item
            Slot::Value(value) if !*done => {
                if !Tap::call(sink, panic, Ok(value)) {
                    *done = true;
                }
            }
            Slot::Fault(fault) if !*done => {
                if !Tap::call(sink, panic, Err(fault)) || on_fault == OnFault::Stop {
                    *done = true;
                }
            }
            Slot::Value(value) => unwind::discard(value),
            Slot::Fault(fault) => unwind::discard(fault),
            Slot::Hole | Slot::End => {}
        }
        let rest = self.1.give(on_fault, slots.1);
        let all_done = self.0.done && (self.0.panic.is_some() || self.1.is_done());
        if all_done || (rest.is_break() && self.1.has_panicked()) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
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
