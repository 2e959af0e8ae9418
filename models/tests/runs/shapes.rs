//! What comes out, whatever the shape of the pipeline.

use papy::prelude::*;

use crate::{check, either, started, toil, values};

#[worker]
pub fn total(sum: &mut u32, x: u32) {
    *sum += x;
}

#[worker]
fn running(sum: &mut u32, x: u32) -> u32 {
    *sum += x;
    *sum
}

pipeline! {
    fn chain(xs: Stream<u32>) -> Stream<u32> {
        xs >> (|x| toil(x) + 1) >> (|x| x * 2)
    }
}

#[test]
fn a_chain() {
    check(|| {
        let results = either!(chain(0..5).buffer(2));
        assert_eq!(results, [2, 4, 6, 8, 10]);
    });
}

pipeline! {
    fn joined(xs: Stream<u32>, own: Pool) -> Stream<(u32, u32)> {
        xs >> ((|x| toil(x) + 1).on(own), (|x| x * 10)) >> (|x, y| (x, y))
    }
}

#[test]
fn a_fork_and_a_join_over_two_pools() {
    check(|| {
        let results = either!(joined(0..3, Pool::threads(2)).buffer(2));
        assert_eq!(results, [(1, 0), (2, 10), (3, 20)]);
    });
}

pipeline! {
    fn sums(xs: Stream<u32>) -> Stream<u32> {
        xs >> (|x| toil(x)) >> running.serial() >> (|x| toil(x)) >> total.fold()
    }
}

#[test]
fn a_serial_node_and_a_fold() {
    check(|| {
        let results = either!(sums(1..5).buffer(3));
        assert_eq!(results, [1 + 3 + 6 + 10]);
    });
}

pipeline! {
    fn apart(xs: Stream<u32>) -> Stream<u32> {
        xs >> (|x| 0..x).flat() >> (|x| toil(x))
    }
}

#[test]
fn iterators_taken_apart() {
    check(|| {
        let results = either!(apart([2, 0, 3]).buffer(2));
        assert_eq!(results, [0, 1, 0, 1, 2]);
    });
}

pipeline! {
    fn twice_apart(xs: Stream<u32>, own: Pool) -> Stream<u32> {
        xs >> (|x| 0..x).flat() >> (|x| 0..=x).flat().on(own) >> (|x| x + 1)
    }
}

#[test]
fn iterators_of_iterators() {
    check(|| {
        let results = either!(twice_apart([2, 1], Pool::threads(1)).buffer(1));
        assert_eq!(results, [1, 1, 2, 1]);
    });
}

pipeline! {
    fn merged(xs: Stream<u32>, ys: Stream<u32>) -> Stream<u32> {
        merge(xs, ys) >> (|x| toil(x))
    }
}

#[test]
fn a_merge() {
    check(|| {
        let results = either!(merged([1, 2, 3], [10, 20]).buffer(2));
        let (tens, ones): (Vec<_>, Vec<_>) = results.into_iter().partition(|x| *x >= 10);
        assert_eq!((ones, tens), (vec![1, 2, 3], vec![10, 20]));
    });
}

pipeline! {
    fn grouped(xs: Stream<u32>) -> Stream<u32> {
        xs >> (|x| toil(x)) >> (|g: Vec<u32>| g.iter().sum::<u32>()).consume(2) >> (|x| toil(x))
    }
}

#[test]
fn groups() {
    check(|| {
        let results = started!(grouped(1..6).buffer(3));
        assert_eq!(results, [3, 7, 5]);
    });
}

pipeline! {
    fn free(xs: Stream<u32>) -> Stream<u32> {
        xs >> (|x| toil(x)).unordered() >> (|x| x + 1)
    }
}

#[test]
fn no_order() {
    check(|| {
        let mut results = started!(free(0..4).buffer(3));
        results.sort_unstable();
        assert_eq!(results, [1, 2, 3, 4]);
    });
}

#[test]
fn a_numap() {
    check(|| {
        let results = values((0..4u32).numap(|x| toil(x) * 2).buffer(2));
        assert_eq!(results, [0, 2, 4, 6]);
    });
}

pipeline! {
    fn unequal(xs: Stream<u32>, ys: Stream<u32>) -> Stream<u32> {
        (xs, ys) >> (|x, y| toil(x) + y)
    }
}

#[test]
fn inputs_that_meet() {
    check(|| {
        let results = started!(unequal([1, 2, 3], [10, 20, 30]).buffer(2));
        assert_eq!(results, [11, 22, 33]);
    });
}
