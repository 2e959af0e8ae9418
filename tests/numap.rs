//! Parallel maps without a graph: `iter.numap(f)`.

#[macro_use]
mod common;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use common::*;
use papy::prelude::*;

/// A map under a schedule.
macro_rules! map {
    ($schedule:expr, $items:expr, $f:expr) => {{
        let [pool, ..] = $schedule.pools();
        let map = $items.into_iter().numap($f).on(&pool);
        let map = match $schedule.stride {
            Some(n) => map.stride(n),
            None => map,
        };
        match $schedule.buffer {
            Some(n) => map.buffer(n),
            None => map,
        }
    }};
}

/// Values, and `!position` for faults, with the kind where it is not `Error`.
fn plain<T: std::fmt::Debug>(results: impl Iterator<Item = Result<T, Fault>>) -> String {
    let text = |result: Result<T, Fault>| match result {
        Ok(x) => format!("{x:?}"),
        Err(fault) if fault.kind() == FaultKind::Error => format!("!{}", fault.input()),
        Err(fault) => format!("!{}[{:?}]", fault.input(), fault.kind()),
    };
    results.map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn s79_values_in_order() {
    within(30, || {
        for s in schedules() {
            assert_eq!(
                plain(map!(s, 0..40, |x| toil(x) + 1)),
                line((1..=40).map(Ok)),
                "{s}"
            );
        }
        assert_eq!(plain([1, 2, 3].into_iter().numap(dbl)), "2 4 6");
        assert_eq!(plain(["a", "bc"].into_iter().numap(str::len)), "1 2");
    });
}

#[test]
fn s79_constant_arguments() {
    within(20, || {
        for s in schedules() {
            let (by, names) = (10, vec!["zero".to_owned(), "one".to_owned()]);
            let results = map!(s, 0..2usize, move |x| format!("{}{}", names[x], x * by));
            assert_eq!(plain(results), r#""zero0" "one10""#, "{s}");
        }
    });
}

#[test]
fn s79_several_on_one_pool() {
    within(20, || {
        for s in schedules() {
            let mut l = map!(s, 0..30i64, dbl);
            let mut r = map!(s, 0..30i64, |x| -x);
            for n in 0..30 {
                assert_eq!(
                    (l.next().unwrap().unwrap(), r.next().unwrap().unwrap()),
                    (n * 2, -n),
                    "{s}"
                );
            }
            assert!(l.next().is_none() && r.next().is_none(), "{s}");
        }
    });
}

#[test]
fn s79_one_feeds_another() {
    within(20, || {
        for s in schedules() {
            let first = map!(s, 0..30i64, inc).map(Result::unwrap);
            let second = map!(s, first, dbl).map(Result::unwrap);
            let third = map!(s, second, |x| x + 1);
            assert_eq!(plain(third), line((1..=30).map(|n| Ok(n * 2 + 1))), "{s}");
        }
    });
}

#[test]
fn s79_zipped_into_another() {
    within(20, || {
        for s in schedules() {
            let l = map!(s, 0..30i64, inc).map(Result::unwrap);
            let r = map!(s, 0..40i64, neg).map(Result::unwrap);
            let both = map!(s, l.zip(r), |(x, y)| x + y);
            assert_eq!(plain(both), line((0..30).map(|_| Ok(1))), "{s}");
        }
    });
}

#[test]
fn s80_errors_in_place() {
    within(20, || {
        quiet();
        for s in schedules() {
            let two_fails = |x: i64| if x == 2 { Err("two") } else { Ok(x) };
            let results = map!(s, [1, 2, 3], two_fails).fallible();
            assert_eq!(plain(results), "1 !1 3", "{s}");
            let results = map!(s, [1, 2, 3], two_fails);
            assert_eq!(plain(results), r#"Ok(1) Err("two") Ok(3)"#, "{s}");
            let results = map!(s, [1, 2, 3], |x| {
                assert!(x != 2, "on purpose");
                x
            });
            assert_eq!(plain(results), "1 !1[Panic] 3", "{s}");
        }
    });
}

#[test]
fn s80_what_a_fault_carries() {
    within(20, || {
        let fault = [0]
            .into_iter()
            .numap(inv)
            .fallible()
            .next()
            .unwrap()
            .unwrap_err();
        assert_eq!(fault.downcast_ref::<DivByZero>(), Some(&DivByZero));
        assert_eq!((fault.input(), fault.attempts()), (0, 1));
    });
}

#[test]
fn s80_an_input_that_panics() {
    within(20, || {
        quiet();
        for s in schedules() {
            let items = (0..).inspect(|x| assert!(*x < 3, "on purpose"));
            assert_eq!(plain(map!(s, items, inc)), "1 2 3 !3[Input]", "{s}");
        }
    });
}

#[test]
fn s81_lengths_differ() {
    within(20, || {
        for s in schedules() {
            let (mut l, mut r) = (map!(s, 0..3i64, inc), map!(s, 0..9i64, inc));
            assert_eq!(plain(l.by_ref()), "1 2 3", "{s}");
            assert_eq!(plain(r.by_ref()), "1 2 3 4 5 6 7 8 9", "{s}");
        }
    });
}

#[test]
fn s82_the_end_is_for_ever() {
    within(20, || {
        for s in schedules() {
            let mut results = map!(s, 0..3i64, inc);
            assert_eq!(results.by_ref().count(), 3);
            for _ in 0..3 {
                assert!(results.next().is_none(), "{s}");
                assert!(matches!(results.try_next(), Poll::Ready(None)), "{s}");
                assert!(
                    matches!(results.next_timeout(millis(1)), Poll::Ready(None)),
                    "{s}"
                );
            }
        }
    });
}

#[test]
fn s82_a_pool_is_used_again() {
    within(20, || {
        for (name, [pool, ..]) in pool_sets() {
            for _ in 0..20 {
                let mut results = (0..).numap(inc).on(&pool);
                assert_eq!(plain(results.by_ref().take(2)), "1 2", "{name}");
                drop(results);
                assert_eq!(plain((0..2).numap(inc).on(&pool)), "1 2", "{name}");
            }
        }
    });
}

#[test]
fn s83_dropped_half_way() {
    within(20, || {
        for s in schedules() {
            let (items, pulled) = counted(0..20i64);
            let done = Arc::new(AtomicUsize::new(0));
            let count = done.clone();
            let mut results = map!(s, items, move |x| {
                count.fetch_add(1, SeqCst);
                x
            });
            assert_eq!(plain(results.by_ref().take(4)), "0 1 2 3", "{s}");
            promptly("dropping", || drop(results));
            let (pulled, done) = (pulled.load(SeqCst), done.load(SeqCst));
            assert!(
                (4..=4 + s.buffer.unwrap_or(4096)).contains(&pulled),
                "{pulled} pulled, {s}"
            );
            assert!((4..=pulled).contains(&done), "{done} of {pulled} done, {s}");
        }
    });
}

#[test]
fn s83_a_chain_dropped_half_way() {
    within(20, || {
        for s in schedules() {
            let tally = Tally::new();
            let mine = tally.clone();
            let first = map!(s, (0..).map(move |n| mine.item(n)), |x| x).map(Result::unwrap);
            let mut second = map!(s, first, |x| x);
            assert_eq!(plain(second.by_ref().take(4)), "0 1 2 3", "{s}");
            promptly("dropping", || drop(second));
            // the second may be inside of its source, the first
            assert!(soon(|| tally.live() == 0), "{s}");
        }
    });
}

#[test]
fn s84_next_timeout_and_try_next_lose_nothing() {
    within(20, || {
        for (name, [pool, ..]) in pool_sets() {
            let (tx, rx) = mpsc::channel();
            let mut results = rx.into_iter().numap(inc).on(&pool);
            for n in 0..3 {
                assert!(results.next_timeout(millis(5)).is_pending(), "{name}");
                assert!(results.try_next().is_pending(), "{name}");
                tx.send(n).unwrap();
                let Poll::Ready(Some(Ok(x))) = results.next_timeout(secs(10)) else {
                    panic!("{name}: {n} is late")
                };
                assert_eq!(x, n + 1, "{name}");
            }
            drop(tx);
            assert!(
                matches!(results.next_timeout(secs(10)), Poll::Ready(None)),
                "{name}"
            );
        }
    });
}

#[test]
fn s84_a_slow_item_is_not_ready_and_then_is() {
    within(20, || {
        let gate = Gate::new();
        let inner = gate.clone();
        let pool = Pool::threads(2);
        let pass = move |x: i64| {
            if x == 1 {
                inner.pass();
            }
            x
        };
        let mut results = (0..3).numap(pass).on(&pool).stride(1);
        assert_eq!(item(&results.next().unwrap()), "0");
        assert!(results.next_timeout(millis(20)).is_pending());
        gate.open();
        assert_eq!(plain(results), "1 2");
    });
}

#[test]
fn s85_empty() {
    within(20, || {
        for s in schedules() {
            assert_eq!(plain(map!(s, Vec::<i64>::new(), inc)), "", "{s}");
            assert_eq!(plain(map!(s, std::iter::empty(), inc)), "", "{s}");
        }
    });
}

#[test]
fn lazy() {
    within(20, || {
        for s in schedules() {
            let (items, pulled) = counted(0..);
            let mut results = map!(s, items, inc);
            for taken in 0..10 {
                let bound = taken + s.buffer.unwrap_or(4096);
                assert!(
                    pulled.load(SeqCst) <= bound,
                    "{pulled:?} pulled, {taken} taken, {s}"
                );
                results.next();
            }
        }
        let (items, pulled) = counted(0..10);
        drop(items.numap(inc));
        assert_eq!(pulled.load(SeqCst), 0);
    });
}

#[test]
fn prompt() {
    within(20, || {
        for s in schedules() {
            let (tx, rx) = mpsc::channel();
            let mut results = map!(s, rx, inc);
            for n in 0..20 {
                tx.send(n).unwrap();
                assert_eq!(results.next().unwrap().unwrap(), n + 1, "{s}");
            }
        }
    });
}

#[test]
fn bounded() {
    within(20, || {
        for (name, [pool, ..]) in pool_sets() {
            let tally = Tally::new();
            let mine = tally.clone();
            let results = (0..300)
                .map(move |n| mine.item(n))
                .numap(|x| x)
                .on(&pool)
                .stride(2)
                .buffer(8);
            let mut count = 0;
            for x in results {
                drop(x);
                count += 1;
            }
            assert_eq!((count, tally.live()), (300, 0), "{name}");
            assert!(
                tally.peak() <= 8 + 2 * 2 + 1,
                "{name}: {} items at once",
                tally.peak()
            );
        }
    });
}

#[test]
fn unordered() {
    within(20, || {
        for s in schedules() {
            let results = map!(s, 0..50i64, toil).unordered();
            assert_eq!(sorted(results), (0..50).collect::<Vec<_>>(), "{s}");
        }
        let gate = Gate::new();
        let inner = gate.clone();
        let pass = move |x| {
            if x == 0 {
                inner.pass();
            }
            x
        };
        let mut results = (0..3i64)
            .numap(pass)
            .on(&Pool::threads(3))
            .stride(1)
            .unordered();
        let first: HashSet<_> = results.by_ref().take(2).map(Result::unwrap).collect();
        assert_eq!(first, HashSet::from([1, 2]));
        gate.open();
        assert_eq!(plain(results), "0");
    });
}

#[test]
fn nested() {
    within(30, || {
        for (name, [pool, ..]) in pool_sets() {
            let inner = pool.clone();
            let f = move |x: i64| {
                (0..x)
                    .numap(inc)
                    .on(&inner)
                    .map(Result::unwrap)
                    .sum::<i64>()
            };
            let want = line((0..30i64).map(|x| Ok(x * (x + 1) / 2)));
            assert_eq!(plain((0..30).numap(f.clone()).on(&pool)), want, "{name}");
            assert_eq!(plain((0..30).numap(f).on(&pool).stride(1)), want, "{name}");
        }
    });
}

pipeline! {
    fn graph(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> inc.on(a).serial()
    }
}

#[test]
fn feeds_a_pipeline_and_is_fed_by_one() {
    within(20, || {
        for s in schedules() {
            let [pool, ..] = s.pools();
            let run = tuned!(
                s,
                graph(map!(s, 0..40i64, dbl).map(Result::unwrap), pool.clone())
            )
            .start()
            .unwrap();
            let results = map!(s, run.map(Result::unwrap), neg);
            assert_eq!(
                plain(results),
                line((0..40i64).map(|x| Ok(-2 * x - 2))),
                "{s}"
            );
            let checked = papy::source::fallible(map!(s, [1, 0, 5], inv).fallible());
            assert_eq!(
                show(tuned!(s, graph(checked, pool)).collect()),
                "12 !xs#1[Input] 4",
                "{s}"
            );
        }
    });
}

#[test]
fn a_blocked_source_does_not_hold_drop_up() {
    within(20, || {
        for (name, [pool, ..]) in pool_sets() {
            let (tx, rx) = mpsc::channel::<i64>();
            let mut results = rx.into_iter().numap(inc).on(&pool);
            tx.send(1).unwrap();
            assert_eq!(item(&results.next().unwrap()), "2", "{name}");
            promptly(name, || drop(results));
        }
    });
}

#[test]
fn moves_between_threads() {
    within(20, || {
        let mut results = (0..100i64).numap(inc).buffer(4);
        results.next();
        let count = thread::spawn(move || results.count()).join().unwrap();
        assert_eq!(count, 99);
    });
}

#[test]
fn a_stalled_reader_stalls_the_source() {
    within(20, || {
        let (items, pulled) = counted(0..);
        let mut results = items.numap(inc).buffer(6);
        results.next();
        thread::sleep(Duration::from_millis(10));
        assert!(pulled.load(SeqCst) <= 7, "{pulled:?} pulled");
    });
}
