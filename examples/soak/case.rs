//! One run of one pipeline: what it is given, how it is run and what must come of it.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use papy::Stats;
use papy::prelude::*;

use crate::catalogue::{Entry, Given, Order, Trait};
use crate::counts::Counts;
use crate::dice::Dice;
use crate::ending::{End, Ending};
use crate::feed::Feed;
use crate::reading::{self, Outcome};
use crate::schedule::{Named, Pools, Schedule};
use crate::setting::{Mishaps, Setting};
use crate::told::Told;
use crate::verdict::{Extent, Verdict};
use crate::watch::Watch;

/// Everything that is decided before the run.
pub struct Case<'a> {
    seed: u64,
    entry: &'a Entry,
    lengths: Vec<u64>,
    mishaps: Mishaps,
    schedule: Schedule,
    p: Named,
    q: Named,
    n: usize,
    form: Form,
    seat: Seat,
    ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Start,
    StartInline,
    ForEach,
    Run,
}

/// On which thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seat {
    Here,
    /// One of rayon's own pool.
    Rayon,
    /// One of a pool that papy was given.
    Given,
}

impl<'a> Case<'a> {
    /// A case on some of these pools; only one of a round that may leave things behind forgets what it reads.
    pub fn new(seed: u64, entry: &'a Entry, pools: &[Named], forgetful: bool) -> Case<'a> {
        let mut dice = Dice::new(seed);
        let lengths = lengths(&mut dice, entry);
        let mut mishaps = Mishaps::new(&mut dice, &lengths, entry.is(Trait::Timed));
        let form = match dice.below(10) {
            0 => Form::Run,
            1 | 2 => Form::ForEach,
            3 => Form::StartInline,
            _ => Form::Start,
        };
        let seat = dice.one(&[Seat::Here, Seat::Here, Seat::Here, Seat::Rayon, Seat::Given]);
        let results = dice.one(&lengths) as usize * entry.outputs.len();
        let mut ending = Ending::new(
            &mut dice,
            entry.outputs.len(),
            results,
            !entry.is(Trait::Unsteered),
            seat != Seat::Here,
        );
        if ending.end.forgets() && !forgetful {
            ending.end = End::Drop;
        }
        if dice.once_in(12) && ending.end != End::Stop {
            let input = dice.below(lengths.len());
            mishaps = mishaps.with_panic(input, dice.number() % (lengths[input] + 1));
        }
        let mut schedule = Schedule::new(&mut dice);
        if entry.is(Trait::Unsteered) {
            schedule.on_fault = OnFault::Continue;
        }
        Case {
            seed,
            entry,
            lengths,
            mishaps,
            schedule,
            p: pools[dice.below(pools.len())].clone(),
            q: pools[dice.below(pools.len())].clone(),
            n: dice.below(5),
            form,
            seat,
            ending,
        }
    }

    /// Runs it, and says what was wrong.
    pub fn run(self, pools: &Pools, watch: &Watch, counts: &Counts) -> Verdict {
        watch.begin(self.seed, self.to_string());
        // one thread cannot leave a call to itself
        let setting = Setting::new(&self.mishaps, self.form != Form::StartInline);
        let stalled = self.mishaps.stall().then(|| {
            let setting = setting.clone();
            let unstall = move || setting.unstall(Duration::from_millis(30));
            thread::Builder::new().spawn(unstall).expect("a thread")
        });
        let outcome = match self.seat {
            Seat::Here => self.go(&setting, watch),
            Seat::Rayon => rayon::scope(|_| self.go(&setting, watch)),
            Seat::Given => pools.given.install(|| self.go(&setting, watch)),
        };
        let hanging = setting.hanging();
        setting.release();
        if let Some(stalled) = stalled {
            let _ = stalled.join();
        }
        let mut verdict = Verdict::default();
        match outcome {
            Ok(outcome) => {
                self.count(&outcome, &setting, counts);
                if self.is_late(&outcome, hanging) {
                    counts.add("late", 1);
                } else {
                    self.judge(&outcome, &setting, &mut verdict);
                }
            }
            Err(why) => verdict.wrong(why),
        }
        if !self.forgets() {
            let start = Instant::now();
            while setting.tally.live() > 0 && start.elapsed() < Duration::from_secs(5) {
                thread::yield_now();
            }
            let live = setting.tally.live();
            if live > 0 {
                verdict.leak(live as u64, format!("{live} items are still there"));
            }
        }
        if verdict.wrongs.any() {
            verdict
                .words
                .insert(0, format!("\ncase {}: {self}", self.seed));
        }
        watch.end(self.seed);
        verdict
    }

    fn given(
        &self,
        setting: &Arc<Setting>,
        lengths: &[u64],
        inline: bool,
        schedule: Schedule,
    ) -> Given {
        let feeds = lengths.iter().enumerate();
        Given {
            feeds: feeds
                .map(|(input, length)| Feed::new(setting, input, *length))
                .collect(),
            p: self.p.pool.clone(),
            q: self.q.pool.clone(),
            n: self.n,
            schedule,
            inline,
        }
    }

    fn go(&self, setting: &Arc<Setting>, watch: &Watch) -> Result<Outcome, String> {
        let inline = self.form == Form::StartInline;
        let given = self.given(setting, &self.lengths, inline, self.schedule);
        let orders = self.entry.outputs;
        let mut outcome = Outcome::new(orders.len());
        match self.form {
            Form::Start | Form::StartInline => {
                let run = (self.entry.start)(given).map_err(|error| error.to_string())?;
                watch.steer(self.seed, run.handle());
                outcome =
                    reading::read(run, &self.ending, setting, orders, self.seat != Seat::Here);
            }
            Form::ForEach => {
                let mut sink =
                    |output, result| outcome.note(output, Some(&result), setting, orders[output]);
                let report = (self.entry.for_each)(given, &mut sink);
                outcome.report = report;
                outcome.ended.fill(true);
            }
            Form::Run => outcome.report = (self.entry.run)(given),
        }
        if let (false, Some(report)) = (self.is_started(), &outcome.report) {
            outcome.abandoned = report.nodes().iter().map(papy::NodeStats::abandoned).sum();
        }
        Ok(outcome)
    }

    /// What comes of it on one thread.
    fn reference(&self, lengths: &[u64]) -> (Outcome, Vec<Told>) {
        let setting = Setting::for_reference(&self.mishaps);
        let given = self.given(&setting, lengths, true, Schedule::plain());
        let orders = self.entry.outputs;
        let mut outcome = Outcome::new(orders.len());
        let mut sink =
            |output, result| outcome.note(output, Some(&result), &setting, orders[output]);
        let report = (self.entry.for_each)(given, &mut sink);
        outcome.report = report;
        (outcome, setting.take_sunk())
    }

    fn is_started(&self) -> bool {
        matches!(self.form, Form::Start | Form::StartInline)
    }

    fn forgets(&self) -> bool {
        self.is_started() && self.ending.end.forgets()
    }

    /// Whether nobody cuts it short.
    fn is_whole(&self) -> bool {
        !self.is_started() || self.ending.end.is_whole()
    }

    /// Whether inputs that meet end together.
    fn is_level(&self) -> bool {
        let level = match self.lengths[..] {
            [x, y] if self.entry.is(Trait::Doubled) => y == 2 * x,
            _ => self.lengths.iter().all(|length| *length == self.lengths[0]),
        };
        !self.entry.is(Trait::Level) || (level && !self.mishaps.break_inputs())
    }

    /// Whether a call was given up that was on its way: this machine was too slow, and nothing can be said of the results.
    fn is_late(&self, outcome: &Outcome, hanging: u64) -> bool {
        let planned = |told: &Told| {
            !told.is(FaultKind::Timeout) || hanging > 0 || self.form == Form::StartInline
        };
        outcome.abandoned > hanging || !outcome.results.iter().flatten().all(planned)
    }

    fn judge(&self, outcome: &Outcome, setting: &Setting, verdict: &mut Verdict) {
        if let Some(why) = &outcome.broken {
            verdict.wrong(format!("the run could not be joined: {why}"));
        }
        let stopped = self.is_started() && self.ending.end == End::Stop;
        let lengths = match &outcome.report {
            Some(report) if stopped => positions(report),
            _ => self.lengths.clone(),
        };
        let (reference, sunk) = self.reference(&lengths);
        if !self.is_level() {
            for (output, got) in outcome.results.iter().enumerate() {
                compare_unequal(
                    &self.place(output),
                    got,
                    &reference.results[output],
                    verdict,
                );
            }
            return;
        }
        let on_fault = self.schedule.on_fault == OnFault::Stop;
        for (output, got) in outcome.results.iter().enumerate() {
            let order = self.entry.outputs[output];
            let mut want = &reference.results[output][..];
            if on_fault
                && order == Order::Kept
                && let Some(first) = want.iter().position(Told::is_fault)
            {
                want = &want[..=first];
            }
            let cut = on_fault && (order != Order::Kept || self.entry.is(Trait::Sinks));
            let whole = outcome.ended[output] && self.is_whole() && !cut;
            let extent = if whole {
                Extent::Whole
            } else {
                Extent::Beginning
            };
            verdict.compare(&self.place(output), got, want, order, extent);
        }
        let whole = self.is_whole() && !on_fault;
        let extent = if whole {
            Extent::Whole
        } else {
            Extent::Beginning
        };
        verdict.compare("sinks", &setting.take_sunk(), &sunk, Order::Free, extent);
        if let (Some(report), Some(wanted), true) = (&outcome.report, &reference.report, whole) {
            verdict.same(
                "positions of inputs",
                &positions(report),
                &positions(wanted),
            );
            verdict.same("counts of nodes", &nodes(report), &nodes(wanted));
            verdict.same("cancelled", &report.was_cancelled(), &false);
        }
    }

    fn place(&self, output: usize) -> String {
        format!("output {output} of {}", self.entry.name)
    }

    fn count(&self, outcome: &Outcome, setting: &Setting, counts: &Counts) {
        counts.add("runs", 1);
        counts.add("calls", setting.calls());
        counts.add("pauses", outcome.paused);
        counts.add("abandoned calls", outcome.abandoned);
        let what = match (self.form, self.ending.end) {
            (Form::ForEach, _) => "in place by for_each",
            (Form::Run, _) => "in place by run",
            (_, End::Read | End::ReadApart) => "read to the end",
            (_, End::Wait) => "waits",
            (_, End::Join) => "joins",
            (_, End::Stop) => "stops",
            (_, End::Cancel) => "cancels",
            (_, End::Drop | End::DropParts) => "drops",
            (_, End::DropOne(_)) => "outputs dropped",
            (_, End::ForgetRun | End::ForgetOne(_)) => "forgotten",
            (_, End::ReaderPanics) => "reader panics",
        };
        counts.add(what, 1);
        if self.form == Form::StartInline {
            counts.add("started inline", 1);
        }
        if self.seat != Seat::Here {
            counts.add("on pools' threads", 1);
        }
        counts.add(
            "items",
            setting.tally.made() as u64 - setting.tally.clones() as u64,
        );
        for told in outcome.results.iter().flatten() {
            match told {
                Told::Value { .. } => counts.add("values", 1),
                Told::Fault(text) => counts.add(
                    &format!("faults: {}", text.split(' ').next().unwrap_or("")),
                    1,
                ),
            }
        }
    }
}

/// How long inputs are: mostly as the pipeline wants them.
fn lengths(dice: &mut Dice, entry: &Entry) -> Vec<u64> {
    let mut length = || match dice.below(8) {
        0 => dice.number() % 4,
        1 => 1000,
        2..=4 => dice.number() % 300,
        _ => dice.number() % 60,
    };
    let first = length();
    let mut lengths: Vec<u64> = (0..entry.inputs)
        .map(|_| {
            if entry.is(Trait::Level) {
                first
            } else {
                length()
            }
        })
        .collect();
    if entry.is(Trait::Doubled) {
        lengths[1] = 2 * first;
    }
    if entry.is(Trait::Level) && dice.once_in(8) {
        lengths[entry.inputs - 1] += 1 + dice.number() % 5;
    }
    lengths
}

/// How far each input was read.
fn positions(stats: &Stats) -> Vec<u64> {
    stats
        .inputs()
        .iter()
        .map(papy::InputStats::position)
        .collect()
}

/// Items in and out of each node, its faults and its holes.
fn nodes(stats: &Stats) -> Vec<(String, [u64; 4])> {
    let node = |node: &papy::NodeStats| {
        let counts = [
            node.items_in(),
            node.items_out(),
            node.faults(),
            node.holes(),
        ];
        (node.name().to_owned(), counts)
    };
    stats.nodes().iter().map(node).collect()
}

/// Inputs that meet and are of unequal length end the run where it stands; what came before must be right.
fn compare_unequal(place: &str, got: &[Told], want: &[Told], verdict: &mut Verdict) {
    let before = |told: &[Told]| {
        told.iter()
            .take_while(|told| !told.is(FaultKind::Unequal))
            .count()
    };
    let (got, want) = (&got[..before(got)], &want[..before(want)]);
    let both = got.len().min(want.len());
    verdict.compare(
        place,
        &got[..both],
        &want[..both],
        Order::Kept,
        Extent::Whole,
    );
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{} of {:?}, {:?} {:?}, {:?}, p: {}, q: {}, n: {}\n  {:?}\n  {:?}",
            self.entry.name,
            self.lengths,
            self.form,
            self.seat,
            self.schedule,
            self.p.what,
            self.q.what,
            self.n,
            self.ending,
            self.mishaps
        )
    }
}
