//! Streams that are counted anew: what comes out of iterators, folds and merges.

use papy::prelude::*;

use super::{catalogue, tuned};
use crate::item::Item;
use crate::workers::{gather, gathered, group, join, lazily, plain, running, sink, some, work};

pipeline! {
    fn flattened(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> some(node = "a").flat().on(p) >> work(node = "b").on(q) >> running(node = "c").serial().on(p);
        out
    }
}

pipeline! {
    fn flattened_lazily(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p) >> lazily(node = "b").flat().on(q) >> plain.on(p);
        out
    }
}

pipeline! {
    fn flattened_twice(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let first = xs >> some(node = "a").flat().on(p);
        let second = first >> lazily(node = "b").flat().on(q) >> group(node = "c").consume(3).on(p);
        (first, second)
    }
}

pipeline! {
    fn folded(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let each = xs >> work(node = "a").on(p);
        let all = each >> gather(node = "b").fold().on(q) >> gathered.filter();
        (each, all)
    }
}

pipeline! {
    fn folds_meet(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let all = xs >> work(node = "a").on(p) >> gather(node = "b").fold().on(q) >> gathered.filter();
        let out = (all, all >> work(node = "c").on(p)) >> join(node = "d");
        xs >> sink(node = "a").on(q);
        out
    }
}

pipeline! {
    fn fold_of_flat(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> lazily(node = "a").flat().on(p) >> gather(node = "b").fold().on(q) >> gathered.filter() >> some(node = "c").flat();
        out
    }
}

pipeline! {
    fn merged_branches(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = merge(xs >> work(node = "a").on(p), xs >> running(node = "b").serial().on(q), xs) >> work(node = "c");
        out
    }
}

pipeline! {
    fn merged_inputs(xs: Stream<Item>, ys: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = merge(xs >> work(node = "a").on(p), ys >> work(node = "b").on(q)) >> work(node = "c").on(p);
        out
    }
}

pipeline! {
    fn merged_with_flat(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let each = xs >> work(node = "a").on(q);
        let any = merge(each, xs >> some(node = "b").flat().on(p)) >> plain;
        (each, any)
    }
}

catalogue! {
    flattened FlattenedRun (xs; p, q) -> [out Kept];
    flattened_lazily FlattenedLazilyRun (xs; p, q) -> [out Kept];
    flattened_twice FlattenedTwiceRun (xs; p, q) -> [first Kept, second Kept];
    folded FoldedRun (xs; p, q) -> [each Kept, all Kept];
    folds_meet FoldsMeetRun (xs; p, q) -> [out Kept] Sinks;
    fold_of_flat FoldOfFlatRun (xs; p, q) -> [out Kept];
    merged_branches MergedBranchesRun (xs; p, q) -> [out Kept];
    merged_inputs MergedInputsRun (xs, ys; p, q) -> [out Arrival];
    merged_with_flat MergedWithFlatRun (xs; p, q) -> [each Kept, any Arrival];
}
