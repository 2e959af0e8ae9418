//! What a run of one item costs from its beginning to its end, beside a bare thread.

use std::thread;

use papy::Pool;
use papy_bench::checksum::Checksum;
use papy_bench::harness::{Measured, Workload};
use papy_bench::pipelines::{chain, serial};
use papy_bench::shapes::trivial_on;
use papy_bench::workers::*;

const RUNS: u64 = 5_000;
const ROUNDS: usize = 5;

fn main() {
    println!("µs to build, run and take down a pipeline of one item: medians of {ROUNDS} rounds");
    report(&chains(), "a chain of four nodes");
    report(&serials(), "with a serial node");
    report(&pools(), "a node on a pool of two threads");
}

fn report(measured: &Measured, title: &str) {
    println!("\n{title}");
    for way in &measured.ways {
        let [each, min, max] = [
            way.nanoseconds.median,
            way.nanoseconds.min,
            way.nanoseconds.max,
        ]
        .map(|nanoseconds| nanoseconds / 1000.0);
        println!(
            "  {:30} {each:>8.2} ({min:.2}–{max:.2}), {:.2} of a thread",
            way.name, way.ratio.median
        );
    }
}

/// Does something for one item, again and again.
fn each(n: u64, run: impl FnMut(u64) -> u64) -> u64 {
    (0..n).map(run).collect::<Checksum>().value()
}

/// The way that the others are compared with: the work in a thread that is spawned and joined.
fn in_a_thread(work: fn(u64) -> u64) -> Workload {
    Workload::new("start-up", "", RUNS, move |n| {
        each(n, |x| {
            let thread = thread::spawn(move || work(x));
            thread.join().expect("the work does not panic")
        })
    })
    .counting("run", "a bare thread")
}

/// What `for_each` gives for one item.
macro_rules! for_each {
    ($pipeline:expr) => {{
        let mut out = 0;
        $pipeline.for_each(|result| out = result.expect("nothing fails"));
        out
    }};
}

/// What `start` gives for one item.
macro_rules! started {
    ($pipeline:expr) => {{
        let mut run = $pipeline.start().expect("threads can be had");
        let out = run.next().expect("an item").expect("nothing fails");
        run.join().expect("the run ends well");
        out
    }};
}

fn one(x: u64) -> std::ops::Range<u64> {
    x..x + 1
}

fn chains() -> Measured {
    in_a_thread(|x| mix4(mix3(mix2(mix1(x)))))
        .way("for_each, in place", |n| {
            each(n, |x| for_each!(chain(one(x))))
        })
        .way("start", |n| each(n, |x| started!(chain(one(x)))))
        .measure(ROUNDS)
}

fn serials() -> Measured {
    let work = |x| {
        let mut state = 0;
        mix4(running(&mut state, mix2(mix1(x))))
    };
    in_a_thread(work)
        .way("for_each, in place", |n| {
            each(n, |x| for_each!(serial(one(x))))
        })
        .way("start", |n| each(n, |x| started!(serial(one(x)))))
        .measure(ROUNDS)
}

fn pools() -> Measured {
    let [first, second] = [Pool::threads(2), Pool::threads(2)];
    in_a_thread(mix1)
        .way("for_each, warm", move |n| {
            each(n, |x| for_each!(trivial_on(one(x), first.clone())))
        })
        .way("start, warm", move |n| {
            each(n, |x| started!(trivial_on(one(x), second.clone())))
        })
        .way_with_fewer(4, "for_each, a new pool", |n| {
            each(n, |x| for_each!(trivial_on(one(x), Pool::threads(2))))
        })
        .way_with_fewer(4, "start, a new pool", |n| {
            each(n, |x| started!(trivial_on(one(x), Pool::threads(2))))
        })
        .measure(ROUNDS)
}
