//! Running: ways to run, outputs, handles, ends, and what misbehaving code may do to a run.

#[macro_use]
mod common;

use std::cell::Cell;
use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, Weak, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use common::*;
use papy::prelude::*;

pipeline! {
    fn one(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> inc.on(a)
    }
}

pipeline! {
    fn chain(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> running.on(b).serial() >> dbl.on(c)
    }
}

pipeline! {
    fn fork(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>) {
        let up = xs >> inc.on(a);
        let l = up >> dbl.on(b);
        let r = up >> sqr.on(c).serial();
        (l, r)
    }
}

pipeline! {
    fn diamond(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        (xs >> inc.on(a), xs >> dbl.on(b).serial() >> neg.on(c)) >> sum.on(a)
    }
}

pipeline! {
    fn zip(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        (xs >> id.on(a), ys >> id.on(b)) >> cat.on(a)
    }
}

pipeline! {
    fn apart(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> inc.on(a);
        let r = ys >> dbl.on(b);
        (l, r)
    }
}

fn rayon() -> Pool {
    Pool::rayon()
}

/// Reads one item without blocking.
macro_rules! poll {
    ($output:expr) => {
        loop {
            match $output.try_next() {
                Poll::Ready(next) => break next,
                Poll::Pending => thread::yield_now(),
            }
        }
    };
}

// ---------------------------------------------------------------- ways to run

#[test]
fn for_each_one_output() {
    within(20, || {
        let mut seen = Vec::new();
        let report = one(0..5, rayon()).for_each(|x| seen.push(x));
        assert_eq!(show(seen), "1 2 3 4 5");
        assert_eq!(counts(&report, "inc"), [5, 5, 0, 0]);
    });
}

#[test]
fn for_each_two_outputs() {
    within(20, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let caller = thread::current().id();
            let (mut l, mut r) = (Vec::new(), Vec::new());
            tuned!(s, fork(0..5, a, b, c)).for_each((
                |x| {
                    assert_eq!(thread::current().id(), caller);
                    l.push(x);
                },
                |x| r.push(x),
            ));
            assert_eq!([show(l), show(r)], ["2 4 6 8 10", "1 4 9 16 25"], "{s}");
        }
    });
}

#[test]
fn for_each_inline() {
    within(20, || {
        let mut seen = Vec::new();
        one(0..5, rayon()).inline().for_each(|x| seen.push(x));
        assert_eq!(show(seen), "1 2 3 4 5");
    });
}

#[test]
fn run_gives_the_report() {
    within(20, || {
        for report in [one(0..5, rayon()).run(), one(0..5, rayon()).inline().run()] {
            assert_eq!(counts(&report, "inc"), [5, 5, 0, 0]);
            assert_eq!(position(&report, "xs"), 5);
            assert!(report.elapsed() > Duration::ZERO);
            assert!(
                report
                    .nodes()
                    .iter()
                    .all(|node| node.busy() <= report.elapsed() * 64)
            );
        }
    });
}

#[worker]
fn thrice(x: i64) -> [i64; 3] {
    [x, x, x]
}

pipeline! {
    fn tripled(xs: Stream<i64>) -> Stream<i64> {
        xs >> thrice.produce(3)
    }
}

/// Whichever of the items it is that one has led to: the others of it are not delivered either.
#[test]
fn a_sink_that_has_panicked_is_not_called_again() {
    within(30, || {
        quiet();
        for last in 1..100 {
            let mut calls = 0;
            let run = AssertUnwindSafe(|| {
                tripled(0..1000).for_each(|_| {
                    calls += 1;
                    assert!(calls < last, "on purpose");
                });
            });
            assert!(catch_unwind(run).is_err());
            assert_eq!(calls, last);
        }
    });
}

#[test]
fn a_panic_in_for_each_is_the_callers() {
    within(20, || {
        quiet();
        let tally = Tally::new();
        for (name, [a, ..]) in pool_sets() {
            let mine = tally.clone();
            let xs = (0..).map(move |n| mine.item(n));
            let result = catch_unwind(AssertUnwindSafe(|| {
                lives(xs, a.clone()).for_each(|x| assert!(*x.unwrap() < 10, "on purpose"));
            }));
            assert!(result.is_err(), "{name}");
            assert_eq!(tally.live(), 0, "{name}");
        }
    });
}

pipeline! {
    fn lives(xs: Stream<Live>, a: Pool) -> Stream<Live> {
        xs >> pass.on(a)
    }
}

#[worker]
fn pass<T>(x: T) -> T {
    x
}

// ---------------------------------------------------------------- inputs and values

pipeline! {
    fn kept_words<'a>(lines: Stream<&'a str>, stop: &'a HashSet<String>, a: Pool) -> Stream<&'a str> {
        lines >> keep(stop = stop).filter().on(a)
    }
}

#[worker]
fn keep<'a>(word: &'a str, #[param] stop: &HashSet<String>) -> Option<&'a str> {
    (!stop.contains(word)).then_some(word)
}

#[test]
fn blocking_forms_may_borrow() {
    within(20, || {
        for (name, [a, ..]) in pool_sets() {
            let text = String::from("the quick brown the fox");
            let stop = HashSet::from(["the".to_owned()]);
            let p = || kept_words(text.split(' '), &stop, a.clone());
            let want = r#""quick" "brown" "fox""#;
            assert_eq!(show(p().collect()), want, "{name}");
            assert_eq!(show(p().inline().collect()), want, "{name}");
            let mut seen = Vec::new();
            p().for_each(|word| seen.push(word));
            assert_eq!(show(seen), want, "{name}");
            assert_eq!(counts(&p().run(), "keep"), [5, 3, 0, 2], "{name}");
        }
    });
}

