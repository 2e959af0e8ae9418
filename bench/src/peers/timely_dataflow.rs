//! timely: each worker has the whole graph, and items are exchanged between them; nothing keeps their order.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::vec::{Filter, Map};
use timely::dataflow::operators::{Exchange, Inspect, Operator, Probe, ToStream};
use timely::dataflow::{ProbeHandle, Scope, StreamVec};
use timely::worker::Worker;
use timely::{Config, ExchangeData};

use super::{Parts, Sink, Work};
use crate::by_hand::{BATCH, parts};
use crate::checksum::{Checksum, Digest};
use crate::harness::Workload;
use crate::log::{Entry, Tallies, digest, line, merged, parse, tally};
use crate::workers::*;

type Numbers<'a> = StreamVec<'a, u64, u64>;

/// What a worker knows: the number of items, of those that stay together, its own, and that of all workers.
#[derive(Debug, Clone, Copy)]
struct Share {
    n: u64,
    batch: u64,
    index: usize,
    peers: usize,
}

impl Share {
    fn of(worker: &Worker, n: u64, batch: u64) -> Share {
        Share {
            n,
            batch,
            index: worker.index(),
            peers: worker.peers(),
        }
    }

    /// One worker reads a source, and all of them share the items.
    fn exchanged(self, scope: Scope<'_, u64>) -> Numbers<'_> {
        let n = if self.index == 0 { self.n } else { 0 };
        let numbers: Numbers<'_> = (0..n).to_stream(scope);
        numbers.exchange(|x| x.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32)
    }

    /// Each worker has a source of its own.
    fn own(self, scope: Scope<'_, u64>) -> Numbers<'_> {
        let batches = parts(self.n, self.batch).skip(self.index);
        batches.step_by(self.peers).flatten().to_stream(scope)
    }
}

pub(super) fn mapped<R: Digest + ExchangeData + Clone>(
    workload: Workload,
    threads: usize,
    parts: Parts,
    work: impl Work<R>,
) -> Workload {
    workload
        .way_with_fewer(parts.passed, "timely, exchange, put in order", move |n| {
            in_parallel(n, threads, parts.batch, Share::exchanged, work)
        })
        .way_with_fewer(parts.passed, "timely, own shares, put in order", move |n| {
            in_parallel(n, threads, parts.batch, Share::own, work)
        })
}

/// The first worker is the sink.
fn in_parallel<R: Digest + ExchangeData + Clone>(
    n: u64,
    threads: usize,
    batch: u64,
    numbers: for<'a> fn(Share, Scope<'a, u64>) -> Numbers<'a>,
    work: impl Work<R>,
) -> u64 {
    let workers = timely::execute(Config::process(threads), move |worker| {
        let share = Share::of(worker, n, batch);
        let sink = Rc::new(RefCell::new(Sink::default()));
        let take = Rc::clone(&sink);
        let probe = ProbeHandle::new();
        worker.dataflow(|scope| {
            numbers(share, scope)
                .map(move |x| (x, work(x)))
                .exchange(|_| 0)
                .inspect(move |(number, result)| take.borrow_mut().take(*number, result))
                .probe_with(&probe);
        });
        worker.step_while(|| !probe.done());
        sink.borrow().value()
    });
    let sums = workers.expect("threads can be had").join();
    let first = sums.into_iter().next().expect("there is a worker");
    first.expect("the work does not panic")
}

/// One thread, so that items stay in order.
fn alone(dataflow: impl for<'a> Fn(Scope<'a, u64>) -> Numbers<'a> + Send + Sync + 'static) -> u64 {
    timely::execute_directly(move |worker| {
        let sum = Rc::new(Cell::new(Checksum::default()));
        let add = Rc::clone(&sum);
        let probe = ProbeHandle::new();
        worker.dataflow(|scope| {
            dataflow(scope)
                .inspect(move |x| {
                    let mut sum = add.get();
                    sum.add(*x);
                    add.set(sum);
                })
                .probe_with(&probe);
        });
        worker.step_while(|| !probe.done());
        sum.get().value()
    })
}

pub(super) fn chain(n: u64) -> u64 {
    alone(move |scope| {
        let numbers: Numbers<'_> = (0..n).to_stream(scope);
        numbers.map(mix1).map(mix2).map(mix3).map(mix4)
    })
}

pub(super) fn diamond(n: u64) -> u64 {
    alone(move |scope| {
        let numbers: Numbers<'_> = (0..n).to_stream(scope);
        let forked = numbers.map(mix1);
        joined(forked.clone().map(mix2), forked.map(mix3))
    })
}

/// There is no join by position: an operator with a queue for each side.
fn joined<'a>(left: Numbers<'a>, right: Numbers<'a>) -> Numbers<'a> {
    left.binary(right, Pipeline, Pipeline, "Zip", |_, _| {
        let (mut xs, mut ys) = (VecDeque::new(), VecDeque::new());
        move |left, right, output| {
            left.for_each_stamp(|time, data| {
                xs.extend(data.flat_map(|data| data.drain(..)));
                output.session(&time).give_iterator(pairs(&mut xs, &mut ys));
            });
            right.for_each_stamp(|time, data| {
                ys.extend(data.flat_map(|data| data.drain(..)));
                output.session(&time).give_iterator(pairs(&mut xs, &mut ys));
            });
        }
    })
}

/// What both sides have.
fn pairs(xs: &mut VecDeque<u64>, ys: &mut VecDeque<u64>) -> impl Iterator<Item = u64> {
    let n = xs.len().min(ys.len());
    let pairs = xs.drain(..n).zip(ys.drain(..n));
    pairs.map(|(x, y)| both(x, y))
}

pub(super) fn start(first: u64, items: u64, threads: usize) -> u64 {
    in_parallel(items, threads, 1, Share::exchanged, move |x| {
        four(first + x)
    })
}

pub(super) fn log(n: u64, threads: usize) -> u64 {
    let workers = timely::execute(Config::process(threads), move |worker| {
        let share = Share::of(worker, n, BATCH);
        let tallies = Rc::new(RefCell::new(Tallies::default()));
        let add = Rc::clone(&tallies);
        let probe = ProbeHandle::new();
        worker.dataflow(|scope| {
            share
                .own(scope)
                .flat_map(|number| parse(line(number)).ok())
                .filter(|entry: &Entry| entry.get)
                .inspect(move |entry| tally(&mut add.borrow_mut(), *entry))
                .probe_with(&probe);
        });
        worker.step_while(|| !probe.done());
        tallies.take()
    });
    let parts = workers.expect("threads can be had").join().into_iter();
    let parts = parts.map(|part| part.expect("the work does not panic"));
    digest(parts.fold(Tallies::default(), merged))
}
