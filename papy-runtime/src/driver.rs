//! The driver of a run: pulls its inputs, wave by wave, and works while it waits.
//!
//! Sources are pulled by the driver alone, never by a thread of a pool: the calling thread in blocking forms, a thread
//! of the run's own after `start()`. A source may block; nothing but its own part of the pipeline waits for it then.

use std::time::Duration;

use crate::bell::Bell;
use crate::engine::{self, Hand};
use crate::inlet::{Inlets, Pull};
use crate::pace::Pace;
use crate::shared::{NAP, Shared};
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
    /// Regions that a wave passes.
    pub(crate) regions: usize,
    pub(crate) pace: Pace,
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
        let (want, first) = {
            let flow = lock(&part.flow);
            if shared.is_cancelled() || flow.stopping {
                drop(flow);
                course.end(inlets, shared, hand);
                return Advance::Ended;
            }
            let want = if flow.paused {
                0
            } else {
                flow.grant(course.pace.wave() as u64) as usize
            };
            // items of the fastest input, in whole rounds; at least one, however small the buffer is
            let want = if want == 0 {
                0
            } else {
                (want / course.weight()).max(1)
            };
            if want > 0 {
                // under the lock: who pauses now waits for this pull
                shared.pulling(true);
            }
            // a last round may be short; what follows is another one
            (want, flow.issued().div_ceil(course.weight() as u64))
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
        let began = Instant::now();
        let pulled = if let [(input, _)] = self.inputs[..] {
            let inlet = inlets.at(input);
            let len = ask(inlet, input, want, first, shared);
            Pulled {
                rounds: len,
                took: began.elapsed(),
                ended: inlet.has_ended(),
            }
        } else {
            self.pull_level(inlets, shared, want, first)
        };
        shared.pulling(false);
        self.pace
            .pulled(pulled.rounds.max(1) * self.weight(), pulled.took);
        if pulled.rounds > 0 {
            let charge = (pulled.rounds * self.weight()) as u64;
            let wave = lock(&shared.parts[self.part].flow).issue(charge);
            let share = self.begin_share(hand);
            for &(input, each) in &self.inputs {
                let len = pulled.rounds * each as usize;
                let step = inlets.at(input).commit(wave, first * each, len, charge);
                hand.issue(step, wave, share);
            }
        }
        if pulled.ended {
            self.end(inlets, shared, hand);
        }
    }

    /// Pulls one round of inputs that meet, item by item: a slow source may wait for what an item leads to, so each is on
    /// its way before the next is asked for. With single slots there is nothing to cut off later.
    fn pull_singly<I: Inlets>(
        &mut self,
        inlets: &mut I,
        shared: &Shared,
        hand: &mut Hand<'_, '_>,
        first: u64,
    ) {
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
                let len = ask(inlets.at(input), input, 1, at(each, turn), shared);
                took = took.max(began.elapsed());
                if len == 0 {
                    missing.push(input);
                    continue;
                }
                let wave =
                    *wave.get_or_insert_with(|| lock(&shared.parts[self.part].flow).issue(1));
                let share = self.begin_share(hand);
                let step = inlets.at(input).commit(wave, at(each, turn), 1, 1);
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
                let _ = shared.parts[self.part].common.lengths.set(lengths);
                ended = true;
            }
            let share = self.begin_share(hand);
            for &(input, each) in &self.inputs {
                let due = is_due(each);
                if !due || !has(input) {
                    let inlet = inlets.at(input);
                    let step = inlet.commit(wave, at(each, turn), usize::from(due), 1);
                    hand.issue(step, wave, share);
                }
            }
            if ended {
                break;
            }
        }
        shared.pulling(false);
        let mut inputs = self.inputs.iter();
        if ended || inputs.all(|(input, _)| inlets.at(*input).has_ended()) {
            self.end(inlets, shared, hand);
        }
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
        want: usize,
        first: u64,
    ) -> Pulled {
        let began = Instant::now();
        let mut lens = Vec::with_capacity(self.inputs.len());
        let mut rounds = Vec::with_capacity(self.inputs.len());
        let mut shortest = want;
        for &(input, each) in &self.inputs {
            // one more than the shortest so far shows whether this one is longer
            let want = if shortest < want { shortest + 1 } else { want };
            let each = each as usize;
            let inlet = inlets.at(input);
            let len = ask(inlet, input, want * each, first * each as u64, shared);
            // what is short of a round is one: the joins see which of its slots are there
            shortest = shortest.min(len.div_ceil(each));
            rounds.push(len.div_ceil(each));
            lens.push(len);
        }
        let took = began.elapsed();
        let longest = rounds.iter().copied().max().unwrap_or(0);
        if longest == shortest {
            let mut inputs = self.inputs.iter();
            let ended = longest < want || inputs.all(|(input, _)| inlets.at(*input).has_ended());
            return Pulled {
                rounds: longest,
                took,
                ended,
            };
        }
        let lengths = self.tell_lengths(inlets, shared, &lens, first);
        let _ = shared.parts[self.part].common.lengths.set(lengths);
        Pulled {
            rounds: shortest + 1,
            took,
            ended: true,
        }
    }

    /// `` `a` has ended after 3 items, `b` goes on after 4 ``
    fn tell_lengths<I: Inlets>(
        &self,
        inlets: &mut I,
        shared: &Shared,
        lens: &[usize],
        first: u64,
    ) -> String {
        let tell = |(&(input, each), len): (&(usize, u64), &usize)| {
            let name = shared.ledger.input_name(input);
            let at = first * each + *len as u64;
            if inlets.at(input).has_ended() {
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
        let part = &shared.parts[self.part];
        if !shared.is_cancelled() {
            let rounds = lock(&part.flow).issued() / self.weight() as u64;
            for tail in 1..=self.tails {
                let wave = lock(&part.flow).issue(0);
                hand.alone = true;
                for &(input, each) in &self.inputs {
                    let step = inlets.at(input).commit_tail(wave, rounds * each, tail);
                    hand.issue(step, wave, false);
                }
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

/// Pulls an input. In a watched run that is written down; for each item, where the time of each is to be known.
fn ask(inlet: &mut dyn Pull, input: usize, want: usize, first: u64, shared: &Shared) -> usize {
    let Some(watch) = &shared.watch else {
        return inlet.pull(want, first, shared);
    };
    let each = if watch.is_exact() { 1 } else { want };
    let mut asked = 0;
    loop {
        watch.asks(input);
        let len = inlet.pull(each, first, shared);
        asked += each;
        if asked >= want || inlet.has_ended() {
            watch.asks_no_more(input);
            return len;
        }
    }
}

struct Pulled {
    rounds: usize,
    took: Duration,
    ended: bool,
}

#[cfg(all(test, papy_loom))]
#[path = "models/driver.rs"]
mod model;
