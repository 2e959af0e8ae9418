//! Other libraries: as each shows itself in its documentation, and as somebody writes it who knows what it costs.
//!
//! Nothing is passed but numbers and results: a worker looks up by number what it works on, and a library without a graph
//! is given the functions of all nodes as one.

use timely::ExchangeData;

use crate::by_hand::BATCH;
use crate::checksum::{Checksum, Digest};
use crate::harness::Workload;
use crate::order::Order;

mod dfir;
mod orx;
mod pipeliner;
mod rayon;
mod renoir;
mod timely_dataflow;
mod tokio;

/// What is done with an item's number.
pub trait Work<R>: Fn(u64) -> R + Copy + Send + Sync + 'static {}

impl<R, F: Fn(u64) -> R + Copy + Send + Sync + 'static> Work<R> for F {}

/// How much of a workload the slower ways are given, and how much goes together in the tuned ones.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// All of a `kept`th is kept in memory.
    kept: u64,
    /// A `passed`th goes through channels of batches that the library makes.
    passed: u64,
    /// A `singly`th goes item by item.
    singly: u64,
    batch: u64,
    /// Items of which all results are kept before they go on.
    round: u64,
}

impl Parts {
    /// Items of nanoseconds.
    pub const TRIVIAL: Parts = Parts {
        kept: 10,
        passed: 20,
        singly: 1000,
        batch: BATCH,
        round: 64 * BATCH,
    };

    /// Items of a microsecond.
    pub const FINE: Parts = Parts {
        kept: 1,
        passed: 1,
        singly: 10,
        batch: BATCH,
        round: 16 * BATCH,
    };

    /// Items of a millisecond and more: batches are of no use.
    pub const COARSE: Parts = Parts {
        kept: 1,
        passed: 1,
        singly: 1,
        batch: 1,
        round: 16,
    };

    fn has_batches(self) -> bool {
        self.batch > 1
    }
}

/// Adds the ways to work on items in parallel, from a source to an ordered sink.
#[must_use]
pub fn mapped<R: Digest + ExchangeData + Clone + Sync>(
    workload: Workload,
    threads: usize,
    parts: Parts,
    work: impl Work<R>,
) -> Workload {
    let workload = rayon::mapped(workload, parts, work);
    let workload = orx::mapped(workload, threads, parts, work);
    let workload = tokio::mapped(workload, threads, parts, work);
    let workload = pipeliner::mapped(workload, threads, parts, work);
    let workload = timely_dataflow::mapped(workload, threads, parts, work);
    renoir::mapped(workload, threads, parts, work)
}

/// Adds the ways to write a chain of four trivial nodes down as a graph.
#[must_use]
pub fn chains(workload: Workload) -> Workload {
    workload
        .way_with_fewer(10, "tokio, a task per node", tokio::chain)
        .way_with_fewer(10, "timely, one thread", timely_dataflow::chain)
        .way_with_fewer(10, "dfir_rs, one thread", dfir::chain)
}

/// Adds the ways to write a fork and a join down as a graph.
#[must_use]
pub fn diamonds(workload: Workload, threads: usize) -> Workload {
    workload
        .way_with_fewer(10, "tokio, a task per node", tokio::diamond)
        .way_with_fewer(10, "timely, one thread", timely_dataflow::diamond)
        .way_with_fewer(10, "dfir_rs, one thread", dfir::diamond)
        .way_with_fewer(100, "renoir, split and zip", move |n| {
            renoir::diamond(n, threads)
        })
}

/// Adds the ways to add up what a log says.
#[must_use]
pub fn logs(workload: Workload, threads: usize) -> Workload {
    workload
        .way("rayon, par_iter, fold, reduce", rayon::log)
        .way("rayon, par_bridge, fold, reduce", rayon::bridged_log)
        .way("rayon, batches of 256", rayon::log_in_batches)
        .way("orx-parallel, par, fold", move |n| orx::log(n, threads))
        .way("tokio, batches of 256", move |n| tokio::log(n, threads))
        .way("pipeliner, batches of 256", move |n| {
            pipeliner::log(n, threads)
        })
        .way("timely, own shares", move |n| {
            timely_dataflow::log(n, threads)
        })
        .way("renoir, shuffle, fold_assoc", move |n| {
            renoir::shuffled_log(n, threads)
        })
        .way("renoir, own shares, fold_assoc", move |n| {
            renoir::log(n, threads)
        })
        .way("dfir_rs, one thread", dfir::log)
}

/// Adds the ways to count the words of a log.
#[must_use]
pub fn words(workload: Workload) -> Workload {
    workload.way("rayon, par_iter, fold, reduce", rayon::words)
}

/// Adds the ways to run the chain of four for so many items, again and again.
#[must_use]
pub fn starts(workload: Workload, threads: usize, items: u64) -> Workload {
    let again = move |n: u64, run: fn(u64, u64, usize) -> u64| {
        let runs = (0..n).map(|i| run(i * items, items, threads));
        runs.collect::<Checksum>().value()
    };
    workload
        .way("rayon, par_iter, collect", move |n| again(n, rayon::start))
        .way("orx-parallel, par, collect", move |n| again(n, orx::start))
        .way("tokio, spawn, buffered", move |n| again(n, tokio::start))
        .way_with_fewer(4, "pipeliner, ordered_map", move |n| {
            again(n, pipeliner::start)
        })
        .way_with_fewer(4, "timely, exchange, put in order", move |n| {
            again(n, timely_dataflow::start)
        })
        .way_with_fewer(20, "renoir, shuffle, put in order", move |n| {
            again(n, renoir::start)
        })
}

/// An ordered sink for results that come when they are done.
#[derive(Debug, Default)]
struct Sink {
    order: Order<u64>,
    sum: Checksum,
}

impl Sink {
    fn take(&mut self, number: u64, result: &impl Digest) {
        let sum = &mut self.sum;
        self.order
            .put(number, result.digest(), |digest| sum.add(digest));
    }

    fn value(&self) -> u64 {
        self.sum.value()
    }
}
