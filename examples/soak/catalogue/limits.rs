//! Limits, strides and order of single nodes.

use papy::prelude::*;

use super::{catalogue, tuned};
use crate::item::Item;
use crate::workers::{gather, gathered, join, most, plain, running, work};

pipeline! {
    fn spawned(xs: Stream<Item>, p: Pool, q: Pool, n: usize) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p).spawn(n) >> work(node = "b").on(q).spawn(2) >> plain.spawn(1);
        out
    }
}

pipeline! {
    fn strides(xs: Stream<Item>, p: Pool, q: Pool, n: usize) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p).stride(n) >> work(node = "b").on(q).stride(3) >> plain.stride(1000);
        out
    }
}

pipeline! {
    fn unordered(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let out = xs >> work(node = "a").on(p).unordered() >> work(node = "b").on(q);
        let kept = xs >> work(node = "c").on(q);
        (out, kept)
    }
}

pipeline! {
    fn ordered_again(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p).unordered() >> most(node = "b").filter().on(q).ordered();
        out
    }
}

pipeline! {
    fn unordered_meet(xs: Stream<Item>, p: Pool, q: Pool, n: usize) -> (Stream<Item>, Stream<Item>) {
        let any = xs >> work(node = "a").on(p).unordered().spawn(n);
        let sums = any >> running(node = "b").serial().on(q);
        let out = (any, sums) >> join(node = "c").ordered();
        let total = any >> gather(node = "d").fold() >> gathered.filter();
        (out, total)
    }
}

pipeline! {
    fn serial_stateless(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").serial().on(p) >> work(node = "b").on(q).unordered() >> work(node = "c").serial().on(p);
        out
    }
}

catalogue! {
    spawned SpawnedRun (xs; p, q, n) -> [out Kept];
    strides StridesRun (xs; p, q, n) -> [out Kept];
    unordered UnorderedRun (xs; p, q) -> [out Free, kept Kept];
    ordered_again OrderedAgainRun (xs; p, q) -> [out Kept];
    unordered_meet UnorderedMeetRun (xs; p, q, n) -> [out Kept, total Kept];
    serial_stateless SerialStatelessRun (xs; p, q) -> [out Free];
}
