//! Items that become more than memory holds: `.flat()` streams what its iterators give.

#[macro_use]
mod common;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;

use common::*;
use papy::prelude::*;

/// More than anybody waits for.
const BILLION: i64 = 1_000_000_000;

/// How far a stream may be ahead of its reader, or how much of it there may be at once.
fn some_waves(buffer: usize) -> usize {
    4 * buffer + 64
}

#[worker]
fn flood(tally: Tally) -> impl Iterator<Item = Live> {
    (0..BILLION).map(move |n| tally.item(n))
}

#[worker]
fn trickle(tally: Tally, #[param] n: i64) -> impl Iterator<Item = Live> {
    (0..n).map(move |n| tally.item(n))
}

#[worker]
fn pass<T>(x: T) -> T {
    x
}

#[worker]
fn number(x: Live) -> i64 {
    *x
}

#[worker]
fn count_one(count: &mut usize, x: Live) {
    drop(x);
    *count += 1;
}

#[worker]
fn nothing(x: Live) -> Option<Live> {
    (*x < 0).then_some(x)
}

/// A tally, twice, and the items that it becomes.
fn twice(tally: &Tally) -> [Tally; 2] {
    [tally.clone(), tally.clone()]
}

// ---------------------------------------------------------------- read in part

pipeline! {
    fn flooded(xs: Stream<Tally>, a: Pool, b: Pool) -> Stream<Live> {
        xs >> flood.flat().on(a) >> pass::<Live>.on(b)
    }
}

pipeline! {
    fn flooded_alone(xs: Stream<Tally>, a: Pool) -> Stream<Live> {
        xs >> flood.flat().on(a)
    }
}

pipeline! {
    fn flooded_twice(xs: Stream<Tally>, a: Pool, b: Pool) -> Stream<Live> {
        xs >> (|tally: Tally| (0..BILLION).map(move |_| tally.clone())).flat().on(a) >> trickle(n = 3).flat().on(b)
    }
}

pipeline! {
    fn flooded_groups(xs: Stream<Tally>, a: Pool, b: Pool) -> Stream<Vec<Live>> {
        xs >> flood.flat().on(a) >> (|g: Vec<Live>| g).consume(10).on(b)
    }
}

/// Reads some of a run in which an item becomes a billion, and drops it.
macro_rules! read_in_part {
    ($tally:ident, $run:expr, $buffer:expr, $elements:expr, $($context:tt)+) => {{
        let mut run = $run;
        for n in 1..=100 {
            assert!(run.next().is_some(), $($context)+);
            let made = $tally.made();
            assert!(made <= n * $elements + some_waves($buffer), "{made} made for {n} read; {}", format!($($context)+));
        }
        assert!($tally.peak() <= $elements + some_waves($buffer), "{} at once; {}", $tally.peak(), format!($($context)+));
        promptly("drop", || drop(run));
        assert!(soon(|| $tally.live() == 0), "{} left; {}", $tally.live(), format!($($context)+));
    }};
}

#[test]
fn a_billion_elements_are_made_as_they_are_read() {
    within(120, || {
        for (name, [a, b, _]) in pool_sets() {
            for buffer in [1, 16, 256] {
                let tally = Tally::new();
                let run = flooded(twice(&tally), a.clone(), b.clone())
                    .buffer(buffer)
                    .start()
                    .unwrap();
                read_in_part!(tally, run, buffer, 1, "{name}, buffer {buffer}");
                let tally = Tally::new();
                let run = flooded_alone(twice(&tally), a.clone())
                    .buffer(buffer)
                    .start()
                    .unwrap();
                read_in_part!(tally, run, buffer, 1, "alone, {name}, buffer {buffer}");
            }
        }
    });
}

#[test]
fn a_billion_elements_that_are_flat_again() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            for buffer in [1, 16, 256] {
                let tally = Tally::new();
                let run = flooded_twice(twice(&tally), a.clone(), b.clone())
                    .buffer(buffer)
                    .start()
                    .unwrap();
                read_in_part!(tally, run, 3 * buffer, 1, "{name}, buffer {buffer}");
            }
        }
    });
}

