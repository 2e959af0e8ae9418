//! The same work with threads and channels, as a careful programmer writes it.

use std::env;
use std::ops::Range;
use std::thread::{self, Scope};

use crossbeam_channel::{Receiver, bounded};

use crate::checksum::{Checksum, Digest};
use crate::log::{Counts, Tallies, added, counted, digest, merged, tallied, weight};
use crate::order::Order;
use crate::workers::*;

/// Items that go through a channel together.
pub const BATCH: u64 = 256;
/// Batches that a channel holds.
const DEPTH: usize = 16;

/// As many threads as papy's default pool has.
#[must_use]
pub fn threads() -> usize {
    let told = env::var("RAYON_NUM_THREADS").ok();
    match told.and_then(|n| n.parse().ok()).filter(|n| *n > 0) {
        Some(n) => n,
        None => thread::available_parallelism().map_or(1, usize::from),
    }
}

/// The batches of `0..n`.
pub fn batches(n: u64) -> impl Iterator<Item = Range<u64>> {
    parts(n, BATCH)
}

/// `0..n` in parts of `size`.
pub fn parts(n: u64, size: u64) -> impl Iterator<Item = Range<u64>> {
    (0..n)
        .step_by(size as usize)
        .map(move |first| first..n.min(first + size))
}

/// An even share of `0..n` for each thread.
fn shares(n: u64, threads: usize) -> impl Iterator<Item = Range<u64>> {
    parts(n, n.div_ceil(threads as u64).max(1))
}

/// Each thread does its share; nothing is passed between them.
pub fn split<R: Digest>(n: u64, threads: usize, work: impl Fn(u64) -> R + Sync) -> u64 {
    let work = &work;
    thread::scope(|scope| {
        let parts: Vec<_> = shares(n, threads)
            .map(|range| {
                let length = range.end - range.start;
                let sum = scope.spawn(move || range.map(work).collect::<Checksum>());
                (sum, length)
            })
            .collect();
        let mut all = Checksum::default();
        for (sum, length) in parts {
            all = all.then(sum.join().expect("the work does not panic"), length);
        }
        all.value()
    })
}

/// A source, `threads` workers, and a sink that puts batches in order. The buffers go round, so memory is bounded and
/// nothing is allocated on the way.
pub fn in_batches<R: Digest + Send>(n: u64, threads: usize, work: impl Fn(u64) -> R + Sync) -> u64 {
    let in_flight = DEPTH * threads;
    let (give_back, free) = bounded::<Vec<R>>(in_flight);
    let (to_workers, jobs) = bounded::<(u64, Range<u64>, Vec<R>)>(in_flight);
    let (to_sink, done) = bounded::<(u64, Vec<R>)>(in_flight);
    for _ in 0..in_flight {
        let buffer = Vec::with_capacity(BATCH as usize);
        give_back.send(buffer).expect("there is room");
    }
    let work = &work;
    thread::scope(|scope| {
        scope.spawn(move || {
            for (number, range) in (0..).zip(batches(n)) {
                let Ok(buffer) = free.recv() else { return };
                if to_workers.send((number, range, buffer)).is_err() {
                    return;
                }
            }
        });
        for _ in 0..threads {
            let (jobs, to_sink) = (jobs.clone(), to_sink.clone());
            scope.spawn(move || {
                for (number, range, mut batch) in jobs {
                    batch.extend(range.map(work));
                    if to_sink.send((number, batch)).is_err() {
                        return;
                    }
                }
            });
        }
        drop((jobs, to_sink));
        let mut sum = Checksum::default();
        let mut order = Order::default();
        for (number, batch) in done {
            order.put(number, batch, |mut batch| {
                batch.drain(..).for_each(|result| sum.add(result.digest()));
                // the source may be through, and need no more buffers
                let _ = give_back.send(batch);
            });
        }
        sum.value()
    })
}

/// A source, `threads` workers, and a sink that puts items in order. What waits for an earlier item is not bounded.
pub fn one_by_one<R: Digest + Send>(n: u64, threads: usize, work: impl Fn(u64) -> R + Sync) -> u64 {
    const IN_FLIGHT: usize = 1024;
    let (to_workers, jobs) = bounded::<u64>(IN_FLIGHT);
    let (to_sink, done) = bounded::<(u64, R)>(IN_FLIGHT);
    let work = &work;
    thread::scope(|scope| {
        scope.spawn(move || {
            for x in 0..n {
                if to_workers.send(x).is_err() {
                    return;
                }
            }
        });
        for _ in 0..threads {
            let (jobs, to_sink) = (jobs.clone(), to_sink.clone());
            scope.spawn(move || {
                for x in jobs {
                    if to_sink.send((x, work(x))).is_err() {
                        return;
                    }
                }
            });
        }
        drop((jobs, to_sink));
        let mut sum = Checksum::default();
        let mut order = Order::default();
        for (number, result) in done {
            order.put(number, result, |result| sum.add(result.digest()));
        }
        sum.value()
    })
}