#[test]
fn blocking_forms_take_sources_that_are_not_send() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            let count = Rc::new(Cell::new(0));
            let xs = || {
                let count = count.clone();
                (0..5).inspect(move |_| count.set(count.get() + 1))
            };
            assert_eq!(show(one(xs(), a.clone()).collect()), "1 2 3 4 5", "{name}");
            let (l, _) = fork(xs(), a.clone(), b.clone(), c.clone()).collect();
            assert_eq!(show(l), "2 4 6 8 10", "{name}");
            one(xs(), a.clone()).for_each(|_| ());
            one(xs(), a.clone()).run();
            one(xs(), a.clone()).inline().run();
            assert_eq!(count.get(), 25, "{name}");
        }
    });
}

#[test]
fn receivers_are_inputs() {
    within(20, || {
        let (tx, rx) = mpsc::channel();
        let (ty, ry) = crossbeam_channel::unbounded();
        let sender = thread::spawn(move || {
            for n in 0..100 {
                tx.send(n).unwrap();
                ty.send(-n).unwrap();
            }
        });
        let results = zip(rx, ry, rayon(), Pool::threads(2)).collect();
        sender.join().unwrap();
        assert_eq!(show(results), line((0..100i64).map(|n| Ok(vec![n, -n]))));
    });
}

#[test]
fn fallible_sources() {
    within(20, || {
        let items = || [Ok(1), Err("bad"), Ok(3), Err("worse")];
        let results = one(papy::source::fallible(items()), rayon()).collect();
        let fault = results[1].as_ref().unwrap_err();
        assert_eq!(
            (fault.node(), fault.kind(), fault.input()),
            ("xs", FaultKind::Input, 1)
        );
        assert_eq!(std::error::Error::source(fault).unwrap().to_string(), "bad");
        assert_eq!(show(results), "2 !xs#1[Input] 4 !xs#3[Input]");
        let results = one(papy::source::fallible(items()), rayon())
            .on_fault(OnFault::Stop)
            .collect();
        assert_eq!(show(results), "2 !xs#1[Input]");
    });
}

pipeline! {
    fn lengths(texts: Stream<String>) -> Stream<usize> {
        texts >> (|text: String| text.len())
    }
}

#[test]
fn lines_of_a_file() {
    within(20, || {
        let path = std::env::temp_dir().join(format!("papy-lines-{}", std::process::id()));
        for (bytes, want) in [
            (&b"a\nbc\n\ndef"[..], "1 2 0 3"),
            (b"a\nbc\n", "1 2"),
            (b"", ""),
            (b"a\n\xff\xfe\nbc\n", "1 !texts#1[Input] 2"),
        ] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(
                show(lengths(papy::source::lines(&path).unwrap()).collect()),
                want
            );
            assert_eq!(
                line(
                    lengths(papy::source::lines(&path).unwrap())
                        .start()
                        .unwrap()
                ),
                want
            );
        }
        fs::remove_file(&path).unwrap();
        assert!(papy::source::lines(&path).is_err());
    });
}

// ---------------------------------------------------------------- lazy and prompt

#[test]
fn sources_are_pulled_at_most_buffer_ahead() {
    within(30, || {
        for s in schedules() {
            let buffer = s.buffer.unwrap_or(10);
            let [a, b, c] = s.pools();
            let (asked, ahead) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let (reader, most) = (asked.clone(), ahead.clone());
            let xs = (0..100).inspect(move |&n| {
                most.fetch_max((n as usize + 1).saturating_sub(reader.load(SeqCst)), SeqCst);
            });
            let mut run = tuned!(s, chain(xs, a, b, c))
                .buffer(buffer)
                .start()
                .unwrap();
            for _ in 0..100 {
                asked.fetch_add(1, SeqCst);
                assert!(run.next().is_some());
            }
            assert!(
                ahead.load(SeqCst) <= buffer,
                "{ahead:?} ahead of the reader; {s}"
            );
        }
    });
}

#[test]
fn an_unread_run_pulls_no_more_than_its_buffer() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            let (xs, pulled) = counted(0..);
            let run = fork(xs, a.clone(), b.clone(), c.clone())
                .buffer(5)
                .start()
                .unwrap();
            thread::sleep(Duration::from_millis(20));
            assert!(pulled.load(SeqCst) <= 5, "{name}: pulled {pulled:?}");
            drop(run);
        }
    });
}

#[test]
fn results_are_prompt() {
    within(20, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (tx, rx) = mpsc::channel();
            let mut run = tuned!(s, diamond(rx, a, b, c)).start().unwrap();
            for n in 0..20 {
                tx.send(n).unwrap();
                assert_eq!(run.next().unwrap().unwrap(), 1 - n, "{s}");
            }
            drop(tx);
            assert!(run.next().is_none(), "{s}");
        }
    });
}

#[test]
fn results_are_prompt_on_every_output() {
    within(20, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (tx, rx) = mpsc::channel();
            let mut run = tuned!(s, fork(rx, a, b, c)).start().unwrap();
            for n in 0..20 {
                tx.send(n - 1).unwrap();
                assert_eq!(run.r.next().unwrap().unwrap(), n * n, "{s}");
                assert_eq!(run.l.next().unwrap().unwrap(), n * 2, "{s}");
            }
        }
    });
}

#[test]
fn results_are_prompt_with_two_inputs() {
    within(20, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let (tx, rx) = mpsc::channel();
            let (ty, ry) = mpsc::channel();
            let mut run = tuned!(s, zip(rx, ry, a, b)).start().unwrap();
            for n in 0..20 {
                ty.send(-n).unwrap();
                tx.send(n).unwrap();
                assert_eq!(run.next().unwrap().unwrap(), [n, -n], "{s}");
            }
        }
    });
}

// ---------------------------------------------------------------- outputs

#[test]
fn outputs_in_any_order() {
    within(20, || {
        for s in schedules() {
            // Two of one and one of the other, by turns, then the rest.
            let [a, b, c] = s.pools();
            let mut run = tuned!(s, fork(0..30, a, b, c)).start().unwrap();
            let (mut l, mut r) = (Vec::new(), Vec::new());
            for _ in 0..10 {
                l.extend(run.l.by_ref().take(2));
                r.extend(run.r.by_ref().take(1));
            }
            r.extend(run.r);
            l.extend(run.l);
            assert_eq!(show(l), line((1..=30i64).map(|n| Ok(n * 2))), "{s}");
            assert_eq!(show(r), line((1..=30i64).map(|n| Ok(n * n))), "{s}");
        }
    });
}

