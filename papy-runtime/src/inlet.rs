//! An input of a run: what it is pulled from, and the link that it feeds.

use std::convert::Infallible;
use std::mem::ManuallyDrop;
use std::ops::Range;

use crate::draft::Draft;
use crate::fault::{BoxError, Fault, FaultKind};
use crate::intake::{Gather, Intake};
use crate::link::Link;
use crate::loan::{Loan, put_back};
use crate::plain::Plain;
use crate::shared::Shared;
use crate::slot::Slot;
use crate::source::Feed;
use crate::stride::Stride;
use crate::sync::Arc;
use crate::sync::ring::Writer;
use crate::unwind;

/// An input of a run.
pub struct Inlet<F: Feed> {
    feed: F,
    pub(crate) intake: Arc<Intake<F::Item>>,
    /// The end of the intake's ring, where somebody looks for what is pulled.
    writer: Option<Writer<Plain<F::Item>>>,
    input: usize,
    /// An item may have to be waited for.
    may_wait: bool,
    /// Slots that have been pulled for waves.
    stand: u64,
    /// What the source has panicked with; the last slot.
    panic: Option<Fault>,
    ended: bool,
}

/// An input of whatever type.
pub trait Pull {
    /// Pulls slots for waves, from position `from` or where it stands, up to position `until`; no further where the input ends, or what is pulled
    /// is [interrupted](Draft::is_interrupted).
    fn pull(&mut self, from: u64, until: u64, draft: &Draft, shared: &Shared);
    /// How many slots there have been so far.
    fn stand(&self) -> u64;
    /// What has been pulled, and no wave holds yet.
    fn intake(&self) -> &dyn Gather;
    /// Whether an item may have to be waited for.
    fn may_wait(&self) -> bool;
    /// From now on what has been pulled is within reach of others, while it waits for more.
    fn open(&mut self);
    fn has_ended(&self) -> bool;
    /// Has a last fault to give.
    fn is_due(&self) -> bool;
}

impl<F: Feed> Inlet<F> {
    pub(crate) fn new(feed: F, link: Arc<Link<F::Item>>, input: usize) -> Inlet<F> {
        Inlet {
            may_wait: feed.may_wait(),
            feed,
            intake: Intake::new(link, input),
            writer: None,
            input,
            stand: 0,
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

    /// Pulls values where nobody else looks for them, as long as there is room for them in the stride, and nothing but values. Gives where that ends, and
    /// the slot that has to go elsewhere.
    #[inline(never)]
    fn fill_at_once(
        &mut self,
        stride: &mut Stride<F::Item>,
        name: &Arc<str>,
        positions: Range<u64>,
    ) -> (u64, Option<Slot<F::Item>>) {
        let is_plain = stride.is_plain();
        let mut stride = Loan::of(stride);
        let end = positions.end;
        for position in positions {
            let Some(slot) = self.next(name, position) else {
                return (position, None);
            };
            if !(slot.is_value() && is_plain && stride.lent.has_room_for(1)) {
                return (position, Some(slot));
            }
            stride.lent.add(slot);
        }
        (end, None)
    }

    /// Pulls values, as long as there is room for them in the ring. Gives where that ends, and the slot that has to go elsewhere.
    #[inline(never)]
    fn fill(
        &mut self,
        name: &Arc<str>,
        positions: Range<u64>,
        draft: &Draft,
    ) -> (u64, Option<Slot<F::Item>>) {
        // on the stack, and never dropped there: so the loop keeps it in registers
        let writer = self.writer.take();
        let mut writer = ManuallyDrop::new(writer.expect("a ring that is open"));
        let mut position = positions.start;
        let other = loop {
            if position == positions.end {
                break None;
            }
            let Some(slot) = self.next(name, position) else {
                break None;
            };
            if !slot.is_value() {
                break Some(slot);
            }
            if let Some(value) = slot.known()
                && let Err(value) = writer.push(value)
            {
                break Some(Slot::Value(value.get()));
            }
            position += 1;
            if draft.is_interrupted() {
                break None;
            }
        };
        put_back(
            &mut self.writer,
            &mut Some(ManuallyDrop::into_inner(writer)),
        );
        (position, other)
    }

    /// Pulls up to position `until`, each item so that others find it before the next is asked for.
    fn pull_each(&mut self, name: &Arc<str>, until: u64, draft: &Draft, shared: &Shared) {
        while self.stand < until && !self.is_over() && !draft.is_interrupted() {
            let other;
            (self.stand, other) = self.fill(name, self.stand..until, draft);
            if let Some(slot) = other {
                self.intake.add(slot, shared);
                shared.ledger.pulled(self.input, 1);
                self.stand += 1;
            }
        }
    }

    /// Pulls up to position `until`, where no item has to be waited for, or nobody could take those before it.
    fn pull_at_once(&mut self, name: &Arc<str>, until: u64, shared: &Shared) {
        let before = self.stand;
        let mut stride = self.intake.lend(until.saturating_sub(before) as usize);
        while self.stand < until && !self.is_over() {
            let other;
            (self.stand, other) = self.fill_at_once(&mut stride, name, self.stand..until);
            if let Some(slot) = other {
                stride.push(slot);
                self.stand += 1;
            }
        }
        shared
            .ledger
            .pulled(self.input, (self.stand - before) as usize);
        self.intake.take_back(stride);
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

impl<F: Feed> Drop for Inlet<F> {
    fn drop(&mut self) {
        self.intake.clear();
    }
}

impl<F: Feed> Pull for Inlet<F> {
    fn pull(&mut self, from: u64, until: u64, draft: &Draft, shared: &Shared) {
        // what was evaluated in place before there were waves is not counted here
        self.stand = self.stand.max(from);
        let name = shared.ledger.input_name(self.input);
        if self.writer.is_some() {
            self.pull_each(name, until, draft, shared);
        } else {
            self.pull_at_once(name, until, shared);
        }
        if let Some(fault) = self.panic.take() {
            self.intake.add(Slot::Fault(fault), shared);
            self.stand += 1;
            self.ended = true;
        }
    }

    fn stand(&self) -> u64 {
        self.stand
    }

    fn intake(&self) -> &dyn Gather {
        &*self.intake
    }

    fn may_wait(&self) -> bool {
        self.may_wait
    }

    fn open(&mut self) {
        if self.may_wait {
            self.writer = Some(self.intake.open());
        }
    }

    fn has_ended(&self) -> bool {
        self.ended
    }

    fn is_due(&self) -> bool {
        self.panic.is_some()
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

/// An input of a run that has threads of its own.
pub struct OwnInlet {
    pub(crate) pull: Box<dyn Pull + Send>,
    pub(crate) intake: OwnIntake,
}

/// Its intake, for others than the driver.
pub(crate) struct OwnIntake {
    pub(crate) intake: Arc<dyn Gather + Send + Sync>,
    pub(crate) may_wait: bool,
}

impl OwnInlet {
    pub(crate) fn new<F>(inlet: Inlet<F>) -> OwnInlet
    where
        F: Feed<Item: Send> + Send + 'static,
    {
        let intake = OwnIntake {
            intake: inlet.intake.clone(),
            may_wait: inlet.may_wait,
        };
        OwnInlet {
            pull: Box::new(inlet),
            intake,
        }
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
