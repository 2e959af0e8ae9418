//! Streams that part and meet.

use papy::prelude::*;

use super::{catalogue, tuned};
use crate::item::Item;
use crate::workers::{halves, join, join3, most, plain, running, settle2, sink, third, work};

pipeline! {
    fn diamond(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> (work(node = "a").on(p), work(node = "b").on(q)) >> join(node = "c").on(p);
        out
    }
}

pipeline! {
    fn ragged(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let left = xs >> most(node = "a").filter().on(p);
        let both = (left, xs >> third(node = "b").filter().on(q), xs) >> join3(node = "c");
        (left, both)
    }
}

pipeline! {
    fn taken_apart(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let (x, y) = xs >> halves(node = "a").on(p);
        let left = x >> work(node = "b").on(q);
        let right = (y >> plain, left) >> join(node = "c").on(p);
        (left, right)
    }
}

pipeline! {
    fn met(xs: Stream<Item>, ys: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = (xs >> work(node = "a").on(p), ys >> work(node = "b").on(q)) >> join(node = "c").on(p);
        out
    }
}

pipeline! {
    fn three_inputs(xs: Stream<Item>, ys: Stream<Item>, zs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let first = (xs >> work(node = "a").on(p), ys) >> join(node = "b").on(q);
        let all = (first, ys >> running(node = "c").serial(), zs >> work(node = "d").on(q)) >> join3(node = "a");
        (first, all)
    }
}

pipeline! {
    fn apart(xs: Stream<Item>, ys: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let left = xs >> work(node = "a").on(p);
        let right = ys >> running(node = "b").serial().on(q);
        (left, right)
    }
}

pipeline! {
    fn forked(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>, Stream<Item>) {
        let left = xs >> work(node = "a").on(p);
        let middle = left >> running(node = "b").serial().on(q);
        let right = (left, middle >> work(node = "c").on(q)) >> join(node = "d").on(p);
        right >> sink(node = "a");
        (left, middle, right)
    }
}

pipeline! {
    fn settled(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = (xs >> work(node = "a").on(p), xs >> work(node = "b").on(q)) >> settle2(node = "c").catch() >> plain;
        out
    }
}

pipeline! {
    fn fan(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> (work(node = "a"), plain >> work(node = "b").on(p), running(node = "c").serial().on(q)) >> join3(node = "d");
        out
    }
}

catalogue! {
    diamond DiamondRun (xs; p, q) -> [out Kept];
    ragged RaggedRun (xs; p, q) -> [left Kept, both Kept];
    taken_apart TakenApartRun (xs; p, q) -> [left Kept, right Kept];
    met MetRun (xs, ys; p, q) -> [out Kept] Level;
    three_inputs ThreeInputsRun (xs, ys, zs; p, q) -> [first Kept, all Kept] Level;
    apart ApartRun (xs, ys; p, q) -> [left Kept, right Kept];
    forked ForkedRun (xs; p, q) -> [left Kept, middle Kept, right Kept] Sinks;
    settled SettledRun (xs; p, q) -> [out Kept];
    fan FanRun (xs; p, q) -> [out Kept];
}
