//! The driver of a run: pulls its inputs, wave by wave, and works while it waits.
//!
//! Sources are pulled by the driver alone, never by a thread of a pool: the calling thread in blocking forms, a thread
//! of the run's own after `start()`. A source may block; nothing but its own part of the pipeline waits for it then.

use std::ops::Range;
use std::time::Duration;

use crate::bell::Bell;
use crate::draft::{Draft, Meanwhile};
use crate::engine::{self, Hand};
use crate::flusher::Attended;
use crate::inlet::{Inlets, OwnIntake, Pull};
use crate::intake::Gather;
use crate::pace::Pace;
use crate::shared::{NAP, Shared};
use crate::stride::Extent;
use crate::sync::{Arc, Instant, lock, rayon};

/// The driver of the parts whose inputs it holds.
pub(crate) struct Driver<I> {
    pub(crate) inlets: I,
    pub(crate) parts: Vec<Course>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) bell: Arc<Bell>,
}

/// One part, as its driver knows it.
pub(crate) struct Course {
    pub(crate) part: usize,
    /// Its inputs in header order, and how many items of each make a round.
    pub(crate) inputs: Vec<(usize, u64)>,
    pub(crate) outputs: Vec<usize>,
    /// Rounds behind the last wave in which what was kept back comes out.
    pub(crate) tails: u64,
    /// The steps that a wave goes to; empty in between.
    pub(crate) steps: Vec<usize>,
    /// Regions that a wave passes.
    pub(crate) regions: usize,
    pub(crate) pace: Pace,
    /// Who takes over what has been pulled where the source keeps the driver waiting; `None` where results wait for the same thread.
    pub(crate) attended: Option<Attended>,
    pub(crate) ended: bool,
    /// Evaluates what it may by itself: helpers can't be had, or are not wanted.
    pub(crate) alone: bool,
}

/// What a step of the driver did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advance {
    /// Took a wave from the inputs.
    Pulled,
    /// Nothing may be pulled now.
    NoRoom,
    Ended,
}

impl<I: Inlets> Driver<I> {
    /// Pulls a wave of the part, if it may, and brings it on its way.
    pub(crate) fn advance(&mut self, course: usize, hand: &mut Hand<'_, '_>) -> Advance {
        let Driver {
            inlets,
            parts,
            shared,
            ..
        } = self;
        let course = &mut parts[course];
        if course.ended {
            return Advance::Ended;
        }
        let part = &shared.parts[course.part];
        let (slots, nanos) = part.take_load();
        course
            .pace
            .worked(slots as f64 / course.regions.max(1) as f64, nanos);
        course.call_flusher(inlets);
        let (want, first) = {
            let flow = lock(&part.flow);
            // a last round may be short; what follows is another one
            let first = flow.issued().div_ceil(course.weight() as u64);
            if shared.is_cancelled() || (flow.stopping && course.is_level(inlets, first)) {
                drop(flow);
                course.end(inlets, shared, hand);
                return Advance::Ended;
            }
            let want = if flow.stopping {
                // those that are behind, to where the others are
                1
            } else if flow.paused {
                0
            } else {
                // items of the fastest input, in whole rounds; at least one, however small the buffer is
                match flow.grant(course.pace.wave() as u64) as usize {
                    0 => 0,
                    items => (items / course.weight()).max(1),
                }
            };
            if want > 0 {
                // under the lock: who pauses now waits for this pull
                shared.pulling(true);
            }
            (want, first)
        };
        if want == 0 {
            return Advance::NoRoom;
        }
        course.pull(inlets, shared, hand, want, first);
        Advance::Pulled
    }

    /// There is so much work in an item, as it seems.
    pub(crate) fn expect_work(&mut self, work: Duration) {
        for course in &mut self.parts {
            course.pace.worked(1.0, work.as_nanos() as u64);
        }
    }

    /// Whether some part would be faster with helpers.
    pub(crate) fn wants_help(&self) -> bool {
        self.parts
            .iter()
            .any(|course| !course.alone && !course.ended && course.pace.shares())
    }