#[test]
fn outputs_in_two_threads() {
    within(20, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let run = tuned!(s, fork(0..50, a, b, c)).start().unwrap();
            let (l, r) = (run.l, run.r);
            let other = thread::spawn(move || l.map(Result::unwrap).sum::<i64>());
            assert_eq!(r.count(), 50, "{s}");
            assert_eq!(other.join().unwrap(), 50 * 51, "{s}");
        }
    });
}

#[test]
fn a_dropped_output_is_discarded() {
    within(20, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let mut run = tuned!(s, fork(0..50, a.clone(), b.clone(), c.clone()))
                .start()
                .unwrap();
            run.l.next();
            drop(run.l);
            assert_eq!(run.r.count(), 50, "{s}");
            let run = tuned!(s, fork(0..50, a, b, c)).start().unwrap();
            drop(run.r);
            assert_eq!(run.l.count(), 50, "{s}");
        }
    });
}

#[test]
fn an_output_is_moved_out_of_the_run() {
    within(20, || {
        let run = fork(0..50, rayon(), rayon(), rayon()).start().unwrap();
        let handle = run.handle();
        let mut count = 0;
        for x in run.r {
            x.unwrap();
            count += 1;
        }
        assert_eq!(run.l.count(), count);
        let report = handle.wait();
        assert_eq!(counts(&report, "sqr"), [50, 50, 0, 0]);
    });
}

#[test]
fn none_for_ever_after_the_end() {
    within(20, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let mut run = tuned!(s, fork(0..5, a, b, c)).start().unwrap();
            assert_eq!(run.l.by_ref().count(), 5);
            for _ in 0..3 {
                assert!(run.l.next().is_none(), "{s}");
                assert!(matches!(run.l.try_next(), Poll::Ready(None)), "{s}");
                assert!(
                    matches!(run.l.next_timeout(Duration::ZERO), Poll::Ready(None)),
                    "{s}"
                );
            }
            assert_eq!(run.r.by_ref().count(), 5, "{s}");
            assert!(run.r.next().is_none(), "{s}");
        }
    });
}

#[test]
fn try_next_loses_nothing() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let mut run = tuned!(s, fork(0..20, a, b, c)).start().unwrap();
            let mut seen = Vec::new();
            while let Some(x) = poll!(run.l) {
                seen.push(x);
            }
            assert_eq!(show(seen), line((1..=20i64).map(|n| Ok(n * 2))), "{s}");
            assert_eq!(poll!(run.r).map(|x| item(&x)), Some("1".into()), "{s}");
            assert_eq!(run.r.count(), 19, "{s}");
        }
    });
}

#[test]
fn next_timeout_loses_nothing() {
    within(20, || {
        for (name, [a, ..]) in pool_sets() {
            let (tx, rx) = mpsc::channel();
            let mut run = one(rx, a.clone()).start().unwrap();
            for n in 0..3 {
                assert!(run.next_timeout(millis(5)).is_pending(), "{name}");
                assert!(run.try_next().is_pending(), "{name}");
                tx.send(n).unwrap();
                let Poll::Ready(Some(Ok(x))) = run.next_timeout(secs(10)) else {
                    panic!("{name}: {n} is late")
                };
                assert_eq!(x, n + 1);
            }
            drop(tx);
            assert!(
                matches!(run.next_timeout(secs(10)), Poll::Ready(None)),
                "{name}"
            );
        }
    });
}

#[test]
fn next_timeout_takes_its_time() {
    within(20, || {
        let (_tx, rx) = mpsc::channel::<i64>();
        let mut run = one(rx, rayon()).start().unwrap();
        let start = Instant::now();
        assert!(run.next_timeout(millis(100)).is_pending());
        assert!(start.elapsed() >= millis(100));
        promptly("a second look", || assert!(run.try_next().is_pending()));
    });
}

pipeline! {
    fn positions(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let kept = xs >> inv.on(a) >> even.filter().on(b);
        let total = kept >> add.fold().on(a);
        let empty = xs >> (|x| (x > 1000).then_some(x)).filter().on(b);
        (kept, total, empty)
    }
}

#[test]
fn indexed() {
    within(20, || {
        let list = |items: Vec<(u64, Result<i64, Fault>)>| {
            let items = items.iter().map(|(at, x)| format!("{at}:{}", item(x)));
            items.collect::<Vec<_>>().join(" ")
        };
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, positions([1, 3, 0, 5, 10], a, b))
                .start()
                .unwrap();
            let kept = list(run.kept.indexed().collect());
            let total = list(run.total.indexed().collect());
            assert_eq!(kept, "0:10 2:!inv#2 3:2", "{s}");
            // Slots 0 to 4 are the items', so a fold's own is 5.
            assert_eq!(total, "2:!inv#2 5:12", "{s}");
            assert_eq!(run.empty.indexed().count(), 0, "{s}");
        }
    });
}

// ---------------------------------------------------------------- handles

#[test]
fn wait_and_read_afterwards() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let run = tuned!(s, fork(0..50, a, b, c)).start().unwrap();
            let handle = run.handle();
            let report = handle.wait();
            assert!(handle.is_finished(), "{s}");
            assert_eq!(counts(&report, "dbl"), [50, 50, 0, 0], "{s}");
            assert_eq!(run.l.map(Result::unwrap).sum::<i64>(), 50 * 51, "{s}");
            assert_eq!(run.r.count(), 50, "{s}");
        }
    });
}

#[test]
fn join_discards_and_reports() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let mut run = tuned!(s, fork(0..50, a, b, c)).start().unwrap();
            run.r.next();
            let report = run.join().unwrap();
            assert_eq!(counts(&report, "sqr"), [50, 50, 0, 0], "{s}");
            assert_eq!(position(&report, "xs"), 50, "{s}");
        }
    });
}

