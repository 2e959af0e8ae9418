//! An input of a run: what it is pulled from, and the link that it feeds.

use std::convert::Infallible;
use std::ops::ControlFlow;

use crate::fault::{Fault, FaultKind};
use crate::link::Link;
use crate::shared::Shared;
use crate::slot::Slot;
use crate::source::Feed;
use crate::stride::{Extent, Stride};
use crate::sync::Arc;
use crate::unwind;

/// An input of a run.
pub struct Inlet<F: Feed> {
    feed: F,
    link: Arc<Link<F::Item>>,
    input: usize,
    /// What has been pulled for the wave that is being put together.
    held: Option<Stride<F::Item>>,
    /// What the source has panicked with; the last slot.
    panic: Option<Fault>,
    ended: bool,
}

/// An input of whatever type.
pub trait Pull {
    /// Pulls up to `want` more items for the wave that begins at `first`; gives how many slots that makes.
    fn pull(&mut self, want: usize, first: u64, shared: &Shared) -> usize;
    /// Hands `len` slots on as wave `wave`, which stands for `charge` items: those it holds, `End` where it has fewer. Gives
    /// the step they go to.
    fn commit(&mut self, wave: u64, first: u64, len: usize, charge: u64) -> usize;
    /// Hands on the empty stride of a round in which what was kept back comes out.
    fn commit_tail(&mut self, wave: u64, first: u64, tail: u64) -> usize;
    fn has_ended(&self) -> bool;
    /// Holds slots of a wave that it has not handed on, or a last fault.
    fn is_due(&self) -> bool;
}

impl<F: Feed> Inlet<F> {
    pub(crate) fn new(feed: F, link: Arc<Link<F::Item>>, input: usize) -> Inlet<F> {
        Inlet {
            feed,
            link,
            input,
            held: None,
            panic: None,
            ended: false,
        }
    }

    /// Drains up to `want` items into `takes`; an item that failed is a fault in its place. Gives how many slots there were. The
    /// fault of a source that panics is left in `panic`.
    #[inline(always)]
    pub(crate) fn drain(
        &mut self,
        want: usize,
        first: u64,
        shared: &Shared,
        takes: &mut impl Drains<F::Item>,
    ) -> usize {
        let Inlet {
            feed,
            ended,
            input,
            panic,
            ..
        } = self;
        if *ended || want == 0 || panic.is_some() {
            return 0;
        }
        let name = shared.ledger.input_name(*input);
        let mut position = first;
        let last = first + want as u64;
        // the loop is left at every exception and gone into again, so that there is nothing in it but values
        let go_through = || {
            loop {
                let went = feed.drain(|item| {
                    let slot = match item {
                        Ok(item) => Slot::Value(item),
                        Err(error) => {
                            Slot::Fault(Fault::new(name, position, FaultKind::Input, error))
                        }
                    };
                    let went = takes.take(position, slot);
                    position += 1;
                    if position == last {
                        ControlFlow::Break(())
                    } else {
                        went
                    }
                });
                if went.is_continue() || position == last || !takes.wants_more() {
                    return went;
                }
            }
        };
        match unwind::catch(go_through) {
            Ok(ControlFlow::Break(())) => {}
            Ok(ControlFlow::Continue(())) => *ended = true,
            Err(payload) => {
                *panic = Some(Fault::panicked(name, position, FaultKind::Input, payload));
            }
        }
        let slots = (position - first) as usize;
        shared.ledger.pulled(*input, slots);
        slots
    }
}

/// What takes what an input gives.
pub trait Drains<T> {
    /// Takes the next slot, from `position`; breaks at whatever is not a value and does not go well.
    fn take(&mut self, position: u64, slot: Slot<T>) -> ControlFlow<()>;
    /// Asked when it has broken: whether there should be more.
    fn wants_more(&self) -> bool;
}

impl<T> Drains<T> for Stride<T> {
    #[inline(always)]
    fn take(&mut self, _position: u64, slot: Slot<T>) -> ControlFlow<()> {
        self.push(slot);
        ControlFlow::Continue(())
    }