    /// Sleeps until the bell rings. A thread of a pool works for its pool meanwhile.
    pub(crate) fn rest(&self) {
        if rayon::current_thread_index().is_none() {
            self.bell.sleep(None);
        } else if !engine::work_meanwhile() {
            self.bell.sleep(Some(NAP));
        }
    }

    /// Drives until every part has ended and every wave is through. Outputs are somebody else's to read.
    pub(crate) fn drive(&mut self, hand: &mut Hand<'_, '_>) {
        while self.drive_once(hand) {}
    }

    /// One round of [`drive`](Driver::drive); `false` when there is nothing left to do.
    fn drive_once(&mut self, hand: &mut Hand<'_, '_>) -> bool {
        self.bell.hear();
        let mut busy = hand.pour_springs();
        for course in 0..self.parts.len() {
            busy |= self.advance(course, hand) == Advance::Pulled;
        }
        if self.is_done() {
            return false;
        }
        if !busy && !hand.help_out() {
            hand.recruit();
            self.rest();
        }
        true
    }

    /// Whether what a part gives depends on this course.
    pub(crate) fn feeds(&self, course: usize, part: usize) -> bool {
        let own = self.parts[course].part;
        own == part || self.shared.parts[own].plan.network.contains(&part)
    }

    /// Inputs may go on, and all that they have given is through and has been read.
    pub(crate) fn is_idle(&self) -> bool {
        let idle = |course: &Course| lock(&self.shared.parts[course.part].flow).is_idle();
        self.parts
            .iter()
            .all(|course| !course.ended && idle(course))
    }

    /// Every part has ended and all of its waves are through; of parts that hang together with others, all of them.
    pub(crate) fn is_done(&self) -> bool {
        let through = |part: usize| {
            let flow = lock(&self.shared.parts[part].flow);
            flow.has_ended() && flow.is_through()
        };
        self.parts.iter().all(|course| {
            let network = &self.shared.parts[course.part].plan.network;
            let all = || through(course.part) && network.iter().all(|part| through(*part));
            course.ended && (self.shared.is_cancelled() || all())
        })
    }
}

impl Course {
    fn pull<I: Inlets>(
        &mut self,
        inlets: &mut I,
        shared: &Shared,
        hand: &mut Hand<'_, '_>,
        want: usize,
        first: u64,
    ) {
        if shared.has_left_tasks() {
            // before the source: it may block
            hand.recruit();
        }
        if want == 1 && self.inputs.len() > 1 {
            return self.pull_singly(inlets, shared, hand, first);
        }
        let part = &shared.parts[self.part];
        if self.attended.is_some() {
            part.draft.begin();
        }
        let began = Instant::now();
        let pulled = if let [(input, _)] = self.inputs[..] {
            let inlet = inlets.at(input);
            ask(
                inlet,
                input,
                first..first + want as u64,
                &part.draft,
                shared,
            );
            Pulled {
                rounds: inlet.stand() - first,
                took: began.elapsed(),
                ended: inlet.has_ended(),
            }
        } else {
            self.pull_level(inlets, shared, want as u64, first)
        };
        let meanwhile = match &self.attended {
            Some(_) => part.draft.end(),
            None => Meanwhile::Nothing,
        };
        shared.pulling(false);
        if meanwhile == Meanwhile::Ended {
            // what the source has given since then was not asked for any more
            self.ended = true;
            return;
        }
        self.pace
            .pulled(pulled.rounds.max(1) as usize * self.weight(), pulled.took);
        if meanwhile == Meanwhile::Interrupted {
            self.pace.interrupted();
        }
        let mut steps = std::mem::take(&mut self.steps);
        let wave = self.make_wave(inlets, shared, first + pulled.rounds, &mut steps);
        if let Some(wave) = wave {
            let share = self.begin_share(hand);
            for step in steps.drain(..) {
                hand.issue(step, wave, share);
            }
        }
        self.steps = steps;
        if pulled.ended {
            self.end(inlets, shared, hand);
        }
    }

