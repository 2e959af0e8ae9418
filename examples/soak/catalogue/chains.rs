//! One stream, node behind node.

use papy::prelude::*;

use super::{catalogue, tuned};
use crate::item::Item;
use crate::workers::{most, pair, plain, running, scratch, settle, sink, third, work};

pipeline! {
    fn one(xs: Stream<Item>) -> Stream<Item> {
        let out = xs >> work(node = "a");
        out
    }
}

pipeline! {
    fn none(xs: Stream<Item>) -> Stream<Item> {
        let out = xs;
        out
    }
}

pipeline! {
    fn chain(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p) >> scratch(node = "b").on(q) >> plain >> work(node = "c").on(p);
        out
    }
}

pipeline! {
    fn filtered(xs: Stream<Item>, p: Pool) -> Stream<Item> {
        let out = xs >> most(node = "a").filter().on(p) >> work(node = "b") >> third(node = "c").filter();
        out
    }
}

pipeline! {
    fn in_turn(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p) >> running(node = "b").serial().on(q) >> work(node = "c").on(p)
            >> running(node = "d").serial();
        out
    }
}

pipeline! {
    fn caught(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p) >> settle(node = "b").catch().filter().on(q) >> plain;
        out
    }
}

pipeline! {
    fn closures(xs: Stream<Item>, p: Pool, n: usize) -> Stream<Item> {
        let out = xs >> (|x: Item| x.act("a").map(|()| x)).fallible().on(p)
            >> (|mut x: Item| { x.become_of("closure", n as u64); x })
            >> (|x: Item| (x.value % 5 != 0).then_some(x)).filter();
        out
    }
}

pipeline! {
    fn fields(xs: Stream<Item>, p: Pool) -> (Stream<Item>, Stream<Item>) {
        let pairs = xs >> pair(node = "a").on(p);
        let left = pairs.left >> work(node = "b");
        let right = pairs.right >> work(node = "c").on(p);
        (left, right)
    }
}

pipeline! {
    fn sinks(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p);
        out >> sink(node = "b").on(q);
        xs >> plain >> sink(node = "c");
        out
    }
}

catalogue! {
    one OneRun (xs;) -> [out Kept];
    none NoneRun (xs;) -> [out Kept];
    chain ChainRun (xs; p, q) -> [out Kept];
    filtered FilteredRun (xs; p) -> [out Kept];
    in_turn InTurnRun (xs; p, q) -> [out Kept];
    caught CaughtRun (xs; p, q) -> [out Kept];
    closures ClosuresRun (xs; p, n) -> [out Kept];
    fields FieldsRun (xs; p) -> [left Kept, right Kept];
    sinks SinksRun (xs; p, q) -> [out Kept] Sinks;
}
