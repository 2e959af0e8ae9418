//! The thread that takes over what a driver has pulled, where the source keeps the driver waiting.
//!
//! A driver puts waves together from many items, and a source may wait, in the midst of one, for what comes of its last item: then the wave would never be
//! full. So somebody looks now and then, and brings what there is on its way.

use std::time::Duration;

use crate::draft::Look;
use crate::engine::{Hand, Spawn, spawn_owned};
use crate::intake::Gather;
use crate::shared::Shared;
use crate::stride::Extent;
use crate::sync::{Arc, Weak, lock, thread};
use crate::unwind;

/// Between two looks. A wave takes a fraction of a millisecond to pull, unless the source waits; and looking that often takes a thousandth of a
/// processor.
const BETWEEN: Duration = Duration::from_millis(4);

/// What a source gives, by input: items in a round, and where they are.
pub(crate) type Intakes = Vec<(u64, Arc<dyn Gather + Send + Sync>)>;

/// Looks after the driver of one part.
pub(crate) struct Flusher {
    shared: Arc<Shared>,
    part: usize,
    state: State,
}

enum State {
    /// To be begun with the first wave of several items.
    Unasked(Intakes),
    Begun,
    /// Its thread can't be had.
    Lacking,
}

impl Flusher {
    pub(crate) fn new(shared: &Arc<Shared>, part: usize, intakes: Intakes) -> Flusher {
        Flusher {
            shared: shared.clone(),
            part,
            state: State::Unasked(intakes),
        }
    }

    /// Whether it looks after the driver; begins to, if it has not yet.
    pub(crate) fn is_there(&mut self) -> bool {
        if let State::Unasked(intakes) = &mut self.state {
            let round = Round {
                shared: self.shared.clone(),
                part: self.part,
                intakes: std::mem::take(intakes),
            };
            self.state = if round.begin() {
                State::Begun
            } else {
                State::Lacking
            };
        }
        matches!(self.state, State::Begun)
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.parts[self.part].draft.close();
    }
}

/// What the thread goes round to look at.
struct Round {
    shared: Arc<Shared>,
    part: usize,
    intakes: Intakes,
}

impl Round {
    /// Begins the thread; `false` where it can't be had.
    fn begin(self) -> bool {
        let shared = self.shared.clone();
        if !shared.helper_enters() {
            return false;
        }
        let work = move || {
            let looked = unwind::catch(|| self.look_after());
            if let Err(payload) = looked {
                unwind::forget_payload(payload);
                self.shared.cancel();
            }
            let shared = self.shared.clone();
            unwind::discard(self);
            shared.helper_leaves();
        };
        let begun = thread::Builder::new()
            .name("papy flush".to_owned())
            .spawn(work);
        if begun.is_err() {
            shared.helper_leaves();
        }
        begun.is_ok()
    }

    /// Looks after the driver, until that is gone.
    fn look_after(&self) {
        let draft = &self.shared.parts[self.part].draft;
        let mut seen = 0;
        loop {
            let look = draft.look(&mut seen);
            if draft.is_closed() || self.shared.is_cancelled() {
                break;
            }
            let again = match look {
                Look::Moving => true,
                Look::Idle => false,
                Look::Stale => self.flush(seen),
            };
            if again {
                draft.nap(BETWEEN);
            } else {
                draft.sleep(seen);
            }
        }
    }

    /// Interrupts the driver, and brings what it has pulled on its way. Gives whether to look again: what the driver has written before it saw the
    /// interruption may be there only then.
    fn flush(&self, seen: u64) -> bool {
        let part = &self.shared.parts[self.part];
        let Some((is_first, wave)) = part.draft.interrupt(seen, || self.make_wave()) else {
            return true;
        };
        let Some((wave, steps)) = wave else {
            return is_first;
        };
        let engine = part.engine.get().and_then(Weak::upgrade);
        if let Some(engine) = &engine {
            let mut hand = Hand::stand_in(engine, Spawn::Owned(spawn_owned));
            for step in steps {
                hand.issue(step, wave, true);
            }
        }
        unwind::discard(engine);
        true
    }

    /// A wave of all the rounds that there are; its number, and the steps it goes to.
    fn make_wave(&self) -> Option<(u64, Vec<usize>)> {
        let rounds = |(each, intake): &(u64, Arc<dyn Gather + Send + Sync>)| {
            intake.waiting(&self.shared) as u64 / each
        };
        let rounds = self.intakes.iter().map(rounds).min().unwrap_or(0);
        if rounds == 0 {
            return None;
        }
        let weight = self.intakes.iter().map(|(each, _)| *each).max();
        let weight = weight.unwrap_or(1);
        let charge = rounds * weight;
        let (first, wave) = {
            let mut flow = lock(&self.shared.parts[self.part].flow);
            (flow.issued().div_ceil(weight), flow.issue(charge))
        };
        let commit = |(each, intake): &(u64, Arc<dyn Gather + Send + Sync>)| {
            let extent = Extent::of(first * each, charge);
            intake.commit(wave, extent, (rounds * each) as usize, &self.shared)
        };
        Some((wave, self.intakes.iter().map(commit).collect()))
    }
}