    /// Makes a wave of the rounds up to number `until`, where they have not all been taken over; gives its number, and the steps it goes to.
    fn make_wave<I: Inlets>(
        &self,
        inlets: &mut I,
        shared: &Shared,
        until: u64,
        steps: &mut Vec<usize>,
    ) -> Option<u64> {
        let weight = self.weight() as u64;
        let (first, wave) = {
            let mut flow = lock(&shared.parts[self.part].flow);
            let first = flow.issued().div_ceil(weight);
            if first >= until {
                return None;
            }
            (first, flow.issue((until - first) * weight))
        };
        let rounds = until - first;
        for &(input, each) in &self.inputs {
            let extent = Extent::of(first * each, rounds * weight);
            let len = (rounds * each) as usize;
            let intake = inlets.at(input).intake();
            steps.push(intake.commit(wave, extent, len, shared));
        }
        Some(wave)
    }

    /// Is looked after from now on, if an input may wait.
    pub(crate) fn attend(&mut self, shared: &Arc<Shared>, all: &[OwnIntake]) {
        let mut inputs = self.inputs.iter();
        if inputs.any(|(input, _)| all[*input].may_wait) {
            let intake = |(input, each): &(usize, u64)| (*each, all[*input].intake.clone());
            let intakes = self.inputs.iter().map(intake).collect();
            self.attended = Some(Attended::new(shared, self.part, intakes));
        }
    }

    /// Sees to it that somebody looks after what is pulled, where waves are to hold several items. Where nobody does, they do not.
    fn call_flusher<I: Inlets>(&mut self, inlets: &mut I) {
        let Some(attended) = &mut self.attended else {
            return;
        };
        if self.pace.wave() == 1 || attended.is_called {
            return;
        }
        if attended.call() {
            for (input, _) in &self.inputs {
                inlets.at(*input).open();
            }
        } else {
            self.pace.keep_to_single_items();
        }
    }

    /// Whether nothing has been pulled beyond round `first`.
    fn is_level<I: Inlets>(&self, inlets: &mut I, first: u64) -> bool {
        let ahead = |(input, each): &(usize, u64)| inlets.at(*input).stand() > first * each;
        !self.inputs.iter().any(ahead)
    }

    /// Pulls one round of inputs that meet, item by item: a slow source may wait for what an item leads to, so each is on
    /// its way before the next is asked for. With single slots there is nothing to cut off later. Where one has ended, the others go on to the end of
    /// the round, for the joins that this does not concern.
    fn pull_singly<I: Inlets>(
        &mut self,
        inlets: &mut I,
        shared: &Shared,
        hand: &mut Hand<'_, '_>,
        first: u64,
    ) {
        let part = &shared.parts[self.part];
        let weight = self.weight() as u64;
        let mut ended = false;
        for turn in 0..weight {
            // the items of an input are spread over the turns; in the first, each gives one
            let at = |each: u64, turn: u64| first * each + (turn * each).div_ceil(weight);
            let is_due = |each: u64| at(each, turn + 1) > at(each, turn);
            let mut took = Duration::ZERO;
            let mut wave = None;
            let mut missing = Vec::new();
            for &(input, each) in self.inputs.iter().filter(|(_, each)| is_due(*each)) {
                let began = Instant::now();
                let position = at(each, turn);
                let inlet = inlets.at(input);
                ask(inlet, input, position..position + 1, &part.draft, shared);
                took = took.max(began.elapsed());
                if inlet.stand() <= position {
                    missing.push(input);
                    continue;
                }
                let wave = *wave.get_or_insert_with(|| lock(&part.flow).issue(1));
                let share = self.begin_share(hand);
                let intake = inlets.at(input).intake();
                let step = intake.commit(wave, Extent::of(position, 1), 1, shared);
                hand.issue(step, wave, share);
            }
            self.pace.pulled(1, took);
            let Some(wave) = wave else {
                // nobody has anything: the end, or a last round that some have no more items for
                if turn == 0 {
                    ended = true;
                    break;
                }
                continue;
            };
            let has = |input: usize| !missing.contains(&input);
            if turn == 0 && !missing.is_empty() {
                let tell = |&(input, each): &(usize, u64)| {
                    let name = shared.ledger.input_name(input);
                    let at = at(each, turn);
                    if has(input) {
                        format!("`{name}` had {} or more", at + 1)
                    } else {
                        format!("`{name}` ended after {at}")
                    }
                };
                let lengths: Vec<String> = self.inputs.iter().map(tell).collect();
                let lengths = lengths.join(", ");
                let _ = part.common.lengths.set(lengths);
                ended = true;
            }
            let share = self.begin_share(hand);
            for &(input, each) in &self.inputs {
                let due = is_due(each);
                if !due || !has(input) {
                    let extent = Extent::of(at(each, turn), 1);
                    let intake = inlets.at(input).intake();
                    let step = intake.commit(wave, extent, usize::from(due), shared);
                    hand.issue(step, wave, share);
                }
            }
        }
        shared.pulling(false);
        if ended || self.are_dry(inlets, first + 1) {
            self.end(inlets, shared, hand);
        }
    }

