//! orx-parallel: results are in order where they are collected; there is no stream of them.

use orx_parallel::*;

use super::{Parts, Work};
use crate::by_hand;
use crate::checksum::{Checksum, Digest};
use crate::harness::Workload;
use crate::log::{Tallies, digest, line, merged, parse, read, tally};
use crate::workers::four;

pub(super) fn mapped<R: Digest + Send + Sync>(
    workload: Workload,
    threads: usize,
    parts: Parts,
    work: impl Work<R>,
) -> Workload {
    workload
        .way_with_fewer(parts.kept, "orx-parallel, par, collect", move |n| {
            collected(n, threads, work)
        })
        .way_with_fewer(parts.passed, "orx-parallel, iter_into_par", move |n| {
            iterated(n, threads, work)
        })
        .way_with_fewer(parts.kept, "orx-parallel, par, by rounds", move |n| {
            by_rounds(n, threads, parts, work)
        })
}

fn collected<R: Digest + Send + Sync>(n: u64, threads: usize, work: impl Work<R>) -> u64 {
    let numbers = (0..n as usize).par().num_threads(threads);
    let results: Vec<R> = numbers.map(move |x| work(x as u64)).collect();
    results.into_iter().collect::<Checksum>().value()
}

/// Any iterator in parallel.
fn iterated<R: Digest + Send + Sync>(n: u64, threads: usize, work: impl Work<R>) -> u64 {
    let numbers = (0..n).iter_into_par().num_threads(threads);
    let results: Vec<R> = numbers.map(work).collect();
    results.into_iter().collect::<Checksum>().value()
}

/// So many items at a time, so that memory is bounded.
fn by_rounds<R: Digest + Send + Sync>(
    n: u64,
    threads: usize,
    parts: Parts,
    work: impl Work<R>,
) -> u64 {
    let mut sum = Checksum::default();
    let mut results = Vec::new();
    for range in by_hand::parts(n, parts.round) {
        let numbers = (range.start as usize..range.end as usize).par();
        numbers
            .num_threads(threads)
            .chunk_size(parts.batch as usize)
            .map(move |x| work(x as u64))
            .collect_into(&mut results);
        results
            .drain(..)
            .for_each(|result: R| sum.add(result.digest()));
    }
    sum.value()
}

pub(super) fn start(first: u64, items: u64, threads: usize) -> u64 {
    collected(items, threads, move |x| four(first + x))
}

pub(super) fn log(n: u64, threads: usize) -> u64 {
    let lines = (0..n as usize).par().num_threads(threads);
    let parts = lines
        .map(|number| line(number as u64))
        .filter_map(|line| parse(line).ok())
        .filter_map(read)
        .fold(Tallies::default, tally);
    digest(parts.into_iter().fold(Tallies::default(), merged))
}