#[test]
fn wait_from_several_threads() {
    within(20, || {
        let (tx, rx) = mpsc::channel::<i64>();
        let run = one(rx, rayon()).start().unwrap();
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                let handle = run.handle();
                thread::spawn(move || position(&handle.wait(), "xs"))
            })
            .collect();
        assert!(run.handle().wait_timeout(millis(20)).is_none());
        assert!(!run.handle().is_finished());
        tx.send(1).unwrap();
        drop(tx);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), 1);
        }
        assert_eq!(line(run), "2");
    });
}

#[test]
fn stop_from_another_thread() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            let (xs, pulled) = counted(0..);
            let mut run = fork(xs, a.clone(), b.clone(), c.clone())
                .buffer(20)
                .start()
                .unwrap();
            let handle = run.handle();
            run.l.next();
            thread::spawn(move || handle.stop()).join().unwrap();
            let l = run.l.by_ref().count() + 1;
            assert_eq!(l, pulled.load(SeqCst), "{name}");
            assert_eq!(run.r.by_ref().count(), l, "{name}");
            let report = run.join().unwrap();
            assert_eq!(position(&report, "xs"), l as u64, "{name}");
        }
    });
}

#[test]
fn stop_while_the_source_is_blocked() {
    within(20, || {
        for (name, [a, ..]) in pool_sets() {
            let (tx, rx) = mpsc::channel::<i64>();
            let mut run = one(rx, a.clone()).start().unwrap();
            let handle = run.handle();
            let stopper = thread::spawn(move || handle.stop());
            promptly(name, || stopper.join().unwrap());
            // The source may be asked once more before it can be left.
            let _ = tx.send(1);
            drop(tx);
            assert!(run.by_ref().count() <= 1, "{name}");
        }
    });
}

#[test]
fn cancel_from_another_thread() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            let mut run = fork(0.., a.clone(), b.clone(), c.clone())
                .buffer(20)
                .start()
                .unwrap();
            run.l.next();
            let handle = run.handle();
            thread::spawn(move || handle.cancel()).join().unwrap();
            promptly("the end", || {
                assert!(run.l.by_ref().count() <= 1000, "{name}");
                assert!(run.r.by_ref().count() <= 1000, "{name}");
            });
            assert!(run.handle().wait_timeout(secs(2)).is_some(), "{name}");
            assert!(run.handle().is_finished(), "{name}");
        }
    });
}

#[test]
fn cancel_drops_what_is_in_flight() {
    within(20, || {
        for (name, [a, ..]) in pool_sets() {
            let tally = Tally::new();
            let mine = tally.clone();
            let mut run = lives((0..).map(move |n| mine.item(n)), a.clone())
                .start()
                .unwrap();
            drop(run.next());
            let handle = run.handle();
            handle.cancel();
            handle.wait();
            drop(run);
            assert_eq!(tally.live(), 0, "{name}");
        }
    });
}

#[test]
fn pause_and_resume_often() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let mut run = tuned!(s, chain(0..200, a, b, c)).start().unwrap();
            let handle = run.handle();
            let mut seen = Vec::new();
            for _ in 0..50 {
                handle.pause();
                handle.resume();
                seen.extend(run.by_ref().take(2));
            }
            seen.extend(run);
            assert_eq!(
                show(seen),
                line((1..=200i64).map(|n| Ok(n * (n + 1)))),
                "{s}"
            );
        }
    });
}

#[test]
fn resume_from_another_thread_wakes_the_reader() {
    within(20, || {
        for (name, [a, ..]) in pool_sets() {
            let mut run = one(0..1000, a.clone()).buffer(4).start().unwrap();
            run.handle().pause();
            let handle = run.handle();
            let other = thread::spawn(move || {
                thread::sleep(Duration::from_millis(10));
                handle.resume();
            });
            assert_eq!(run.by_ref().count(), 1000, "{name}");
            other.join().unwrap();
        }
    });
}

#[test]
fn stop_and_cancel_and_drop_while_paused() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            for end in 0..3 {
                let mut run = chain(0.., a.clone(), b.clone(), c.clone())
                    .buffer(8)
                    .start()
                    .unwrap();
                run.next();
                let handle = run.handle();
                handle.pause();
                match end {
                    0 => handle.stop(),
                    1 => handle.cancel(),
                    _ => promptly(name, || drop(run)),
                }
                assert!(handle.wait_timeout(secs(5)).is_some(), "{name}, {end}");
                assert!(handle.is_finished(), "{name}, {end}");
            }
        }
    });
}

#[test]
fn stats_while_running() {
    within(20, || {
        let mut run = chain(0..1000, rayon(), rayon(), Pool::threads(2))
            .start()
            .unwrap();
        let handle = run.handle();
        let _ = handle.stats();
        run.next();
        let other = thread::spawn(move || {
            while !handle.is_finished() {
                let _ = handle.stats();
                thread::yield_now();
            }
        });
        assert_eq!(run.by_ref().count(), 999);
        drop(run);
        other.join().unwrap();
    });
}

#[test]
fn handles_may_go_anywhere() {
    within(20, || {
        fn check<T: Clone + Send + Sync + 'static>(_: &T) {}
        let run = one(0..5, rayon()).start().unwrap();
        check(&run.handle());
        let _ = run.handle().clone();
        assert_eq!(run.count(), 5);
    });
}

// ---------------------------------------------------------------- the report

pipeline! {
    fn counting(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        let kept = xs >> inv.on(a) >> even.filter().on(a);
        let safe = ys >> boom(at = 7).on(a).serial();
        (kept, safe) >> cat.on(a)
    }
}