    fn wants_more(&self) -> bool {
        true
    }
}

impl<F: Feed> Pull for Inlet<F> {
    fn pull(&mut self, want: usize, first: u64, shared: &Shared) -> usize {
        let mut stride = self
            .held
            .take()
            .unwrap_or_else(|| self.link.stride(Extent::at(first, 0), want));
        let at = first + stride.len() as u64;
        self.drain(want, at, shared, &mut stride);
        if let Some(fault) = self.panic.take() {
            stride.push(Slot::Fault(fault));
            self.ended = true;
        }
        let len = stride.len();
        self.held = Some(stride);
        len
    }

    fn commit(&mut self, wave: u64, first: u64, len: usize, charge: u64) -> usize {
        let mut stride = self
            .held
            .take()
            .unwrap_or_else(|| self.link.stride(Extent::at(first, 0), len));
        stride.extent.charge = charge;
        stride.truncate(len).into_iter().for_each(unwind::discard);
        (stride.len()..len).for_each(|_| stride.push(Slot::End));
        self.link.put(wave, stride);
        self.link.target()
    }

    fn commit_tail(&mut self, wave: u64, first: u64, tail: u64) -> usize {
        let stride = self.link.stride(Extent::at(first, tail), 0);
        self.link.put(wave, stride);
        self.link.target()
    }

    fn has_ended(&self) -> bool {
        self.ended
    }

    fn is_due(&self) -> bool {
        self.held.is_some() || self.panic.is_some()
    }
}

/// The inputs of a run, in header order.
pub trait Inlets {
    /// What the first input brings.
    type First;
    /// Input number `input`.
    fn at(&mut self, input: usize) -> &mut dyn Pull;
    /// See [`Inlet::drain`]; of the first input.
    fn drain_first(
        &mut self,
        want: usize,
        first: u64,
        shared: &Shared,
        takes: &mut impl Drains<Self::First>,
    ) -> usize;
    /// Drops them one by one: where several sources panic in `Drop`, a tuple would end the process.
    fn discard(self);
}

impl Inlets for () {
    type First = Infallible;

    fn at(&mut self, _input: usize) -> &mut dyn Pull {
        unreachable!("an input of the pipeline")
    }
    fn drain_first(
        &mut self,
        _want: usize,
        _first: u64,
        _shared: &Shared,
        _takes: &mut impl Drains<Infallible>,
    ) -> usize {
        0
    }
    fn discard(self) {}
}

impl<F: Feed, R: Inlets> Inlets for (Inlet<F>, R) {
    type First = F::Item;

    fn at(&mut self, input: usize) -> &mut dyn Pull {
        if input == 0 {
            &mut self.0
        } else {
            self.1.at(input - 1)
        }
    }
    #[inline(always)]
    fn drain_first(
        &mut self,
        want: usize,
        first: u64,
        shared: &Shared,
        takes: &mut impl Drains<F::Item>,
    ) -> usize {
        self.0.drain(want, first, shared, takes)
    }
    fn discard(self) {
        unwind::discard(self.0);
        self.1.discard();
    }
}

/// The inputs of one part, each under its number.
pub(crate) struct Own(pub(crate) Vec<(usize, Box<dyn Pull + Send>)>);

impl Inlets for Own {
    type First = Infallible;

    fn at(&mut self, input: usize) -> &mut dyn Pull {
        let found = self.0.iter_mut().find(|(number, _)| *number == input);
        &mut *found.expect("an input of this part").1
    }
    fn drain_first(
        &mut self,
        _want: usize,
        _first: u64,
        _shared: &Shared,
        _takes: &mut impl Drains<Infallible>,
    ) -> usize {
        unreachable!("a started run evaluates nothing in place")
    }
    fn discard(self) {}
}

impl Drop for Own {
    fn drop(&mut self) {
        self.0.drain(..).for_each(unwind::discard);
    }
}
