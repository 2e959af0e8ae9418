//! What a run takes of the heap: in steady state nothing, neither for items nor for waves, but for threads that begin to help; and the
//! same peak however many items there are.
//!
//! The allocator of this program counts. Every test has a process of its own, so what it counts is the test's.

use std::alloc::System;
use std::thread;
use std::time::Duration;

use cap::Cap;
use papy::prelude::*;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[macro_use]
mod common;

use common::*;

/// Counts allocations inside, and bytes at their most outside.
#[global_allocator]
static HEAP: Cap<&StatsAlloc<System>> = Cap::new(&INSTRUMENTED_SYSTEM, usize::MAX);

/// Items of the shorter run: many times what a run keeps in flight.
const ITEMS: i64 = 50_000;
/// What a run may allocate until it is steady. A short one that does more is no measure for others.
const BEGINNING: usize = 2_000;
/// What a longer run may allocate more often, whatever its length: threads take turns in other ways.
const SOME: usize = 32;
/// Beyond that, one allocation for so many items: a helper that has left off and begins again takes two.
const ITEMS_FOR_ONE: usize = 64;
/// What the peaks may differ by: a tenth, and this. It is what is in flight at most, where each item has a wave of its own; what the
/// longer run has more in items alone is many times that.
const SLACK: usize = 256 << 10;
/// The buffer of a run unless it is told another, and one that even a single wave for each item fills with less than the slack.
const USUAL: usize = 4096;
const SMALL: usize = 256;

/// Allocations so far; one that is grown counts again.
fn allocations() -> usize {
    let stats = INSTRUMENTED_SYSTEM.stats();
    stats.allocations + stats.reallocations
}

/// The allocations of a run: the least of some trials, since what waits for a thread is cut smaller.
fn allocations_of(run: impl Fn()) -> usize {
    let trial = || {
        let before = allocations();
        run();
        allocations() - before
    };
    (0..3).map(|_| trial()).min().expect("there are trials")
}

/// Fails where ten times as many items need more allocations.
fn allocates_nothing_per_item(run: impl Fn(i64)) {
    run(ITEMS);
    let few = allocations_of(|| run(ITEMS));
    let many = allocations_of(|| run(10 * ITEMS));
    println!("{few} allocations for {ITEMS} items, {many} for ten times as many");
    let more = 9 * ITEMS as usize;
    let most = few.min(BEGINNING) + SOME + more / ITEMS_FOR_ONE;
    assert!(many <= most, "{many} allocations where {most} would do");
}

/// Fails where ten times as many items need more memory.
fn peaks_alike(items: i64, run: impl Fn(i64)) {
    // what is in flight depends on the moment, so both see as many moments
    for _ in 0..10 {
        run(items);
    }
    let few = HEAP.max_allocated();
    run(10 * items);
    let many = HEAP.max_allocated();
    println!("a peak of {few} bytes, and {many} for ten times as many items");
    assert!(
        many <= few + few / 10 + SLACK,
        "{few} bytes for {items} items, {many} for {}",
        10 * items
    );
}

// ---------------------------------------------------------------- pipelines

#[worker]
#[allow(clippy::too_many_arguments, reason = "one for each branch")]
fn sum8(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64) -> i64 {
    a + b + c + d + e + f + g + h
}

#[worker]
fn pair(x: i64) -> [i64; 2] {
    [x, x + 1]
}

#[worker]
fn add_pair([x, y]: [i64; 2]) -> i64 {
    x + y
}

#[worker]
fn twice(x: i64) -> std::array::IntoIter<i64, 2> {
    [x, x].into_iter()
}

pipeline! {
    fn chain(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> dbl >> neg
    }
}

pipeline! {
    fn serial(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> running.serial() >> neg
    }
}

pipeline! {
    fn filtered(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> even.filter() >> neg
    }
}

pipeline! {
    fn folded(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> add.fold()
    }
}

pipeline! {
    fn diamond(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> (dbl, neg) >> sum
    }
}

pipeline! {
    fn two_pools(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> neg.on(b)
    }
}

