//! Pools that are shared, nested and small.

use papy::prelude::*;
use shuttle::thread;

use crate::{check, either, toil, values};

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
        assert_eq!(
            values(limited(0..4).buffer(4).start().unwrap()),
            [1, 2, 3, 4]
        );
    });
}
