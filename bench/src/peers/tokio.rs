//! tokio: a task for each item or for each batch, and `buffered` keeps them in order; or a task for each node, with channels
//! between.

use std::sync::LazyLock;

use ::tokio::runtime::{Builder, Runtime};
use ::tokio::sync::mpsc::{Receiver, channel};
use futures::stream::{self, StreamExt};

use super::{Parts, Work};
use crate::by_hand::{self, batches, parts};
use crate::checksum::{Checksum, Digest};
use crate::harness::Workload;
use crate::log::{Tallies, digest, merged, tallied};
use crate::workers::*;

/// One for the whole program, as `#[tokio::main]` makes it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(by_hand::threads())
        .build()
        .expect("threads can be had")
});

/// Batches that a channel holds.
const DEPTH: usize = 16;

pub(super) fn mapped<R: Digest + Send + 'static>(
    workload: Workload,
    threads: usize,
    parts: Parts,
    work: impl Work<R>,
) -> Workload {
    let workload = workload.way_with_fewer(parts.singly, "tokio, spawn, buffered", move |n| {
        one_by_one(n, work)
    });
    if !parts.has_batches() {
        return workload;
    }
    workload.way_with_fewer(parts.kept, "tokio, batches of 256", move |n| {
        in_batches(n, threads, parts.batch, work)
    })
}

fn one_by_one<R: Digest + Send + 'static>(n: u64, work: impl Work<R>) -> u64 {
    const IN_FLIGHT: usize = 1024;
    RUNTIME.block_on(async {
        let tasks = stream::iter(0..n).map(|x| ::tokio::spawn(async move { work(x) }));
        let mut results = tasks.buffered(IN_FLIGHT);
        let mut sum = Checksum::default();
        while let Some(result) = results.next().await {
            sum.add(result.expect("the work does not panic").digest());
        }
        sum.value()
    })
}

fn in_batches<R: Digest + Send + 'static>(
    n: u64,
    threads: usize,
    batch: u64,
    work: impl Work<R>,
) -> u64 {
    RUNTIME.block_on(async {
        let tasks = stream::iter(parts(n, batch))
            .map(|range| ::tokio::spawn(async move { range.map(work).collect::<Vec<R>>() }));
        let mut results = tasks.buffered(DEPTH * threads);
        let mut sum = Checksum::default();
        while let Some(batch) = results.next().await {
            for result in batch.expect("the work does not panic") {
                sum.add(result.digest());
            }
        }
        sum.value()
    })
}

pub(super) fn start(first: u64, items: u64, _threads: usize) -> u64 {
    one_by_one(items, move |x| four(first + x))
}

pub(super) fn log(n: u64, threads: usize) -> u64 {
    RUNTIME.block_on(async {
        let tasks =
            stream::iter(batches(n)).map(|range| ::tokio::spawn(async move { tallied(range) }));
        let mut results = tasks.buffer_unordered(DEPTH * threads);
        let mut all = Tallies::default();
        while let Some(part) = results.next().await {
            all = merged(all, part.expect("the work does not panic"));
        }
        digest(all)
    })
}

type Stage = Receiver<Vec<u64>>;

/// A task that gives the numbers up to `n`, in batches.
fn source(n: u64) -> Stage {
    let (output, next) = channel(DEPTH);
    ::tokio::spawn(async move {
        for range in batches(n) {
            if output.send(range.collect()).await.is_err() {
                return;
            }
        }
    });
    next
}

/// A task that is a node.
fn node(mut input: Stage, work: fn(u64) -> u64) -> Stage {
    let (output, next) = channel(DEPTH);
    ::tokio::spawn(async move {
        while let Some(mut batch) = input.recv().await {
            for x in &mut batch {
                *x = work(*x);
            }
            if output.send(batch).await.is_err() {
                return;
            }
        }
    });
    next
}

async fn sum(mut input: Stage) -> u64 {
    let mut sum = Checksum::default();
    while let Some(batch) = input.recv().await {
        batch.into_iter().for_each(|x| sum.add(x));
    }
    sum.value()
}

pub(super) fn chain(n: u64) -> u64 {
    RUNTIME.block_on(async {
        let a = node(source(n), mix1);
        let b = node(a, mix2);
        let c = node(b, mix3);
        sum(node(c, mix4)).await
    })
}

/// The fork and the join are tasks, too.
pub(super) fn diamond(n: u64) -> u64 {
    RUNTIME.block_on(async {
        let mut input = node(source(n), mix1);
        let (to_left, left) = channel(DEPTH);
        let (to_right, right) = channel(DEPTH);
        ::tokio::spawn(async move {
            while let Some(batch) = input.recv().await {
                let _ = to_left.send(batch.clone()).await;
                let _ = to_right.send(batch).await;
            }
        });
        let mut left = node(left, mix2);
        let mut right = node(right, mix3);
        let (output, joined) = channel(DEPTH);
        ::tokio::spawn(async move {
            while let (Some(mut batch), Some(right)) = (left.recv().await, right.recv().await) {
                for (x, y) in batch.iter_mut().zip(right) {
                    *x = both(*x, y);
                }
                let _ = output.send(batch).await;
            }
        });
        sum(joined).await
    })
}