#[test]
fn a_billion_elements_in_groups() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            for buffer in [1, 16, 256] {
                let tally = Tally::new();
                let run = flooded_groups(twice(&tally), a.clone(), b.clone())
                    .buffer(buffer)
                    .start()
                    .unwrap();
                read_in_part!(tally, run, buffer, 10, "{name}, buffer {buffer}");
            }
        }
    });
}

#[test]
fn inline_makes_one_element_for_each_that_is_read() {
    within(20, || {
        let tally = Tally::new();
        let mut run = flooded(twice(&tally), Pool::rayon(), Pool::rayon())
            .inline()
            .start()
            .unwrap();
        for n in 1..=100 {
            assert!(run.next().is_some());
            assert!(tally.made() <= n + 1, "{} made for {n} read", tally.made());
        }
        drop(run);
        assert_eq!(tally.live(), 0);
    });
}

#[test]
fn dropped_before_anything_is_read() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            let tally = Tally::new();
            let run = flooded(twice(&tally), a.clone(), b.clone())
                .buffer(16)
                .start()
                .unwrap();
            promptly(name, || drop(run));
            assert!(soon(|| tally.live() == 0), "{name}: {} left", tally.live());
            assert!(
                tally.made() <= some_waves(16),
                "{name}: {} made",
                tally.made()
            );
        }
    });
}

#[test]
fn cancel_ends_a_flood() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            let tally = Tally::new();
            let mut run = flooded(twice(&tally), a.clone(), b.clone())
                .buffer(16)
                .start()
                .unwrap();
            let handle = run.handle();
            assert_eq!(run.by_ref().take(10).count(), 10, "{name}");
            promptly(name, || handle.cancel());
            assert!(handle.wait_timeout(secs(2)).is_some(), "{name}");
            drop(run);
            assert!(soon(|| tally.live() == 0), "{name}: {} left", tally.live());
        }
    });
}

pipeline! {
    fn dried_up(xs: Stream<Tally>, a: Pool, b: Pool) -> Stream<Live> {
        xs >> flood.flat().on(a) >> nothing.filter().on(b)
    }
}

/// All elements are taken out, so the reader waits, and memory does not grow.
#[test]
fn cancel_ends_a_flood_that_nothing_comes_of() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            let tally = Tally::new();
            let mut run = dried_up(twice(&tally), a.clone(), b.clone())
                .buffer(16)
                .start()
                .unwrap();
            let handle = run.handle();
            let reader = thread::spawn(move || run.next().is_none());
            assert!(
                soon(|| tally.made() > 5000),
                "{name}: {} made",
                tally.made()
            );
            promptly(name, || handle.cancel());
            assert!(reader.join().unwrap(), "{name}");
            assert!(
                tally.peak() <= some_waves(16),
                "{name}: {} at once",
                tally.peak()
            );
        }
    });
}

// ---------------------------------------------------------------- read to the end

pipeline! {
    fn counted_up(xs: Stream<Tally>, n: i64, a: Pool, b: Pool) -> Stream<usize> {
        xs >> trickle(n = n).flat().on(a) >> pass::<Live>.on(b) >> count_one.fold().on(a)
    }
}

#[test]
fn a_fold_of_many_elements_takes_little_memory() {
    within(120, || {
        for (name, [a, b, _]) in pool_sets() {
            let tally = Tally::new();
            let p = || counted_up(twice(&tally), 20_000, a.clone(), b.clone()).buffer(64);
            assert_eq!(show(p().collect()), "40000", "{name}");
            assert_eq!(line(p().start().unwrap()), "40000", "{name}");
            assert_eq!(show(p().inline().collect()), "40000", "{name}");
            assert_eq!(tally.live(), 0, "{name}");
            assert!(
                tally.peak() <= some_waves(64),
                "{name}: {} at once",
                tally.peak()
            );
        }
    });
}

pipeline! {
    fn two_readers(xs: Stream<Tally>, n: i64, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let many = xs >> trickle(n = n).flat().on(a);
        let l = many >> number.on(b);
        let r = many >> number.on(a);
        (l, r)
    }
}