#[test]
fn the_report_counts() {
    within(20, || {
        quiet();
        for s in schedules() {
            let [a, ..] = s.pools();
            // inv: 10, a fault, 5, 3, 2, 2; even: 10, -, -, -, 2, 2; the join's: slots 0, 4 and 5 but for a panic in 5.
            let run = tuned!(s, counting([1, 0, 2, 3, 4, 5], [1, 2, 3, 4, 5, 7], a))
                .start()
                .unwrap();
            let report = run.join().unwrap();
            assert_eq!(counts(&report, "inv"), [6, 5, 1, 0], "{s}");
            assert_eq!(counts(&report, "even"), [5, 3, 0, 2], "{s}");
            assert_eq!(counts(&report, "boom"), [6, 5, 1, 0], "{s}");
            assert_eq!(counts(&report, "cat"), [2, 2, 0, 0], "{s}");
            assert_eq!(
                (position(&report, "xs"), position(&report, "ys")),
                (6, 6),
                "{s}"
            );
            assert_eq!(report.nodes().iter().count(), 4, "{s}");
        }
    });
}

// ---------------------------------------------------------------- stopping at a fault

pipeline! {
    fn two_ways(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> inv.on(a);
        let r = xs >> inc.on(b);
        (l, r)
    }
}

#[test]
fn on_fault_stop_ends_each_output_at_its_first_fault() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let p = || two_ways([1, 2, 0, 5, 0], a.clone(), b.clone()).on_fault(OnFault::Stop);
            let (l, r) = tuned!(s, p()).collect();
            assert_eq!(show(l), "10 5 !inv#2", "{s}");
            assert!("2 3 1 6 1".starts_with(&show(r)), "{s}");
            let run = tuned!(s, p()).start().unwrap();
            assert_eq!(line(run.l), "10 5 !inv#2", "{s}");
            assert!("2 3 1 6 1".starts_with(&line(run.r)), "{s}");
        }
    });
}

#[test]
fn on_fault_continue_is_the_default() {
    within(20, || {
        let (l, _) = two_ways([1, 0, 5], rayon(), rayon())
            .on_fault(OnFault::Continue)
            .collect();
        assert_eq!(show(l), "10 !inv#1 2");
    });
}

// ---------------------------------------------------------------- drop

#[test]
fn dropping_in_every_phase() {
    within(60, || {
        for (name, [a, ..]) in pool_sets() {
            for phase in 0..9 {
                let tally = Tally::new();
                let mine = tally.clone();
                let p = lives((0..50).map(move |n| mine.item(n)), a.clone()).buffer(7);
                if phase == 0 {
                    drop(p);
                } else {
                    let mut run = p.start().unwrap();
                    match phase {
                        1 => (),
                        2 => drop(run.next()),
                        3 => assert_eq!(run.by_ref().take(25).count(), 25),
                        4 => assert_eq!(run.by_ref().take(50).count(), 50),
                        5 => assert_eq!(run.by_ref().count(), 50),
                        6 => drop(run.handle().wait()),
                        7 => run.handle().stop(),
                        _ => run.handle().pause(),
                    }
                    promptly(name, || drop(run));
                }
                assert_eq!(tally.live(), 0, "{name}, phase {phase}");
            }
        }
    });
}

#[test]
fn dropping_releases_source_and_values() {
    within(20, || {
        for (name, [a, ..]) in pool_sets() {
            let (source, value) = (Arc::new(()), Arc::new(5));
            let weak: (Weak<()>, Weak<i64>) = (Arc::downgrade(&source), Arc::downgrade(&value));
            let xs = (0..).inspect(move |_| drop(source.clone()));
            let mut run = with_value(xs, value, a.clone()).start().unwrap();
            assert_eq!(item(&run.next().unwrap()), "5");
            drop(run);
            assert!(
                weak.0.upgrade().is_none() && weak.1.upgrade().is_none(),
                "{name}"
            );
        }
    });
}

pipeline! {
    fn with_value(xs: Stream<i64>, value: Arc<i64>, a: Pool) -> Stream<i64> {
        xs >> (|x| x + *value).on(a)
    }
}

#[test]
fn no_calls_after_drop() {
    within(20, || {
        for (name, [a, ..]) in pool_sets() {
            let calls = Arc::new(AtomicUsize::new(0));
            let mut run = calling(0.., calls.clone(), a.clone()).start().unwrap();
            run.next();
            drop(run);
            let before = calls.load(SeqCst);
            thread::sleep(Duration::from_millis(5));
            assert_eq!(calls.load(SeqCst), before, "{name}");
        }
    });
}

pipeline! {
    fn calling(xs: Stream<i64>, calls: Arc<AtomicUsize>, a: Pool) -> Stream<usize> {
        xs >> (|_x| calls.fetch_add(1, SeqCst)).on(a)
    }
}

#[test]
fn a_blocked_source_does_not_hold_drop_or_join_up() {
    within(30, || {
        for (name, [a, ..]) in pool_sets() {
            let (tx, rx) = mpsc::channel::<i64>();
            let mut run = one(rx, a.clone()).start().unwrap();
            tx.send(1).unwrap();
            assert_eq!(item(&run.next().unwrap()), "2");
            promptly(name, || drop(run));

            let (ty, ry) = mpsc::channel::<i64>();
            let run = one(ry, a.clone()).start().unwrap();
            let handle = run.handle();
            promptly(name, || handle.cancel());
            assert!(handle.wait_timeout(secs(2)).is_some(), "{name}");
            promptly(name, || drop(run));
            drop((tx, ty));
        }
    });
}

#[test]
fn a_run_dropped_while_its_reader_panics() {
    within(20, || {
        quiet();
        for (name, [a, b, c]) in pool_sets() {
            let mut run = fork(0.., a.clone(), b.clone(), c.clone()).start().unwrap();
            let reader = thread::spawn(move || {
                run.l.next();
                panic!("on purpose");
            });
            assert!(reader.join().is_err(), "{name}");
        }
    });
}

#[test]
fn a_forgotten_run_hinders_nobody() {
    // but it keeps what it has
    let said = failing(20, || {
        let pool = Pool::threads(2);
        std::mem::forget(one(0.., pool.clone()).buffer(3).start().unwrap());
        assert_eq!(show(one(0..5, pool).collect()), "1 2 3 4 5");
    });
    let want =
        "leaves something behind: 3 threads more than before: `papy-0`, `papy-1`, `papy one`";
    assert!(said.contains(want), "{said}");
}

// ---------------------------------------------------------------- sources that misbehave

