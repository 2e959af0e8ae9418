//! An input of a run: what it is pulled from, and the link that it feeds.

use std::convert::Infallible;
use std::ops::Range;

use crate::fault::{BoxError, Fault, FaultKind};
use crate::link::Link;
use crate::loan::Loan;
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

    /// Pulls the slot of a position: a fault where the item failed. A panic of the source is left in `panic`; it ends the input, as
    /// does its end.
    #[inline(always)]
    pub(crate) fn next(&mut self, name: &Arc<str>, position: u64) -> Option<Slot<F::Item>> {
        match unwind::catch(|| self.feed.next()) {
            Ok(Some(Ok(item))) => Some(Slot::Value(item)),
            Ok(Some(Err(error))) => {
                let fault = Fault::new(name, position, FaultKind::Input, error);
                Some(Slot::Fault(fault))
            }
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(payload) => {
                let fault = Fault::panicked(name, position, FaultKind::Input, payload);
                self.panic = Some(fault);
                None
            }
        }
    }

    /// Pulls values while there is room for them. Gives the slot of another kind or without room that ends this.
    #[inline(never)]
    fn fill(
        &mut self,
        stride: &mut Stride<F::Item>,
        name: &Arc<str>,
        positions: Range<u64>,
    ) -> Option<Slot<F::Item>> {
        let is_plain = stride.is_plain();
        let mut stride = Loan::of(stride);
        for position in positions {
            let slot = self.next(name, position)?;
            if !(slot.is_value() && is_plain && stride.lent.has_room_for(1)) {
                return Some(slot);
            }
            stride.lent.add(slot);
        }
        None
    }

    /// Whether there is nothing more to be pulled.
    pub(crate) fn is_over(&self) -> bool {
        self.ended || self.panic.is_some()
    }

    /// Where it stands in the header.
    pub(crate) fn number(&self) -> usize {
        self.input
    }
}

impl<F: Feed> Pull for Inlet<F> {
    fn pull(&mut self, want: usize, first: u64, shared: &Shared) -> usize {
        let mut stride = self
            .held
            .take()
            .unwrap_or_else(|| self.link.stride(Extent::at(first, 0), want));
        let name = shared.ledger.input_name(self.input);
        let before = stride.len();
        let last = first + (before + want) as u64;
        while !self.is_over() {
            let position = first + stride.len() as u64;
            match self.fill(&mut stride, name, position..last) {
                Some(slot) => stride.push(slot),
                None => break,
            }
        }
        shared.ledger.pulled(self.input, stride.len() - before);
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
    /// What that is pulled from.
    type Feed: Feed<Item = Self::First>;
    /// Input number `input`.
    fn at(&mut self, input: usize) -> &mut dyn Pull;
    /// The first input.
    fn first(&mut self) -> &mut Inlet<Self::Feed>;
    /// Drops them one by one: where several sources panic in `Drop`, a tuple would end the process.
    fn discard(self);
}

/// What no input is pulled from.
#[derive(Debug)]
pub enum Never {}

impl Feed for Never {
    type Item = Infallible;
    fn next(&mut self) -> Option<Result<Infallible, BoxError>> {
        match *self {}
    }
}

impl Inlets for () {
    type First = Infallible;
    type Feed = Never;

    fn at(&mut self, _input: usize) -> &mut dyn Pull {
        unreachable!("an input of the pipeline")
    }
    fn first(&mut self) -> &mut Inlet<Never> {
        unreachable!("what is evaluated in place has an input")
    }
    fn discard(self) {}
}

impl<F: Feed, R: Inlets> Inlets for (Inlet<F>, R) {
    type First = F::Item;
    type Feed = F;

    fn at(&mut self, input: usize) -> &mut dyn Pull {
        if input == 0 {
            &mut self.0
        } else {
            self.1.at(input - 1)
        }
    }
    fn first(&mut self) -> &mut Inlet<F> {
        &mut self.0
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
    type Feed = Never;

    fn at(&mut self, input: usize) -> &mut dyn Pull {
        let found = self.0.iter_mut().find(|(number, _)| *number == input);
        &mut *found.expect("an input of this part").1
    }
    fn first(&mut self) -> &mut Inlet<Never> {
        unreachable!("a started run evaluates nothing in place")
    }
    fn discard(self) {}
}

impl Drop for Own {
    fn drop(&mut self) {
        self.0.drain(..).for_each(unwind::discard);
    }
}