    /// Whether no input has anything from round `round` on.
    fn are_dry<I: Inlets>(&self, inlets: &mut I, round: u64) -> bool {
        let is_dry = |(input, each): &(usize, u64)| {
            let inlet = inlets.at(*input);
            inlet.has_ended() && inlet.stand() <= round * each
        };
        self.inputs.iter().all(is_dry)
    }

    /// Items of the input that is pulled fastest, in a round.
    fn weight(&self) -> usize {
        let most = self.inputs.iter().map(|(_, each)| *each).max();
        most.unwrap_or(1) as usize
    }

    fn begin_share(&self, hand: &mut Hand<'_, '_>) -> bool {
        let share = !self.alone && self.pace.shares() && hand.can_share();
        hand.alone = !share;
        share
    }

    /// Pulls the same number of rounds from inputs that meet. A shorter one is filled up with ends, to one round more
    /// than it has: there, the joins tell that a partner is missing.
    fn pull_level<I: Inlets>(
        &mut self,
        inlets: &mut I,
        shared: &Shared,
        want: u64,
        first: u64,
    ) -> Pulled {
        let draft = &shared.parts[self.part].draft;
        let began = Instant::now();
        self.ask_all(inlets, shared, want, first);
        let took = began.elapsed();
        // one may be ahead, where a wave before has been interrupted
        let len = |inlets: &mut I, (input, each): (usize, u64)| {
            let stand = inlets.at(input).stand();
            stand.saturating_sub(first * each).min(want * each)
        };
        let mut whole = want;
        let mut shortest = want;
        let mut longest = 0;
        for &(input, each) in &self.inputs {
            let len = len(inlets, (input, each));
            // what is short of a round is one: the joins see which of its slots are there
            let rounds = len.div_ceil(each);
            whole = whole.min(len / each);
            shortest = shortest.min(rounds);
            longest = longest.max(rounds);
        }
        if draft.is_interrupted() {
            return Pulled {
                rounds: whole,
                took,
                ended: self.are_dry(inlets, first + whole),
            };
        }
        if longest == shortest {
            return Pulled {
                rounds: longest,
                took,
                ended: longest < want || self.are_dry(inlets, first + longest),
            };
        }
        let cut = |&(input, each): &(usize, u64)| {
            let len = len(inlets, (input, each));
            len.min((shortest + 1) * each)
        };
        let lens: Vec<u64> = self.inputs.iter().map(cut).collect();
        let lengths = self.tell_lengths(inlets, shared, &lens, first);
        let _ = shared.parts[self.part].common.lengths.set(lengths);
        Pulled {
            rounds: shortest + 1,
            took,
            ended: true,
        }
    }

    /// Asks every input for so many rounds, or for one more than another one has.
    ///
    /// Those that hold their items come first. Of others that are looked after, each is asked for a round at a time: one that waits for what comes of what
    /// it has given must find that all of its partners have come.
    fn ask_all<I: Inlets>(&self, inlets: &mut I, shared: &Shared, want: u64, first: u64) {
        let draft = &shared.parts[self.part].draft;
        let mut limit = want;
        let mut ask_for = |inlets: &mut I, (input, each): (usize, u64), rounds: u64| {
            let rounds = rounds.min(limit);
            let from = first * each;
            let inlet = inlets.at(input);
            ask(inlet, input, from..from + rounds * each, draft, shared);
            let has = inlet.stand().saturating_sub(from).div_ceil(each);
            if has < rounds {
                // one more shows whether another one is longer
                limit = limit.min(has + 1);
            }
        };
        let mut waiting = 0;
        for &input in &self.inputs {
            if inlets.at(input.0).may_wait() {
                waiting += 1;
            } else {
                ask_for(inlets, input, want);
            }
        }
        let step = if self.attended.is_some() && waiting > 1 {
            1
        } else {
            want
        };
        for rounds in (step..=want).step_by(step as usize) {
            for &input in &self.inputs {
                if draft.is_interrupted() {
                    return;
                }
                if inlets.at(input.0).may_wait() {
                    ask_for(inlets, input, rounds);
                }
            }
        }
    }