/// Counts down, says that it is over, and panics when it is asked once more.
struct Once(usize, bool);

impl Iterator for Once {
    type Item = i64;
    fn next(&mut self) -> Option<i64> {
        assert!(!self.1, "asked after the end");
        self.1 = self.0 == 0;
        self.0 = self.0.checked_sub(1)?;
        Some(self.0 as i64)
    }
}

#[test]
fn an_ended_source_is_not_asked_again() {
    within(30, || {
        for s in schedules() {
            for len in [0, 1, 2, 3, 7, 8] {
                let [a, b, c] = s.pools();
                let want = line((0..len as i64).rev().map(|n| Ok((n + 1) * 2)));
                let p = || fork(Once(len, false), a.clone(), b.clone(), c.clone());
                assert_eq!(show(tuned!(s, p()).collect().0), want, "{s}");
                assert_eq!(show(p().inline().collect().0), want, "{s}");
                let mut run = tuned!(s, p()).start().unwrap();
                assert_eq!(line(run.l.by_ref()), want, "{s}");
                assert!(run.l.next().is_none(), "{s}");
                assert_eq!(run.r.count(), len, "{s}");
            }
        }
    });
}

/// An iterator that lies about its size.
struct Lies<I>(I, (usize, Option<usize>));

impl<I: Iterator> Iterator for Lies<I> {
    type Item = I::Item;
    fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.1
    }
}

#[test]
fn size_hints_may_lie() {
    within(20, || {
        for hint in [
            (0, Some(0)),
            (0, None),
            (usize::MAX, None),
            (usize::MAX, Some(usize::MAX)),
            (9, Some(1)),
        ] {
            for (name, [a, ..]) in pool_sets() {
                let p = || one(Lies(0..5, hint), a.clone());
                assert_eq!(show(p().collect()), "1 2 3 4 5", "{name}, {hint:?}");
                assert_eq!(line(p().start().unwrap()), "1 2 3 4 5", "{name}, {hint:?}");
            }
        }
    });
}

pipeline! {
    fn large(xs: Stream<u128>, a: Pool) -> Stream<u128> {
        xs >> pass.on(a)
    }
}

#[test]
fn octillions_and_large_settings() {
    within(20, || {
        let mut run = large(0..u128::MAX, rayon()).start().unwrap();
        assert_eq!(line(run.by_ref().take(3)), "0 1 2");
        let p = || one(0..5, rayon()).stride(usize::MAX).buffer(usize::MAX);
        assert_eq!(show(p().collect()), "1 2 3 4 5");
        assert_eq!(line(p().start().unwrap()), "1 2 3 4 5");
        let mut run = one(0.., rayon()).stride(usize::MAX).start().unwrap();
        assert_eq!(line(run.by_ref().take(3)), "1 2 3");
    });
}

#[derive(Clone, Debug)]
struct Nothing;

pipeline! {
    fn nothings(xs: Stream<Nothing>, a: Pool, b: Pool) -> (Stream<Nothing>, Stream<(Nothing, Nothing)>) {
        let l = xs >> pass.on(a);
        let r = (l, xs >> pass.on(b)) >> (|x, y| (x, y));
        (l, r)
    }
}

#[test]
fn items_without_size() {
    within(20, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let (l, r) = tuned!(s, nothings((0..20).map(|_| Nothing), a, b)).collect();
            assert_eq!((l.len(), r.len()), (20, 20), "{s}");
        }
    });
}

#[test]
fn many_small_runs() {
    within(30, || {
        for (name, [a, b, c]) in pool_sets() {
            for n in 0..200 {
                let run = chain(0..n % 5, a.clone(), b.clone(), c.clone())
                    .start()
                    .unwrap();
                assert_eq!(run.count(), n as usize % 5, "{name}");
            }
        }
    });
}

#[test]
fn sizes_around_buffer_and_stride() {
    within(60, || {
        for (name, [a, b, c]) in pool_sets() {
            for buffer in [1, 4, 5] {
                for stride in [1, 4, 5, 6] {
                    for len in [0, 1, 3, 4, 5, 6, 9, 10, 11] {
                        let p = diamond(0..len, a.clone(), b.clone(), c.clone())
                            .buffer(buffer)
                            .stride(stride);
                        let want = line((0..len).map(|n| Ok(1 - n)));
                        assert_eq!(
                            line(p.start().unwrap()),
                            want,
                            "{name}, buffer {buffer}, stride {stride}"
                        );
                    }
                }
            }
        }
    });
}

// ---------------------------------------------------------------- panics

#[worker]
fn explode(x: i64, #[param] with: usize) -> i64 {
    match (x, with) {
        (3, 0) => panic!("on purpose"),
        (3, 1) => panic!("on purpose: {x}"),
        (3, 2) => panic_any(7),
        (3, 3) => panic_any(Box::new(Nothing)),
        (3, 4) => panic_any(PanicsInDrop),
        _ => x,
    }
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        assert!(thread::panicking(), "on purpose, in drop");
    }
}

#[worker]
fn explode_serial(seen: &mut usize, x: i64, #[param] with: usize) -> i64 {
    *seen += 1;
    explode(x, with)
}

#[worker]
fn explode_fold(total: &mut i64, x: i64, #[param] with: usize) {
    *total += explode(x, with);
}

pipeline! {
    fn explode_first(xs: Stream<i64>, with: usize, a: Pool, b: Pool) -> Stream<i64> {
        xs >> explode(with = with).on(a) >> id.on(b)
    }
}

pipeline! {
    fn explode_middle(xs: Stream<i64>, with: usize, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(a) >> explode(with = with).on(b) >> id.on(a)
    }
}

pipeline! {
    fn explode_last(xs: Stream<i64>, with: usize, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(a).serial() >> explode(with = with).on(b)
    }
}

pipeline! {
    fn explode_in_order(xs: Stream<i64>, with: usize, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(b) >> explode_serial(with = with).serial().on(a).named("explode") >> id.on(b)
    }
}

