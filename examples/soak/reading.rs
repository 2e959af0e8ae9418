//! Reads a run and brings it to its end.

use std::panic;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use papy::prelude::*;
use papy::{Handle, NodeStats, Report};

use crate::catalogue::{Line, Order, Running};
use crate::dice::Dice;
use crate::ending::{End, Ending, ReadOrder, Way};
use crate::item::Item;
use crate::setting::Setting;
use crate::told::Told;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Of each output.
    pub results: Vec<Vec<Told>>,
    /// Whether an output was read to its end.
    pub ended: Vec<bool>,
    pub report: Option<Report>,
    /// How often it was paused.
    pub paused: u64,
    /// Calls that were given up.
    pub abandoned: u64,
    /// A run that could not be joined.
    pub broken: Option<String>,
}

impl Outcome {
    pub fn new(outputs: usize) -> Outcome {
        Outcome {
            results: vec![Vec::new(); outputs],
            ended: vec![false; outputs],
            ..Outcome::default()
        }
    }

    /// Notes a result of an output; nothing is its end.
    pub fn note(
        &mut self,
        output: usize,
        result: Option<&Result<Item, Fault>>,
        setting: &Setting,
        order: Order,
    ) {
        match result {
            Some(result) => {
                let told = Told::new(result, setting, order != Order::Arrival);
                self.results[output].push(told);
            }
            None => self.ended[output] = true,
        }
    }
}

/// Reads a run as the ending says. `alone` where no other thread may be waited for.
pub fn read(
    run: Box<dyn Running>,
    ending: &Ending,
    setting: &Setting,
    orders: &[Order],
    alone: bool,
) -> Outcome {
    let mut reader = Reader {
        outcome: Outcome::new(orders.len()),
        setting,
        orders,
        ending,
        handle: run.handle(),
        alone,
        reads: 0,
        dice: Dice::new(match ending.order {
            ReadOrder::Mixed(seed) => seed,
            _ => 0,
        }),
    };
    reader.end(run);
    if let Some(handle) = &reader.handle {
        reader.outcome.abandoned = handle
            .stats()
            .nodes()
            .iter()
            .map(NodeStats::abandoned)
            .sum();
    }
    reader.outcome
}

struct Reader<'a> {
    outcome: Outcome,
    setting: &'a Setting,
    orders: &'a [Order],
    ending: &'a Ending,
    handle: Option<Handle>,
    alone: bool,
    reads: usize,
    dice: Dice,
}

