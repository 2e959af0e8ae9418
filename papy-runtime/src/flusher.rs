//! The thread that takes over what a driver has pulled, where the source keeps the driver waiting.
//!
//! A driver puts waves together from many items, and a source may wait, in the midst of one, for what comes of its last item: then the wave would never be
//! full. So somebody looks now and then, and brings what there is on its way.

use std::time::Duration;

use crate::draft::{Look, Takes};
use crate::driver::Ending;
use crate::engine::{Hand, Spawn, spawn_owned};
use crate::intake::Gather;
use crate::shared::Shared;
use crate::stride::Extent;
use crate::sync::{Arc, Instant, Mutex, Weak, lock, thread};
use crate::unwind;

/// Between two looks. A wave takes a fraction of a millisecond to pull, unless the source waits; and looking that often takes a thousandth of a
/// processor.
const BETWEEN: Duration = Duration::from_millis(4);

/// So long a run that is to take no more input waits for what its source may still give.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a source gives, by input: items in a round, and where they are.
pub(crate) type Intakes = Vec<(u64, Arc<dyn Gather + Send + Sync>)>;

/// The place of a part's flusher.
#[derive(Default)]
pub(crate) struct Flusher(Mutex<State>);

#[derive(Default)]
enum State {
    /// There is none, or no more: nothing has to be looked after.
    #[default]
    Unwanted,
    /// To be begun when there is something to look after.
    Unasked(Round),
    Begun,
    /// Its thread can't be had.
    Lacking,
}

impl Flusher {
    /// Whether it looks after the driver; begins to, if it has not yet.
    pub(crate) fn is_there(&self) -> bool {
        let mut state = lock(&self.0);
        if let State::Unasked(_) = &*state
            && let State::Unasked(round) = std::mem::take(&mut *state)
        {
            *state = if round.begin() {
                State::Begun
            } else {
                State::Lacking
            };
        }
        matches!(*state, State::Begun)
    }
}

/// A driver that is looked after for as long as this is held.
pub(crate) struct Attended {
    shared: Arc<Shared>,
    part: usize,
    /// The driver has called for the flusher.
    pub(crate) is_called: bool,
}

impl Attended {
    pub(crate) fn new(shared: &Arc<Shared>, part: usize, intakes: Intakes) -> Attended {
        let round = Round {
            shared: shared.clone(),
            part,
            intakes,
        };
        *lock(&shared.parts[part].flusher.0) = State::Unasked(round);
        Attended {
            shared: shared.clone(),
            part,
            is_called: false,
        }
    }

    /// Calls for the flusher; `false` where there is none to be had.
    pub(crate) fn call(&mut self) -> bool {
        self.is_called = true;
        self.shared.parts[self.part].flusher.is_there()
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        let part = &self.shared.parts[self.part];
        part.draft.close();
        let state = std::mem::take(&mut *lock(&part.flusher.0));
        unwind::discard(state);
    }
}

/// Items of the input that is pulled fastest, in a round.
fn weight(intakes: &Intakes) -> u64 {
    intakes.iter().map(|(each, _)| *each).max().unwrap_or(1)
}

/// What to do after a look.
enum Next {
    /// Look again after a while.
    Nap,
    /// Look again when a wave is begun.
    Sleep,
    Leave,
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
        let mut silent = None;
        loop {
            let look = draft.look(&mut seen);
            if draft.is_closed() || self.shared.is_cancelled() {
                break;
            }
            let next = match look {
                Look::Moving => {
                    silent = None;
                    Next::Nap
                }
                Look::Idle => Next::Sleep,
                Look::Stale => self.flush(seen, &mut silent),
            };
            match next {
                Next::Nap => draft.nap(BETWEEN),
                Next::Sleep => draft.sleep(seen),
                Next::Leave => break,
            }
        }
    }

    /// Interrupts the driver, and brings what it has pulled on its way. Where no more input is to be taken, and nothing has come for long, it ends the
    /// part: the source may never return. `silent` is since when that is so.
    fn flush(&self, seen: u64, silent: &mut Option<Instant>) -> Next {
        let part = &self.shared.parts[self.part];
        let is_ending = self.may_end();
        let mut is_first = false;
        let take = |again: bool| {
            is_first = !again;
            if let Some(wave) = self.make_wave() {
                return Takes::Wave(wave);
            }
            if is_ending && silent.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                Takes::End
            } else {
                Takes::Nothing
            }
        };
        match part.draft.interrupt(seen, take) {
            None => Next::Nap,
            // what the driver has written before it saw the interruption may be there only at the next look
            Some(Takes::Nothing) if is_first || is_ending => Next::Nap,
            Some(Takes::Nothing) => Next::Sleep,
            Some(Takes::Wave((wave, steps))) => {
                self.with_hand(|hand| {
                    for step in steps {
                        hand.issue(step, wave, true);
                    }
                });
                Next::Nap
            }
            Some(Takes::End) => {
                self.with_hand(|hand| self.end(hand));
                Next::Leave
            }
        }
    }

    /// Whether no more input is to be taken. Of inputs that meet, one may have given what others have yet to make up for.
    fn may_end(&self) -> bool {
        let part = &self.shared.parts[self.part];
        self.intakes.len() == 1 && lock(&part.flow).stopping
    }

    fn end(&self, hand: &mut Hand<'_, '_>) {
        let plan = &self.shared.parts[self.part].plan;
        let ending = Ending {
            part: self.part,
            outputs: &plan.outputs,
            tails: plan.tails,
            weight: weight(&self.intakes),
        };
        ending.end(&self.shared, hand, |commit| {
            for (each, intake) in &self.intakes {
                commit(*each, &**intake);
            }
        });
    }

    fn with_hand(&self, work: impl FnOnce(&mut Hand<'_, 'static>)) {
        let part = &self.shared.parts[self.part];
        let engine = part.engine.get().and_then(Weak::upgrade);
        if let Some(engine) = &engine {
            work(&mut Hand::stand_in(engine, Spawn::Owned(spawn_owned)));
        }
        unwind::discard(engine);
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
        let weight = weight(&self.intakes);
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
