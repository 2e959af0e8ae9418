//! Items that go down one of several ways.

use papy::prelude::*;

use super::{catalogue, tuned};
use crate::item::Item;
use crate::workers::{Sort, group, join, most, plain, running, sink, some, sort, work};

pipeline! {
    fn routed(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = match xs >> sort(node = "a").on(p) {
            Sort::Low(x) => x >> work(node = "b").on(q),
            Sort::High { left, right } => (left, right >> work(node = "c").on(p)) >> join(node = "d"),
            Sort::Both(x, _) => x,
            Sort::Nothing => skip,
        };
        out
    }
}

pipeline! {
    fn routed_with_others(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let beside = xs >> work(node = "a").on(p);
        let out = match (xs >> sort(node = "b").on(q), beside) {
            (Sort::Low(x) | Sort::Both(x, _), y) => (x, y) >> join(node = "c").on(p),
            (Sort::High { left, .. }, _) if left.value % 8 == 1 => left >> most(node = "d").filter(),
            (_, y) => y >> plain,
        };
        let again = (out, xs) >> join(node = "a");
        (out, again)
    }
}

pipeline! {
    fn routes_in_routes(xs: Stream<Item>, p: Pool) -> Stream<Item> {
        let out = match xs >> sort(node = "a") {
            Sort::Low(x) => match x >> sort(node = "b").on(p) {
                Sort::Both(y, z) => (y, z) >> join(node = "c"),
                Sort::Low(y) => y >> running(node = "d").serial(),
                _ => skip,
            },
            Sort::High { right, .. } => right >> work(node = "c").on(p),
            Sort::Both(..) | Sort::Nothing => skip,
        };
        out
    }
}

pipeline! {
    fn routes_to_sinks(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> work(node = "a").on(p);
        match out >> sort(node = "b").on(q) {
            Sort::Low(x) => x >> sink(node = "c"),
            Sort::Both(x, y) => (x >> some(node = "d").flat() >> sink(node = "a").on(p), y >> sink(node = "b")),
            Sort::High { left, .. } => left >> group(node = "c").consume(2) >> sink(node = "d"),
            Sort::Nothing => skip,
        }
        out
    }
}

catalogue! {
    routed RoutedRun (xs; p, q) -> [out Kept];
    routed_with_others RoutedWithOthersRun (xs; p, q) -> [out Kept, again Kept];
    routes_in_routes RoutesInRoutesRun (xs; p) -> [out Kept];
    routes_to_sinks RoutesToSinksRun (xs; p, q) -> [out Kept] Sinks;
}
