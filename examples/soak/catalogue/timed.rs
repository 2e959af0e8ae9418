//! Time limits and retries. What hangs, hangs at a node `t`; what fails a few times, at `r` or `t`.

use papy::prelude::*;

use super::{catalogue, tuned};
use crate::item::Item;
use crate::setting::LIMIT;
use crate::workers::{gather, gathered, group, join, most, plain, running, some, two, work};

pipeline! {
    fn tried(xs: Stream<Item>, p: Pool, q: Pool, n: usize) -> Stream<Item> {
        let out = xs >> work(node = "a").on(q) >> work(node = "r").on(p).retry(n) >> plain.retry(1);
        out
    }
}

pipeline! {
    fn limited(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(q) >> work(node = "t").on(p).timeout(LIMIT) >> work(node = "b");
        out
    }
}

pipeline! {
    fn limited_and_tried(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "t").on(p).timeout(LIMIT).retry(1) >> running(node = "a").serial().on(q);
        out
    }
}

pipeline! {
    fn limited_branch(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let slow = xs >> work(node = "t").on(p).timeout(LIMIT);
        let both = (slow, xs >> work(node = "a").on(q)) >> join(node = "b").on(p);
        let total = both >> gather(node = "c").fold() >> gathered.filter();
        (both, total)
    }
}

pipeline! {
    fn limited_rates(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> two(node = "a").produce(2).on(q) >> work(node = "t").on(p).timeout(LIMIT) >> group(node = "b").consume(4).on(q);
        out
    }
}

pipeline! {
    fn limited_unordered(xs: Stream<Item>, p: Pool) -> Stream<Item> {
        let out = xs >> work(node = "t").on(p).timeout(LIMIT).unordered() >> plain;
        out
    }
}

pipeline! {
    fn limited_behind_flat(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> some(node = "a").flat().on(q) >> most(node = "t").filter().on(p).timeout(LIMIT) >> running(node = "b").serial();
        out
    }
}

catalogue! {
    tried TriedRun (xs; p, q, n) -> [out Kept];
    limited LimitedRun (xs; p, q) -> [out Kept] Timed;
    limited_and_tried LimitedAndTriedRun (xs; p, q) -> [out Kept] Timed;
    limited_branch LimitedBranchRun (xs; p, q) -> [both Kept, total Kept] Timed;
    limited_rates LimitedRatesRun (xs; p, q) -> [out Kept] Timed;
    limited_unordered LimitedUnorderedRun (xs; p) -> [out Free] Timed;
    limited_behind_flat LimitedBehindFlatRun (xs; p, q) -> [out Kept] Timed;
}