    /// `` `a` has ended after 3 items, `b` goes on after 4 ``
    fn tell_lengths<I: Inlets>(
        &self,
        inlets: &mut I,
        shared: &Shared,
        lens: &[u64],
        first: u64,
    ) -> String {
        let tell = |(&(input, each), len): (&(usize, u64), &u64)| {
            let name = shared.ledger.input_name(input);
            let at = first * each + len;
            let inlet = inlets.at(input);
            if inlet.has_ended() && inlet.stand() <= at {
                format!("`{name}` ended after {at}")
            } else {
                format!("`{name}` had {at} or more")
            }
        };
        self.inputs
            .iter()
            .zip(lens)
            .map(tell)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Sends the rounds in which what was kept back comes out, and closes the part.
    fn end<I: Inlets>(&mut self, inlets: &mut I, shared: &Shared, hand: &mut Hand<'_, '_>) {
        if self.ended {
            return;
        }
        self.ended = true;
        hand.alone = true;
        let ending = Ending {
            part: self.part,
            outputs: &self.outputs,
            tails: self.tails,
            weight: self.weight() as u64,
        };
        ending.end(shared, hand, |commit| {
            for &(input, each) in &self.inputs {
                commit(each, inlets.at(input).intake());
            }
        });
    }
}

/// How a part ends.
pub(crate) struct Ending<'a> {
    pub(crate) part: usize,
    pub(crate) outputs: &'a [usize],
    /// See [`Course`].
    pub(crate) tails: u64,
    /// Items of the input that is pulled fastest, in a round.
    pub(crate) weight: u64,
}

impl Ending<'_> {
    /// Sends the rounds in which what was kept back comes out, and closes the part. `inputs` gives each input: how many of its items make a
    /// round, and its intake.
    pub(crate) fn end(
        &self,
        shared: &Shared,
        hand: &mut Hand<'_, '_>,
        mut inputs: impl FnMut(&mut dyn FnMut(u64, &dyn Gather)),
    ) {
        let part = &shared.parts[self.part];
        if !shared.is_cancelled() {
            let rounds = lock(&part.flow).issued() / self.weight;
            for tail in 1..=self.tails {
                let wave = lock(&part.flow).issue(0);
                inputs(&mut |each, intake| {
                    let extent = Extent::at(rounds * each, tail);
                    let step = intake.commit(wave, extent, 0, shared);
                    hand.issue(step, wave, false);
                });
            }
        }
        let (waves, through) = {
            let mut flow = lock(&part.flow);
            (flow.end(), flow.is_through())
        };
        if !shared.is_cancelled() {
            self.outputs
                .iter()
                .for_each(|output| shared.gates[*output].end(waves));
        }
        if through {
            shared.part_ends();
            shared.ring_network(self.part);
        }
    }
}

/// Pulls an input, so that it stands at the end of `slots`. In a watched run that is written down; for each item, where the time of each is to be
/// known.
fn ask(inlet: &mut dyn Pull, input: usize, slots: Range<u64>, draft: &Draft, shared: &Shared) {
    let Range { start, end } = slots;
    let Some(watch) = &shared.watch else {
        return inlet.pull(start, end, draft, shared);
    };
    let mut until = inlet.stand().max(start);
    while until < end {
        until = if watch.is_exact() { until + 1 } else { end };
        watch.asks(input);
        inlet.pull(start, until, draft, shared);
        if inlet.stand() < until {
            break;
        }
    }
    watch.asks_no_more(input);
}

struct Pulled {
    rounds: u64,
    took: Duration,
    ended: bool,
}

#[cfg(all(test, papy_loom))]
#[path = "models/driver.rs"]
mod model;
