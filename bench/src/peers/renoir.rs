//! renoir: each core has a replica of each operator; nothing keeps the order of what passes between them.

use ::renoir::prelude::*;
use timely::ExchangeData;

use super::{Parts, Sink, Work};
use crate::checksum::{Checksum, Digest};
use crate::harness::Workload;
use crate::log::{Tallies, digest, line, merged, parse, read, tally};
use crate::workers::*;

fn context(threads: usize) -> StreamContext {
    let config = RuntimeConfig::local(threads as u64);
    StreamContext::new(config.expect("there are threads"))
}

pub(super) fn mapped<R: Digest + ExchangeData + Clone>(
    workload: Workload,
    threads: usize,
    parts: Parts,
    work: impl Work<R>,
) -> Workload {
    workload
        .way_with_fewer(parts.passed, "renoir, shuffle, put in order", move |n| {
            shuffled(n, threads, work)
        })
        .way_with_fewer(parts.passed, "renoir, own shares, put in order", move |n| {
            by_shares(n, threads, work)
        })
}

fn shuffled<R: Digest + ExchangeData + Clone>(n: u64, threads: usize, work: impl Work<R>) -> u64 {
    let context = context(threads);
    let results = context
        .stream_iter(0..n)
        .shuffle()
        .map(move |x| (x, work(x)))
        .collect_vec();
    context.execute_blocking();
    in_order(results)
}

/// Each core has a source of its own, and batches are larger.
fn by_shares<R: Digest + ExchangeData + Clone>(n: u64, threads: usize, work: impl Work<R>) -> u64 {
    let context = context(threads);
    let results = context
        .stream_par_iter(0..n)
        .batch_mode(BatchMode::fixed(1024))
        .map(move |x| (x, work(x)))
        .collect_vec();
    context.execute_blocking();
    in_order(results)
}

fn in_order<R: Digest>(results: StreamOutput<Vec<(u64, R)>>) -> u64 {
    let mut sink = Sink::default();
    for (number, result) in results.get().expect("this host has the results") {
        sink.take(number, &result);
    }
    sink.value()
}

/// The source and the join are not parallel, so items stay in order.
pub(super) fn diamond(n: u64, threads: usize) -> u64 {
    let context = context(threads);
    let mut forked = context.stream_iter(0..n).map(mix1).split(2);
    let (right, left) = (forked.pop(), forked.pop());
    let (left, right) = left.zip(right).expect("there are two");
    let results = left
        .map(mix2)
        .zip(right.map(mix3))
        .map(|(x, y)| both(x, y))
        .collect_vec();
    context.execute_blocking();
    let results = results.get().expect("this host has the results");
    results.into_iter().collect::<Checksum>().value()
}

pub(super) fn start(first: u64, items: u64, threads: usize) -> u64 {
    shuffled(items, threads, move |x| four(first + x))
}

fn merge(all: &mut Tallies, more: Tallies) {
    *all = merged(*all, more);
}

fn total(tallies: StreamOutput<Vec<Tallies>>) -> u64 {
    let tallies = tallies.get().expect("this host has the results");
    digest(tallies.into_iter().fold(Tallies::default(), merged))
}

pub(super) fn shuffled_log(n: u64, threads: usize) -> u64 {
    let context = context(threads);
    let tallies = context
        .stream_iter(0..n)
        .shuffle()
        .filter_map(|number| parse(line(number)).ok())
        .filter_map(read)
        .fold_assoc(Tallies::default(), tally, merge)
        .collect_vec();
    context.execute_blocking();
    total(tallies)
}

pub(super) fn log(n: u64, threads: usize) -> u64 {
    let context = context(threads);
    let tallies = context
        .stream_par_iter(0..n)
        .filter_map(|number| parse(line(number)).ok())
        .filter_map(read)
        .fold_assoc(Tallies::default(), tally, merge)
        .collect_vec();
    context.execute_blocking();
    total(tallies)
}