pipeline! {
    fn diamond_over_pools(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> (inc.on(a), neg.on(b)) >> sum
    }
}

pipeline! {
    fn unordered(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> inc.on(a).unordered() >> neg
    }
}

pipeline! {
    fn pairs(xs: Stream<i64>) -> Stream<i64> {
        xs >> pair.produce(2) >> inc >> add_pair.consume(2)
    }
}

pipeline! {
    fn flat(xs: Stream<i64>) -> Stream<i64> {
        xs >> twice.flat() >> inc
    }
}

pipeline! {
    /// Sixty-four branches that join.
    fn wide(xs: Stream<i64>) -> Stream<i64> {
        let a = xs >> (inc, dbl, neg, id, inc, dbl, neg, id) >> sum8;
        let b = xs >> (inc, dbl, neg, id, inc, dbl, neg, id) >> sum8;
        let c = xs >> (inc, dbl, neg, id, inc, dbl, neg, id) >> sum8;
        let d = xs >> (inc, dbl, neg, id, inc, dbl, neg, id) >> sum8;
        let e = xs >> (inc, dbl, neg, id, inc, dbl, neg, id) >> sum8;
        let f = xs >> (inc, dbl, neg, id, inc, dbl, neg, id) >> sum8;
        let g = xs >> (inc, dbl, neg, id, inc, dbl, neg, id) >> sum8;
        let h = xs >> (inc, dbl, neg, id, inc, dbl, neg, id) >> sum8;
        (a, b, c, d, e, f, g, h) >> sum8
    }
}

pipeline! {
    fn ten(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> neg >> inc >> neg >> inc >> neg >> inc >> neg >> inc >> neg
    }
}

pipeline! {
    /// A hundred nodes, as ten pipelines.
    fn long(xs: Stream<i64>) -> Stream<i64> {
        let a = xs >> ten().pipeline() >> ten().pipeline() >> ten().pipeline() >> ten().pipeline();
        let b = a >> ten().pipeline() >> ten().pipeline() >> ten().pipeline();
        b >> ten().pipeline() >> ten().pipeline() >> ten().pipeline()
    }
}

/// A pool of two threads.
fn own() -> Pool {
    Pool::threads(2)
}

// ---------------------------------------------------------------- trivial items

/// Tests of a pipeline, run by `for_each` and read as an iterator. What is not `steady` allocates for each item: the iterators of a
/// `.flat()` do.
macro_rules! steady {
    ($($name:ident: |$n:ident| $pipeline:expr $(, $steady:ident)?;)*) => {$(
        mod $name {
            mod for_each {
                use crate::*;

                fn run($n: i64, buffer: usize) {
                    $pipeline.buffer(buffer).for_each(|result| assert!(result.is_ok()));
                }

                steady!(@ $($steady)?);

                #[test]
                fn peak() {
                    $crate::common::within(100, || peaks_alike(ITEMS, |n| run(n, SMALL)));
                }
            }

            mod start {
                use crate::*;

                fn run($n: i64, buffer: usize) {
                    let run = $pipeline.buffer(buffer).start().unwrap();
                    assert!(run.into_iter().all(|result| result.is_ok()));
                }

                steady!(@ $($steady)?);

                #[test]
                fn peak() {
                    $crate::common::within(100, || peaks_alike(ITEMS, |n| run(n, SMALL)));
                }
            }
        }
    )*};
    (@) => {};
    (@ steady) => {
        #[test]
        fn allocations() {
            $crate::common::within_unwatched(100, || {
                allocates_nothing_per_item(|n| run(n, USUAL));
            });
        }
    };
}

/// Fails where ten times as many items need more allocations, where no other thread takes part: nothing is left to chance then.
fn allocates_nothing_alone(run: impl Fn(i64)) {
    let items = ITEMS / 10;
    run(items);
    let few = allocations_of(|| run(items));
    let many = allocations_of(|| run(10 * items));
    println!("{few} allocations for {items} items, {many} for ten times as many");
    assert!(many <= few, "{many} allocations instead of {few}");
}