#[test]
fn two_outputs_of_one_item_in_any_order() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            for buffer in [1, 16] {
                let tally = Tally::new();
                let start = || {
                    two_readers([tally.clone()], 3000, a.clone(), b.clone())
                        .buffer(buffer)
                        .start()
                        .unwrap()
                };
                let mut run = start();
                assert_eq!(run.l.by_ref().count(), 3000, "{name}, buffer {buffer}");
                assert_eq!(run.r.by_ref().count(), 3000, "{name}, buffer {buffer}");
                let mut run = start();
                assert_eq!(run.r.by_ref().count(), 3000, "{name}, buffer {buffer}");
                assert_eq!(run.l.by_ref().count(), 3000, "{name}, buffer {buffer}");
                let mut run = start();
                drop(run.r);
                assert_eq!(run.l.by_ref().count(), 3000, "{name}, buffer {buffer}");
                let before = tally.peak();
                let mut run = start();
                for n in 0..3000 {
                    assert_eq!(
                        item(&run.l.next().unwrap()),
                        n.to_string(),
                        "{name}, buffer {buffer}"
                    );
                    assert_eq!(
                        item(&run.r.next().unwrap()),
                        n.to_string(),
                        "{name}, buffer {buffer}"
                    );
                }
                assert!(
                    before.max(tally.peak()) <= 2 * some_waves(buffer),
                    "{name}: {} at once",
                    tally.peak()
                );
            }
        }
    });
}

// ---------------------------------------------------------------- the stream before it

pipeline! {
    fn source_and_flood(xs: Stream<Tally>, a: Pool, b: Pool) -> (Stream<usize>, Stream<Live>) {
        let before = xs >> (|tally: Tally| tally.made()).on(b);
        let many = xs >> flood.flat().on(a);
        (before, many)
    }
}

/// A reader of the stream before needs nothing of the flood.
#[test]
fn the_stream_before_a_flood_is_read_to_its_end() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            for buffer in [1, 16] {
                let tally = Tally::new();
                let xs = std::iter::repeat_n(tally.clone(), 100);
                let mut run = source_and_flood(xs, a.clone(), b.clone())
                    .buffer(buffer)
                    .start()
                    .unwrap();
                assert_eq!(run.before.by_ref().count(), 100, "{name}, buffer {buffer}");
                // At most a part of each item's flood has been made.
                let bound = 100 * some_waves(buffer);
                assert!(
                    tally.made() <= bound,
                    "{} made; {name}, buffer {buffer}",
                    tally.made()
                );
                assert_eq!(
                    run.many.by_ref().take(1000).count(),
                    1000,
                    "{name}, buffer {buffer}"
                );
                promptly(name, || drop(run));
                assert!(soon(|| tally.live() == 0), "{name}: {} left", tally.live());
            }
        }
    });
}

/// A flood that nobody reads is dropped, and hinders nobody.
#[test]
fn a_flood_is_dropped_while_the_stream_before_is_read() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            let (tx, rx) = mpsc::channel();
            let tally = Tally::new();
            let mut run = source_and_flood(rx, a.clone(), b.clone())
                .buffer(16)
                .start()
                .unwrap();
            for _ in 0..10 {
                tx.send(tally.clone()).unwrap();
                assert!(run.before.next().is_some(), "{name}");
            }
            assert_eq!(run.many.by_ref().take(100).count(), 100, "{name}");
            drop(tx);
            promptly(name, || drop(run));
            assert!(soon(|| tally.live() == 0), "{name}: {} left", tally.live());
        }
    });
}

// ---------------------------------------------------------------- iterators are dropped

/// Says when it is dropped.
struct Watched {
    next: i64,
    dropped: Arc<AtomicBool>,
}

impl Iterator for Watched {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        self.next += 1;
        Some(self.next)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.dropped.store(true, SeqCst);
    }
}

pipeline! {
    fn watched(xs: Stream<Arc<AtomicBool>>, a: Pool) -> Stream<i64> {
        xs >> (|dropped| Watched { next: 0, dropped }).flat().on(a)
    }
}

#[test]
fn a_dropped_run_drops_its_iterators() {
    within(30, || {
        for (name, [a, ..]) in pool_sets() {
            let dropped = Arc::new(AtomicBool::new(false));
            let mut run = watched([dropped.clone()], a.clone())
                .buffer(4)
                .start()
                .unwrap();
            assert_eq!(line(run.by_ref().take(3)), "1 2 3", "{name}");
            drop(run);
            assert!(soon(|| dropped.load(SeqCst)), "{name}");
        }
    });
}
