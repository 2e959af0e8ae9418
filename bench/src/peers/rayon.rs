//! rayon: iterators over what lies in memory are in order; over any other source, and as a stream, they are not.

use std::thread;

use ::rayon::prelude::*;
use crossbeam_channel::bounded;

use super::{Parts, Sink, Work};
use crate::by_hand;
use crate::checksum::{Checksum, Digest};
use crate::harness::Workload;
use crate::log::{
    self, Counts, Tallies, added, count, digest, line, merged, parse, read, tallied, tally, weight,
};
use crate::workers::four;

pub(super) fn mapped<R: Digest + Send>(
    workload: Workload,
    parts: Parts,
    work: impl Work<R>,
) -> Workload {
    workload
        .way_with_fewer(parts.kept, "rayon, par_iter, collect", move |n| {
            collected(n, work)
        })
        .way_with_fewer(parts.singly, "rayon, par_bridge, put in order", move |n| {
            bridged(n, work)
        })
        .way_with_fewer(parts.kept, "rayon, par_iter, by rounds", move |n| {
            by_rounds(n, parts.round, work)
        })
}

fn collected<R: Digest + Send>(n: u64, work: impl Work<R>) -> u64 {
    let numbers = (0..n as usize).into_par_iter();
    let results: Vec<R> = numbers.map(|x| work(x as u64)).collect();
    results.into_iter().collect::<Checksum>().value()
}

/// Any iterator in parallel, and a thread that puts the results in order.
fn bridged<R: Digest + Send>(n: u64, work: impl Work<R>) -> u64 {
    let (to_sink, done) = bounded(1024);
    thread::scope(|scope| {
        scope.spawn(move || {
            let numbers = (0..n).par_bridge();
            numbers.try_for_each(|x| to_sink.send((x, work(x))))
        });
        let mut sink = Sink::default();
        for (number, result) in done {
            sink.take(number, &result);
        }
        sink.value()
    })
}

/// So many items at a time, so that memory is bounded; while they are worked on, the results before them are read.
fn by_rounds<R: Digest + Send>(n: u64, round: u64, work: impl Work<R>) -> u64 {
    let mut sum = Checksum::default();
    let (mut done, mut doing) = (Vec::new(), Vec::new());
    for range in by_hand::parts(n, round) {
        let numbers = (range.start as usize..range.end as usize).into_par_iter();
        ::rayon::join(
            || {
                numbers.map(|x| work(x as u64)).collect_into_vec(&mut doing);
            },
            || {
                done.drain(..)
                    .for_each(|result: R| sum.add(result.digest()));
            },
        );
        std::mem::swap(&mut done, &mut doing);
    }
    done.iter().for_each(|result| sum.add(result.digest()));
    sum.value()
}

pub(super) fn start(first: u64, items: u64, _threads: usize) -> u64 {
    collected(items, move |x| four(first + x))
}

fn add_up(lines: impl ParallelIterator<Item = &'static str>) -> u64 {
    let entries = lines.filter_map(|line| parse(line).ok()).filter_map(read);
    let parts = entries.fold(Tallies::default, |mut tallies, entry| {
        tally(&mut tallies, entry);
        tallies
    });
    digest(parts.reduce(Tallies::default, merged))
}

pub(super) fn log(n: u64) -> u64 {
    add_up((0..n).into_par_iter().map(line))
}

pub(super) fn bridged_log(n: u64) -> u64 {
    add_up((0..n).map(line).par_bridge())
}

pub(super) fn words(n: u64) -> u64 {
    let words = (0..n)
        .into_par_iter()
        .flat_map_iter(|number| log::words(line(number)));
    let parts = words.fold(Counts::default, |mut counts, word| {
        count(&mut counts, word);
        counts
    });
    weight(parts.reduce(Counts::default, added))
}

pub(super) fn log_in_batches(n: u64) -> u64 {
    let batches: Vec<_> = by_hand::batches(n).collect();
    let parts = batches.into_par_iter().map(tallied);
    digest(parts.reduce(Tallies::default, merged))
}
