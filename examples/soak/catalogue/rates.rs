//! Items that become several, and several that become one.

use papy::prelude::*;

use super::{catalogue, tuned};
use crate::item::Item;
use crate::workers::{
    couple, group, group_pairs, group_settled, join, most, plain, running, three, two, work,
};

pipeline! {
    fn produced(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> three(node = "a").produce(3).on(p) >> work(node = "b").on(q) >> group(node = "c").consume(3).on(p);
        out
    }
}

pipeline! {
    fn consumed(xs: Stream<Item>, p: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p) >> couple(node = "b").consume(2) >> plain;
        out
    }
}

pipeline! {
    fn consumed_many(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p) >> group(node = "b").consume(37).on(q) >> work(node = "c");
        out
    }
}

pipeline! {
    fn repeated(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = (xs >> work(node = "a").repeat(4).on(p), xs >> two(node = "b").produce(2).repeat(2).on(q)) >> join(node = "c");
        out
    }
}

pipeline! {
    fn rates_meet(xs: Stream<Item>, ys: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let doubled = xs >> two(node = "a").produce(2).on(p);
        let met = (doubled, ys >> work(node = "b").on(q)) >> join(node = "c");
        let grouped = met >> couple(node = "d").consume(2).on(p);
        (met, grouped)
    }
}

pipeline! {
    fn groups_behind_holes(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> most(node = "a").filter().on(p) >> group(node = "b").consume(5).on(q) >> running(node = "c").serial();
        out
    }
}

pipeline! {
    fn groups_settled(xs: Stream<Item>, p: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p) >> group_settled(node = "b").consume(4).catch();
        out
    }
}

pipeline! {
    fn groups_of_pairs(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = (xs >> work(node = "a").on(p), xs >> running(node = "b").serial().on(q)) >> group_pairs(node = "c").consume(3).on(q);
        out
    }
}

catalogue! {
    produced ProducedRun (xs; p, q) -> [out Kept];
    consumed ConsumedRun (xs; p) -> [out Kept];
    consumed_many ConsumedManyRun (xs; p, q) -> [out Kept];
    repeated RepeatedRun (xs; p, q) -> [out Kept];
    rates_meet RatesMeetRun (xs, ys; p, q) -> [met Kept, grouped Kept] Level Doubled;
    groups_behind_holes GroupsBehindHolesRun (xs; p, q) -> [out Kept];
    groups_settled GroupsSettledRun (xs; p) -> [out Kept];
    groups_of_pairs GroupsOfPairsRun (xs; p, q) -> [out Kept];
}