impl Reader<'_> {
    fn end(&mut self, mut run: Box<dyn Running>) {
        let after = self.ending.after;
        match self.ending.end {
            End::DropOne(which) => {
                let mut parts = numbered(run.parts());
                self.some(&mut parts, after);
                drop(parts.remove(which));
                self.all(&mut parts);
                self.report();
            }
            End::ForgetOne(which) => {
                let mut parts = numbered(run.parts());
                self.some(&mut parts, after);
                std::mem::forget(parts.remove(which));
                self.all(&mut parts);
                self.report();
                self.cancel();
            }
            End::DropParts => {
                let mut parts = numbered(run.parts());
                self.some(&mut parts, after);
                while !parts.is_empty() {
                    drop(parts.remove(self.dice.below(parts.len())));
                }
            }
            End::ReadApart => self.apart(run.parts()),
            end => {
                self.some(&mut numbered(run.lines()), after);
                self.whole(run, end);
            }
        }
    }

    /// Ends a run that is still in one piece.
    fn whole(&mut self, mut run: Box<dyn Running>, end: End) {
        match end {
            End::Wait => {
                self.report();
                self.all(&mut numbered(run.lines()));
            }
            End::Join => self.join(run),
            End::Stop => {
                if let Some(handle) = &self.handle {
                    handle.stop();
                }
                self.all(&mut numbered(run.lines()));
                self.join(run);
            }
            End::Cancel => {
                self.cancel();
                self.all(&mut numbered(run.lines()));
                self.report();
            }
            End::ForgetRun => {
                std::mem::forget(run);
                self.cancel();
                self.report();
            }
            End::ReaderPanics => {
                let reader = move || {
                    let _run = run;
                    panic::panic_any("the reader panics, on purpose");
                };
                let reader = thread::Builder::new().spawn(reader).expect("a thread");
                let _ = reader.join();
            }
            End::Drop => drop(run),
            _ => {
                self.all(&mut numbered(run.lines()));
                self.join(run);
            }
        }
    }

    fn join(&mut self, run: Box<dyn Running>) {
        match run.join() {
            Ok(report) => self.outcome.report = report,
            Err(error) => self.outcome.broken = Some(error.to_string()),
        }
    }

    fn report(&mut self) {
        self.outcome.report = self.handle.as_ref().map(Handle::wait);
    }

    fn cancel(&self) {
        if let Some(handle) = &self.handle {
            handle.cancel();
        }
    }

    /// Each output on its own thread.
    fn apart(&mut self, mut parts: Vec<Box<dyn Line>>) {
        let each: Vec<Vec<Result<Item, Fault>>> = thread::scope(|scope| {
            let read = |part: &mut Box<dyn Line>| std::iter::from_fn(|| part.next()).collect();
            let readers: Vec<_> = parts
                .iter_mut()
                .map(|part| scope.spawn(move || read(part)))
                .collect();
            let results = readers.into_iter().map(thread::ScopedJoinHandle::join);
            results
                .map(|results| results.expect("reading does not panic"))
                .collect()
        });
        for (output, results) in each.iter().enumerate() {
            for result in results {
                self.outcome
                    .note(output, Some(result), self.setting, self.orders[output]);
            }
            self.outcome.ended[output] = true;
        }
        // a run without outputs would be cancelled
        self.report();
        drop(parts);
    }

    /// Reads everything that is left.
    fn all<L: AsLine>(&mut self, lines: &mut [(usize, L)]) {
        self.some(lines, usize::MAX);
    }

    /// Reads so many results more, or what there is.
    fn some<L: AsLine>(&mut self, lines: &mut [(usize, L)], most: usize) {
        let mut read = 0;
        while read < most {
            if self.ending.pauses.contains(&self.reads) {
                self.pause(lines);
            }
            let open: Vec<usize> = (0..lines.len())
                .filter(|&at| !self.outcome.ended[lines[at].0])
                .collect();
            let Some(&last) = open.last() else { break };
            let at = match self.ending.order {
                ReadOrder::InStep => open[self.reads % open.len()],
                ReadOrder::OneByOne => open[0],
                ReadOrder::Backwards => last,
                ReadOrder::Mixed(_) => open[self.dice.below(open.len())],
            };
            let (output, line) = &mut lines[at];
            let result = match self.ending.way {
                Way::Next => line.line().next(),
                Way::Indexed => line.line().next_indexed(),
                Way::Within(micros) => loop {
                    if let Poll::Ready(result) =
                        line.line().next_within(Duration::from_micros(micros))
                    {
                        break result;
                    }
                    // who polls on a thread of a pool keeps others from it
                    if rayon::yield_now().is_none() {
                        thread::yield_now();
                    }
                },
            };
            let output = *output;
            self.outcome
                .note(output, result.as_ref(), self.setting, self.orders[output]);
            self.reads += 1;
            read += 1;
        }
    }

    /// Pauses, looks at every output, and goes on: by itself, or as another thread says.
    fn pause<L: AsLine>(&mut self, lines: &mut [(usize, L)]) {
        let Some(handle) = self.handle.clone() else {
            return;
        };
        self.outcome.paused += 1;
        handle.pause();
        for (output, line) in lines {
            let output = *output;
            if !self.outcome.ended[output]
                && let Poll::Ready(result) = line.line().next_within(Duration::ZERO)
            {
                self.outcome
                    .note(output, result.as_ref(), self.setting, self.orders[output]);
            }
        }
        // whoever reads on may have to wait for it
        self.reads += 1;
        if self.alone || self.reads.is_multiple_of(2) {
            handle.resume();
        } else {
            let resume = thread::Builder::new().spawn(move || handle.resume());
            drop(resume.expect("a thread"));
        }
    }
}

/// An output, owned or not.
trait AsLine {
    fn line(&mut self) -> &mut dyn Line;
}

impl AsLine for Box<dyn Line> {
    fn line(&mut self) -> &mut dyn Line {
        self.as_mut()
    }
}

impl AsLine for &mut dyn Line {
    fn line(&mut self) -> &mut dyn Line {
        *self
    }
}

fn numbered<L>(lines: Vec<L>) -> Vec<(usize, L)> {
    lines.into_iter().enumerate().collect()
}
