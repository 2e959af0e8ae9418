//! Pools that are shared, nested and small.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use papy::prelude::*;
use shuttle::thread;

use crate::{check, either, started, toil, values};

pipeline! {
    fn inner(xs: Stream<u32>, own: Pool) -> Stream<u32> {
        xs >> (|x| toil(x) + 1).on(own)
    }
}

pipeline! {
    fn outer(xs: Stream<u32>, own: Pool) -> Stream<u32> {
        let within: Pool = own.clone();
        xs >> (move |x| nested(x, &within)).on(own)
    }
}

/// Runs a pipeline in a worker, on the pool that the worker keeps a thread of.
fn nested(x: u32, own: &Pool) -> u32 {
    let results = either!(inner(0..x, own.clone()).buffer(2));
    results.iter().sum()
}

#[test]
fn nested_on_a_pool_of_one() {
    check(|| {
        let results = either!(outer([2, 1], Pool::threads(1)).buffer(2));
        assert_eq!(results, [3, 1]);
    });
}

#[test]
fn nested_on_the_default_pool() {
    check(|| {
        let results = either!(outer([2, 1], Pool::rayon()).buffer(2));
        assert_eq!(results, [3, 1]);
    });
}

pipeline! {
    fn there_and_back(xs: Stream<u32>, a: Pool, b: Pool) -> Stream<u32> {
        xs >> (|x| toil(x) + 1).on(a) >> (|x| toil(x) + 1).on(b) >> (|x| x + 1).on(a) >> (|x| x + 1)
    }
}

#[test]
fn from_pool_to_pool() {
    check(|| {
        let results = either!(there_and_back(0..3, Pool::threads(1), Pool::threads(2)).buffer(2));
        assert_eq!(results, [4, 5, 6]);
    });
}

#[test]
fn two_runs_share_a_pool() {
    check(|| {
        let own = Pool::threads(1);
        let first = inner(0..3, own.clone()).buffer(1).start().unwrap();
        let second = {
            let own = own.clone();
            thread::spawn(move || values(inner(10..13, own).buffer(1).collect()))
        };
        assert_eq!(values(first), [1, 2, 3]);
        assert_eq!(second.join().unwrap(), [11, 12, 13]);
    });
}

pipeline! {
    fn limited(xs: Stream<u32>) -> Stream<u32> {
        xs >> (|x| toil(x) + 1).spawn(1) >> (|x| toil(x)).spawn(2)
    }
}

#[test]
fn at_most_so_many_at_once() {
    check(|| {
        assert_eq!(started!(limited(0..4).buffer(4)), [1, 2, 3, 4]);
    });
}

pipeline! {
    fn reads(runs: Stream<(InnerRun, Arc<AtomicBool>)>, own: Pool) -> Stream<u32> {
        runs >> (|(run, begun)| read_some(run, &begun)).on(own)
    }
}

/// Reads three items, tells so, and reads the others.
fn read_some(mut run: InnerRun, begun: &AtomicBool) -> u32 {
    let first: u32 = values(run.by_ref().take(3)).iter().sum();
    begun.store(true, SeqCst);
    first + values(run).iter().sum::<u32>()
}

/// A reader on top of the very helper that is to do what it waits for, while the driver is inside a source that waits for
/// the reader.
#[test]
fn read_on_the_pool_that_works_for_it() {
    check(|| {
        let own = Pool::threads(1);
        let begun = Arc::new(AtomicBool::new(false));
        let items = {
            let begun = begun.clone();
            (0..5).inspect(move |x| {
                while *x == 3 && !begun.load(SeqCst) {
                    thread::yield_now();
                }
            })
        };
        let run = inner(items, own.clone()).buffer(8).start().unwrap();
        let sums = started!(reads([(run, begun)], own));
        assert_eq!(sums, [1 + 2 + 3 + 4 + 5]);
    });
}