pipeline! {
    fn explode_in_branch(xs: Stream<i64>, with: usize, a: Pool, b: Pool) -> Stream<i64> {
        (xs >> id.on(b), xs >> explode(with = with).on(a)) >> (|x, y| x.max(y))
    }
}

pipeline! {
    fn explode_in_join(xs: Stream<i64>, with: usize, a: Pool, b: Pool) -> Stream<i64> {
        (xs >> id.on(b), xs >> dbl.on(a)) >> (|x, _y| explode(x, with)).on(a).named("explode")
    }
}

pipeline! {
    fn explode_unordered(xs: Stream<i64>, with: usize, a: Pool, b: Pool) -> Stream<i64> {
        xs >> explode(with = with).on(a).unordered() >> id.on(b).ordered()
    }
}

pipeline! {
    fn explode_in_fold(xs: Stream<i64>, with: usize, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(b) >> explode_fold(with = with).fold().on(a).named("explode")
    }
}

#[test]
fn panics_with_any_payload_at_any_place() {
    within(60, || {
        quiet();
        let mut texts = HashSet::new();
        for s in schedules() {
            for with in 0..5 {
                let [a, b, _] = s.pools();
                macro_rules! place {
                    ($name:ident, $want:expr) => {
                        let results = tuned!(s, $name(1..=5, with, a.clone(), b.clone())).collect();
                        texts.extend(
                            results
                                .iter()
                                .filter_map(|x| Some(x.as_ref().err()?.to_string())),
                        );
                        assert_eq!(
                            show(results),
                            $want,
                            "{}, payload {with}; {s}",
                            stringify!($name)
                        );
                    };
                }
                place!(explode_first, "1 2 !explode#2[Panic] 4 5");
                place!(explode_middle, "1 2 !explode#2[Panic] 4 5");
                place!(explode_last, "1 2 !explode#2[Panic] 4 5");
                place!(explode_in_order, "1 2 !explode#2[Panic] 4 5");
                place!(explode_in_branch, "1 2 !explode#2[Panic] 4 5");
                place!(explode_in_join, "1 2 !explode#2[Panic] 4 5");
                place!(explode_unordered, "1 2 !explode#2[Panic] 4 5");
                place!(explode_in_fold, "!explode#2[Panic] 12");
            }
        }
        assert!(
            texts.iter().any(|text| text.contains("on purpose: 3")),
            "{texts:?}"
        );
    });
}

#[test]
fn a_panic_in_one_branch_costs_its_sibling_nothing() {
    within(30, || {
        quiet();
        for s in schedules() {
            let [a, b, _] = s.pools();
            let (l, r) = tuned!(s, siblings(0..9, a, b)).collect();
            assert_eq!(show(l), "0 1 2 !boom#3[Panic] 4 5 6 7 8", "{s}");
            assert_eq!(show(r), "0 1 2 3 4 5 6 7 8", "{s}");
        }
    });
}

pipeline! {
    fn siblings(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> boom(at = 3).on(a);
        let r = xs >> id.on(b);
        (l, r)
    }
}

/// Panics when it is cloned.
#[derive(Debug)]
struct Fragile(i64);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(self.0 != 2, "on purpose, in clone");
        Fragile(self.0)
    }
}

#[worker]
fn weigh(x: Fragile) -> i64 {
    x.0
}

pipeline! {
    fn cloned(xs: Stream<Fragile>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> weigh.on(a).named("copy");
        let r = xs >> weigh.on(b).named("last");
        (l, r)
    }
}

#[test]
fn a_panic_in_clone_belongs_to_the_node_that_is_fed() {
    within(30, || {
        quiet();
        for s in schedules() {
            let [a, b, _] = s.pools();
            let (l, r) = tuned!(s, cloned((0..5).map(Fragile), a, b)).collect();
            assert_eq!(show(l), "0 1 !copy#2[Panic] 3 4", "{s}");
            assert_eq!(show(r), "0 1 2 3 4", "{s}");
        }
    });
}

/// Number two panics when it is dropped.
#[derive(Clone, Debug)]
struct Volatile(i64);

impl Drop for Volatile {
    fn drop(&mut self) {
        assert!(self.0 != 2 || thread::panicking(), "on purpose, in drop");
    }
}

#[worker]
fn consume(x: Volatile) -> i64 {
    x.0
}

#[worker]
fn refuse(x: Volatile) -> Option<i64> {
    (x.0 > 100).then_some(x.0)
}

pipeline! {
    fn consumed(xs: Stream<Volatile>, a: Pool) -> Stream<i64> {
        xs >> consume.on(a)
    }
}

pipeline! {
    fn refused(xs: Stream<Volatile>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> refuse.on(a).filter();
        let r = xs >> consume.on(b);
        (l, r)
    }
}

#[test]
fn a_panic_in_drop_belongs_to_its_worker() {
    within(30, || {
        quiet();
        for s in schedules() {
            let [a, b, _] = s.pools();
            let results = tuned!(s, consumed((0..5).map(Volatile), a.clone())).collect();
            assert_eq!(show(results), "0 1 !consume#2[Panic] 3 4", "{s}");
            let (l, r) = tuned!(s, refused((0..5).map(Volatile), a, b)).collect();
            assert_eq!(show(l), "!refuse#2[Panic]", "{s}");
            assert_eq!(show(r), "0 1 !consume#2[Panic] 3 4", "{s}");
        }
    });
}

pipeline! {
    fn beside_volatile(xs: Stream<i64>, a: Pool) -> (Stream<Volatile>, Stream<i64>) {
        let l = xs >> (|x| Volatile(x)).on(a);
        let r = xs >> inc.on(a);
        (l, r)
    }
}

#[test]
fn items_that_panic_in_drop_may_be_discarded() {
    within(30, || {
        quiet();
        for s in schedules() {
            let [a, ..] = s.pools();
            let run = tuned!(s, beside_volatile(0..9, a)).start().unwrap();
            drop(run.l);
            assert_eq!(run.r.count(), 9, "{s}");
        }
    });
}

