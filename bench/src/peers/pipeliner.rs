//! pipeliner: threads between two iterators, with `ordered_map`.

use ::pipeliner::Pipeline;

use super::{Parts, Work};
use crate::by_hand::{batches, parts};
use crate::checksum::{Checksum, Digest};
use crate::harness::Workload;
use crate::log::{Tallies, digest, merged, tallied};
use crate::workers::four;

pub(super) fn mapped<R: Digest + Send + 'static>(
    workload: Workload,
    threads: usize,
    parts: Parts,
    work: impl Work<R>,
) -> Workload {
    let workload = workload.way_with_fewer(parts.singly, "pipeliner, ordered_map", move |n| {
        one_by_one(n, threads, work)
    });
    if parts.has_batches() {
        workload.way_with_fewer(parts.kept, "pipeliner, batches of 256", move |n| {
            in_batches(n, threads, parts.batch, work)
        })
    } else {
        workload.way("pipeliner, with a buffer", move |n| {
            let pipeline = (0..n).with_threads(threads).out_buffer(16 * threads);
            pipeline.ordered_map(work).collect::<Checksum>().value()
        })
    }
}

fn one_by_one<R: Digest + Send + 'static>(n: u64, threads: usize, work: impl Work<R>) -> u64 {
    let results = (0..n).with_threads(threads).ordered_map(work);
    results.collect::<Checksum>().value()
}

fn in_batches<R: Digest + Send + 'static>(
    n: u64,
    threads: usize,
    batch: u64,
    work: impl Work<R>,
) -> u64 {
    let results = parts(n, batch)
        .with_threads(threads)
        .out_buffer(16 * threads)
        .ordered_map(move |range| range.map(work).collect::<Vec<R>>());
    results.flatten().collect::<Checksum>().value()
}

pub(super) fn start(first: u64, items: u64, threads: usize) -> u64 {
    one_by_one(items, threads, move |x| four(first + x))
}

pub(super) fn log(n: u64, threads: usize) -> u64 {
    let parts = batches(n)
        .with_threads(threads)
        .out_buffer(16 * threads)
        .map(tallied);
    digest(parts.fold(Tallies::default(), merged))
}