/// The tallies of a log of `n` lines, added up in each thread and then together.
#[must_use]
pub fn split_log(n: u64, threads: usize) -> u64 {
    thread::scope(|scope| {
        let parts: Vec<_> = shares(n, threads)
            .map(|range| scope.spawn(move || tallied(range)))
            .collect();
        let parts = parts
            .into_iter()
            .map(|part| part.join().expect("the work does not panic"));
        digest(parts.fold(Tallies::default(), merged))
    })
}

/// The words of a log, counted by each thread for itself.
#[must_use]
pub fn split_words(n: u64, threads: usize) -> u64 {
    thread::scope(|scope| {
        let parts: Vec<_> = shares(n, threads)
            .map(|range| scope.spawn(move || counted(range)))
            .collect();
        let parts = parts
            .into_iter()
            .map(|part| part.join().expect("the work does not panic"));
        weight(parts.fold(Counts::default(), added))
    })
}

/// The tallies of a log: a source of batches, `threads` workers, and a sink that adds up what each batch says.
#[must_use]
pub fn log_in_batches(n: u64, threads: usize) -> u64 {
    let (to_workers, jobs) = bounded::<Range<u64>>(DEPTH * threads);
    let (to_sink, done) = bounded::<Tallies>(DEPTH * threads);
    thread::scope(|scope| {
        scope.spawn(move || batches(n).try_for_each(|range| to_workers.send(range)));
        for _ in 0..threads {
            let (jobs, to_sink) = (jobs.clone(), to_sink.clone());
            scope.spawn(move || {
                for range in jobs {
                    if to_sink.send(tallied(range)).is_err() {
                        return;
                    }
                }
            });
        }
        drop((jobs, to_sink));
        digest(done.into_iter().fold(Tallies::default(), merged))
    })
}

type Stage = Receiver<Vec<u64>>;

/// A thread that gives the numbers from `from` on, in batches.
fn source<'scope>(scope: &'scope Scope<'scope, '_>, from: u64, n: u64) -> Stage {
    let (output, next) = bounded(DEPTH);
    scope.spawn(move || {
        for range in batches(n) {
            let batch = range.map(|x| from + x).collect();
            if output.send(batch).is_err() {
                return;
            }
        }
    });
    next
}

/// A thread that is a node.
fn node<'scope>(
    scope: &'scope Scope<'scope, '_>,
    input: Stage,
    work: impl Fn(u64) -> u64 + Send + 'scope,
) -> Stage {
    let (output, next) = bounded(DEPTH);
    scope.spawn(move || {
        for mut batch in input {
            for x in &mut batch {
                *x = work(*x);
            }
            if output.send(batch).is_err() {
                return;
            }
        }
    });
    next
}

fn sum(input: Stage) -> u64 {
    input.into_iter().flatten().collect::<Checksum>().value()
}

/// The chain of four, a thread for each node.
#[must_use]
pub fn chain(from: u64, n: u64) -> u64 {
    thread::scope(|scope| {
        let a = node(scope, source(scope, from, n), mix1);
        let b = node(scope, a, mix2);
        let c = node(scope, b, mix3);
        sum(node(scope, c, mix4))
    })
}

/// Two nodes, a thread for each.
#[must_use]
pub fn two(n: u64) -> u64 {
    thread::scope(|scope| {
        let a = node(scope, source(scope, 0, n), mix1);
        sum(node(scope, a, mix2))
    })
}

/// The diamond, a thread for each node; the first is also the fork.
#[must_use]
pub fn diamond(n: u64) -> u64 {
    thread::scope(|scope| {
        let input = source(scope, 0, n);
        let (to_left, left) = bounded(DEPTH);
        let (to_right, right) = bounded(DEPTH);
        scope.spawn(move || {
            for mut batch in input {
                for x in &mut batch {
                    *x = mix1(*x);
                }
                if to_left.send(batch.clone()).is_err() || to_right.send(batch).is_err() {
                    return;
                }
            }
        });
        let left = node(scope, left, mix2);
        let right = node(scope, right, mix3);
        let (output, joined) = bounded(DEPTH);
        scope.spawn(move || {
            for (mut batch, right) in left.into_iter().zip(right) {
                for (x, y) in batch.iter_mut().zip(right) {
                    *x = both(*x, y);
                }
                if output.send(batch).is_err() {
                    return;
                }
            }
        });
        sum(joined)
    })
}