#[test]
fn who_works_alone_allocates_nothing() {
    within_unwatched(100, || {
        let check = |result: Result<i64, Fault>| assert!(result.is_ok());
        allocates_nothing_alone(|n| drop(chain(0..n).inline().for_each(check)));
        allocates_nothing_alone(|n| drop(serial(0..n).inline().for_each(check)));
        allocates_nothing_alone(|n| drop(filtered(0..n).inline().for_each(check)));
        allocates_nothing_alone(|n| drop(folded(0..n).inline().for_each(check)));
        allocates_nothing_alone(|n| drop(diamond(0..n).inline().for_each(check)));
        allocates_nothing_alone(|n| drop(two_pools(0..n, own(), own()).inline().for_each(check)));
        allocates_nothing_alone(|n| drop(pairs(0..n).inline().for_each(check)));
        allocates_nothing_alone(|n| {
            let run = chain(0..n).inline().start().unwrap();
            assert!(run.into_iter().all(|result| result.is_ok()));
        });
    });
}

steady! {
    a_chain: |n| chain(0..n), steady;
    a_serial_node: |n| serial(0..n), steady;
    a_filter: |n| filtered(0..n), steady;
    a_fold: |n| folded(0..n), steady;
    a_fork_and_join: |n| diamond(0..n), steady;
    pools: |n| two_pools(0..n, own(), own()), steady;
    a_fork_and_join_over_pools: |n| diamond_over_pools(0..n, own(), own()), steady;
    unordered_items: |n| unordered(0..n, own()), steady;
    groups: |n| pairs(0..n), steady;
    a_spring: |n| flat(0..n);
}

// ---------------------------------------------------------------- many branches, many nodes

#[test]
fn sixty_four_branches_peak_alike() {
    within(100, || {
        peaks_alike(ITEMS / 5, |n| {
            let run = wide(0..n).buffer(SMALL).start().unwrap();
            assert!(run.into_iter().all(|result| result.is_ok()));
        });
    });
}

#[test]
fn a_hundred_nodes_peak_alike() {
    within(100, || {
        peaks_alike(ITEMS / 5, |n| {
            let run = long(0..n).buffer(SMALL).start().unwrap();
            assert!(run.into_iter().all(|result| result.is_ok()));
        });
    });
}

// ---------------------------------------------------------------- large items

const MIB: usize = 1 << 20;
const BUFFER: usize = 8;

#[worker]
fn touched(mut block: Vec<u8>) -> Vec<u8> {
    block[0] += 1;
    block
}

pipeline! {
    fn blocks(xs: Stream<Vec<u8>>, a: Pool, b: Pool) -> Stream<Vec<u8>> {
        xs >> touched.on(a) >> touched.on(b)
    }
}

/// A source of zeros, an item being 1 MiB.
fn zeros(n: usize) -> impl Iterator<Item = Vec<u8>> + Send + 'static {
    (0..n).map(|_| vec![0; MIB])
}

/// Fails where a run of large items takes more than the items that may be in flight, and what is in the hands of the source and
/// the reader.
fn stays_below_the_buffer(run: impl FnOnce()) {
    let before = HEAP.allocated();
    run();
    let peak = HEAP.max_allocated() - before;
    println!("a peak of {:.2} MiB", peak as f64 / MIB as f64);
    assert!(
        peak < (BUFFER + 2) * MIB + SLACK,
        "{peak} bytes for items of 1 MiB and a buffer of {BUFFER}"
    );
}

#[test]
fn large_items_are_bounded_by_the_buffer_in_for_each() {
    within(60, || {
        stays_below_the_buffer(|| {
            let blocks = blocks(zeros(500), own(), own()).buffer(BUFFER);
            blocks.for_each(|block| assert_eq!(block.unwrap()[0], 2));
        });
    });
}

#[test]
fn large_items_are_bounded_by_the_buffer_where_they_are_read_slowly() {
    within(60, || {
        stays_below_the_buffer(|| {
            let blocks = blocks(zeros(200), own(), own()).buffer(BUFFER);
            for block in blocks.start().unwrap() {
                assert_eq!(block.unwrap()[0], 2);
                thread::sleep(Duration::from_millis(2));
            }
        });
    });
}
