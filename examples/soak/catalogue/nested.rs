//! Pipelines in pipelines: as nodes, and as what a worker runs.

use papy::NumapExt;
use papy::prelude::*;

use super::{catalogue, tuned};
use crate::item::Item;
use crate::workers::{
    Answer, couple, gather, gathered, join, most, plain, running, some, two, work,
};

pipeline! {
    fn inner(xs: Stream<Item>, p: Pool) -> (Stream<Item>, Stream<Item>) {
        let first = xs >> work(node = "b").on(p);
        let second = first >> running(node = "c").serial();
        (first, second)
    }
}

pipeline! {
    fn inner_rates(xs: Stream<Item>, ys: Stream<Item>, p: Pool) -> Stream<Item> {
        let out = (xs >> two(node = "a").produce(2).on(p), ys) >> join(node = "b") >> couple(node = "c").consume(2);
        out
    }
}

pipeline! {
    fn inner_anew(xs: Stream<Item>, p: Pool) -> (Stream<Item>, Stream<Item>) {
        let many = xs >> some(node = "c").flat().on(p);
        let one = xs >> gather(node = "d").fold() >> gathered.filter();
        (many, one)
    }
}

pipeline! {
    fn hosts(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let (a, b) = xs >> work(node = "a").on(q) >> inner(p = p).pipeline();
        let first = (a, xs, b) >> (|x: Item, _y: Item, _z: Item| x).on(q);
        let second = b >> most(node = "d").filter();
        (first, second)
    }
}

pipeline! {
    fn hosts_rates(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let doubled = xs >> plain.repeat(2).on(q);
        let inside = inner_rates(xs, doubled, p = p).pipeline();
        let out = (inside, xs >> work(node = "d").on(q)) >> join(node = "a");
        out
    }
}

pipeline! {
    fn hosts_anew(xs: Stream<Item>, p: Pool, q: Pool) -> (Stream<Item>, Stream<Item>) {
        let (a, b) = xs >> work(node = "a").on(q) >> inner_anew(p = p).pipeline();
        let many = a >> work(node = "b").on(p);
        let one = b >> plain;
        (many, one)
    }
}

pipeline! {
    fn hosts_twice(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let (a, _) = inner(xs, p = p).pipeline().named("once");
        let (_, b) = inner(xs, p = q).pipeline().named("twice");
        let out = (a, b) >> join(node = "d").on(q);
        out
    }
}

/// What a worker runs for one item, on a pool that it may itself be running on.
#[worker(fallible)]
fn whole_run(mut x: Item, #[param] p: &Pool) -> Answer<Item> {
    let parts: Vec<Item> = (0..4)
        .map(|n| {
            let mut part = x.clone();
            part.become_of("part", n);
            part
        })
        .collect();
    let (first, second) = inner(parts, p.clone()).collect();
    for result in first.into_iter().chain(second) {
        x.become_of("whole", result?.value);
    }
    Ok(x)
}

#[worker(fallible)]
fn whole_numap(mut x: Item, #[param] p: &Pool) -> Answer<Item> {
    let parts: Vec<Item> = (0..3).map(|_| x.clone()).collect();
    let all = parts.into_iter().numap(plain).on(p).stride(1);
    for result in all {
        x.become_of("numap", result?.value);
    }
    Ok(x)
}

pipeline! {
    fn runs_within(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = xs >> whole_run(p = p).on(p) >> work(node = "a").on(q);
        out
    }
}

pipeline! {
    fn runs_crosswise(xs: Stream<Item>, p: Pool, q: Pool) -> Stream<Item> {
        let out = (xs >> whole_run(p = q).on(p), xs >> whole_numap(p = p).on(q)) >> join(node = "d");
        out
    }
}

catalogue! {
    hosts HostsRun (xs; p, q) -> [first Kept, second Kept];
    hosts_rates HostsRatesRun (xs; p, q) -> [out Kept];
    hosts_anew HostsAnewRun (xs; p, q) -> [many Kept, one Kept];
    hosts_twice HostsTwiceRun (xs; p, q) -> [out Kept];
    runs_within RunsWithinRun (xs; p, q) -> [out Kept];
    runs_crosswise RunsCrosswiseRun (xs; p, q) -> [out Kept];
}