#[worker]
fn poisoning(x: i64, #[param] lock: &Mutex<i64>) -> Result<i64, String> {
    let mut guard = lock.lock().map_err(|e| e.to_string())?;
    *guard += 1;
    assert!(x != 1, "on purpose");
    Ok(x)
}

pipeline! {
    fn poisoned(xs: Stream<i64>, lock: Arc<Mutex<i64>>) -> Stream<i64> {
        xs >> poisoning(lock = lock).serial()
    }
}

#[test]
fn a_poisoned_lock_is_the_workers_own_matter() {
    within(20, || {
        quiet();
        let lock = Arc::new(Mutex::new(0));
        assert_eq!(
            show(poisoned(0..4, lock).collect()),
            "0 !poisoning#1[Panic] !poisoning#2 !poisoning#3"
        );
    });
}

#[test]
fn everything_is_dropped_once_whatever_happens() {
    within(30, || {
        quiet();
        for s in schedules() {
            let [a, b, c] = s.pools();
            let tally = Tally::new();
            let mine = tally.clone();
            let xs = (0..60).map(move |n| mine.item(n));
            let (l, r) = tuned!(s, mishaps(xs, a, b, c)).collect();
            assert_eq!((l.len(), r.len()), (50, 60), "{s}");
            drop((l, r));
            assert_eq!(tally.live(), 0, "{s}");
        }
    });
}

#[worker]
fn mishap(x: Live) -> Result<Option<Live>, String> {
    match *x % 6 {
        0 => Err("sixth".into()),
        1 => panic!("on purpose"),
        2 => Ok(None),
        _ => Ok(Some(x)),
    }
}

#[worker]
fn meet(x: Live, y: Live) -> (Live, Live) {
    (x, y)
}

pipeline! {
    fn mishaps(xs: Stream<Live>, a: Pool, b: Pool, c: Pool) -> (Stream<(Live, Live)>, Stream<Live>) {
        let some = xs >> mishap.filter().on(a);
        let pairs = (some, xs >> pass.on(b)) >> meet.on(c);
        let all = xs >> pass.serial();
        (pairs, all)
    }
}

// ---------------------------------------------------------------- inputs of unequal length

#[test]
fn unequal_inputs_end_the_run_on_every_output() {
    within(30, || {
        for s in schedules() {
            for (m, n) in [(0, 3), (3, 0), (3, 5), (5, 3), (1, 100)] {
                let [a, b, _] = s.pools();
                let short = m.min(n);
                let want = (0..short)
                    .map(|x| format!("[{x},{x}]"))
                    .chain([format!("!cat#{short}[Unequal]")]);
                let want = want.collect::<Vec<_>>().join(" ");
                let (pairs, firsts) =
                    tuned!(s, zip_and_more(0..m, 0..n, a.clone(), b.clone())).collect();
                assert_eq!(show(pairs), want, "{m} and {n}; {s}");
                assert!(
                    firsts.len() >= short as usize && firsts.iter().all(Result::is_ok),
                    "{m} and {n}; {s}"
                );
                let mut run = tuned!(s, zip_and_more(0..m, (0..).take(n as usize), a, b))
                    .start()
                    .unwrap();
                assert!(
                    run.firsts.by_ref().count() >= short as usize,
                    "{m} and {n}; {s}"
                );
                assert_eq!(line(run.pairs.by_ref()), want, "{m} and {n}; {s}");
                run.join().unwrap();
            }
        }
    });
}

pipeline! {
    fn zip_and_more(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<i64>) {
        let pairs = (xs >> id.on(a), ys) >> cat.on(b);
        let firsts = xs >> inc.on(b);
        (pairs, firsts)
    }
}

#[test]
fn unequal_inputs_with_an_endless_one() {
    within(20, || {
        for (name, [a, b, _]) in pool_sets() {
            let (tx, rx) = mpsc::channel();
            tx.send(7).unwrap();
            drop(tx);
            let mut run = zip(rx, 0.., a.clone(), b.clone()).start().unwrap();
            assert_eq!(line(run.by_ref()), "[7,0] !cat#1[Unequal]", "{name}");
            promptly(name, || run.join().unwrap());
        }
    });
}

// ---------------------------------------------------------------- builder

#[test]
fn a_run_is_static_and_send() {
    within(20, || {
        fn check<T: Send + 'static>(run: T) -> T {
            run
        }
        let run = check(fork(0..5, rayon(), rayon(), rayon()).start().unwrap());
        assert_eq!(
            thread::spawn(move || run.l.count() + run.r.count())
                .join()
                .unwrap(),
            10
        );
    });
}

#[test]
fn a_named_pipeline_runs_like_any_other() {
    within(20, || {
        assert_eq!(show(one(0..3, rayon()).named("mine").collect()), "1 2 3");
    });
}

#[test]
fn the_caller_is_not_blocked_by_the_start() {
    within(20, || {
        let barrier = Arc::new(Barrier::new(2));
        let first = AtomicBool::new(true);
        let inner = barrier.clone();
        let xs = (0..3).inspect(move |_| {
            if first.swap(false, SeqCst) {
                inner.wait();
            }
        });
        let run = one(xs, rayon()).start().unwrap();
        let reader = thread::spawn(move || line(run));
        barrier.wait();
        assert_eq!(reader.join().unwrap(), "1 2 3");
    });
}

// ---------------------------------------------------------------- memory

#[worker]
fn add_up(total: &mut i64, x: i64) {
    *total += x;
}

pipeline! {
    fn summed_up(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let total = xs >> add_up.fold();
        (xs, total)
    }
}

/// Peak memory of this process in KiB, where the system tells.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn an_unread_fold_takes_no_memory() {
    within(60, || {
        let sum_of = |n: i64| {
            let mut run = summed_up(0..n).start().unwrap();
            let sum: i64 = run.xs.by_ref().map(Result::unwrap).sum();
            assert_eq!(run.total.next().unwrap().unwrap(), sum);
        };
        sum_of(100_000);
        let Some(before) = peak() else { return };
        sum_of(2_000_000);
        let grown = peak().unwrap() - before;
        assert!(grown < 8_000, "{grown} KiB for 2,000,000 items");
    });
}
