//! `.flat()` where all is done by the thread that drives: evaluated in place, in waves behind that, and from thread to thread, it gives the same.

#[macro_use]
mod common;

use std::thread;
use std::time::Duration;

use common::*;
use papy::prelude::*;
use papy::source::fallible;
use papy::{OnFault, Report};

/// As many as it says: of none, one, a few and many.
#[worker]
fn upto(n: i64) -> std::ops::Range<i64> {
    0..n
}

/// Fails for an item in seven.
#[worker]
fn sevenths(n: i64) -> Result<Vec<i64>, DivByZero> {
    inv(n % 7)?;
    Ok(vec![n; (n % 5) as usize])
}

/// Panics in its iterator, behind some items.
#[worker]
fn breaking(n: i64) -> impl Iterator<Item = i64> + Send {
    (0..n).inspect(move |at| assert!(*at != 3 || n % 4 != 0, "on purpose"))
}

/// Panics before there is an iterator.
#[worker]
fn broken(n: i64) -> Option<i64> {
    assert!(n % 3 != 1, "on purpose");
    (n % 2 == 0).then_some(n)
}

#[worker]
fn elevenths(x: i64) -> Result<i64, DivByZero> {
    inv(x % 11).map(|_| x)
}

pipeline! {
    fn plain(xs: Stream<i64>) -> Stream<i64> { xs >> upto.flat() >> inc }
}

pipeline! {
    fn with_faults(xs: Stream<i64>) -> Stream<i64> { xs >> sevenths.flat() >> elevenths >> inc }
}

pipeline! {
    fn with_panics(xs: Stream<i64>) -> Stream<i64> { xs >> inc >> breaking.flat() >> elevenths }
}

pipeline! {
    fn with_holes(xs: Stream<i64>) -> Stream<i64> {
        xs >> even.filter() >> broken.flat() >> even.filter() >> dbl
    }
}

pipeline! {
    fn with_state(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let all = xs >> running.serial() >> (|n| 0..n % 9).flat() >> running.serial();
        let total = all >> add.fold();
        (all, total)
    }
}

pipeline! {
    fn with_routes(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let routed = match xs >> upto.flat() {
            n if n % 3 == 0 => skip,
            n if n % 3 == 1 => n >> elevenths,
            n => n >> dbl,
        };
        let both = routed >> (|x| [x, -x]).produce(2);
        (routed, both)
    }
}

pipeline! {
    fn joined(xs: Stream<i64>) -> Stream<i64> {
        let some = xs >> breaking.flat();
        (some >> inc, some >> elevenths) >> sum
    }
}

pipeline! {
    fn folded_before(xs: Stream<i64>) -> Stream<i64> { xs >> add.fold() >> upto.flat() >> inc }
}

pipeline! {
    fn into_nothing(xs: Stream<i64>) { xs >> breaking.flat() >> (|_| ()); }
}

/// All that the ways to run a pipeline give, and what their reports count, must be alike.
macro_rules! alike {
    ($pipeline:ident: ($($out:ident),+) $items:expr, [$($node:literal),+]) => {{
        let figures = |report: &Report| [$(counts(report, $node)),+];
        let mut told = Vec::new();
        for inline in [false, true] {
            let tuned = |pipeline| if inline { papy::Pipeline::inline(pipeline) } else { pipeline };
            $(let mut $out = Vec::new();)+
            let report = tuned($pipeline($items)).for_each(alike!(@sinks $($out),+));
            told.push((vec![$(show($out)),+], figures(&report)));
            let all = tuned($pipeline($items)).collect();
            assert_eq!(show(all), told[0].0.join(" | "));
        }
        let run = $pipeline($items).start().unwrap();
        let handle = run.handle();
        told.push((alike!(@read run $($out),+), figures(&handle.wait())));
        for other in &told[1..] {
            assert_eq!(other, &told[0]);
        }
        told.swap_remove(0)
    }};
    (@sinks $one:ident) => { |result| $one.push(result) };
    (@sinks $($out:ident),+) => { ($(|result| $out.push(result)),+) };
    (@read $run:ident $one:ident) => { vec![line($run)] };
    (@read $run:ident $a:ident, $b:ident) => {{
        let (a, b) = ($run.$a, $run.$b);
        let b = thread::spawn(|| line(b));
        vec![line(a), b.join().unwrap()]
    }};
}

#[test]
fn every_way_gives_the_same() {
    within(60, || {
        quiet();
        for n in [0, 1, 2, 3, 10, 150] {
            let (all, _) = alike!(plain: (out) 0..n, ["upto", "inc"]);
            let expected: Vec<i64> = (0..n).flat_map(|n| 1..=n).collect();
            assert_eq!(
                all,
                [show(
                    expected
                        .into_iter()
                        .map(Ok)
                        .collect::<Vec<Result<i64, Fault>>>()
                )]
            );
            alike!(with_faults: (out) 0..n, ["sevenths", "elevenths", "inc"]);
            alike!(with_panics: (out) 0..n, ["inc", "breaking", "elevenths"]);
            alike!(with_holes: (out) 0..n, ["even", "broken", "even#2", "dbl"]);
            alike!(with_state: (all, total) 0..n, ["running", "running#2", "add"]);
            alike!(with_routes: (routed, both) 0..n, ["upto", "elevenths", "dbl"]);
            alike!(joined: (out) 0..n, ["breaking", "inc", "elevenths", "sum"]);
            alike!(folded_before: (out) 0..n / 10, ["add", "upto", "inc"]);
            let source = || fallible((0..n).map(|n| if n % 6 == 5 { inv(0) } else { Ok(n) }));
            alike!(with_faults: (out) source(), ["sevenths", "elevenths", "inc"]);
        }
    });
}

#[test]
fn faults_tell_the_item_that_they_come_from() {
    within(20, || {
        quiet();
        let (all, figures) = alike!(with_panics: (out) [2, 7, 3], ["inc", "breaking", "elevenths"]);
        let expected = "!elevenths#0 1 2 !elevenths#1 1 2 !breaking#1[Panic] !elevenths#2 1 2 !breaking#2[Panic]";
        assert_eq!(all, [expected]);
        assert_eq!(figures[1], [3, 9, 2, 0]);
    });
}

#[test]
fn what_a_sink_is_given_is_counted() {
    within(20, || {
        quiet();
        for report in [
            into_nothing(0..50).run(),
            into_nothing(0..50).inline().run(),
        ] {
            assert_eq!(counts(&report, "breaking"), [50, 949, 12, 0]);
        }
    });
}

/// Heavy from some item on, in the middle of an iterator: the rest of it is done in waves, behind what was done in place.
#[test]
fn nothing_is_lost_where_others_begin_to_help() {
    #[worker]
    fn heavy_later(x: i64) -> i64 {
        if (5000..5040).contains(&(x % 100_000)) {
            thread::sleep(Duration::from_millis(1));
        }
        x
    }
    pipeline! {
        fn getting_heavy(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
            let all = xs >> (|n| 100_000 * n..100_000 * n + 20_000).flat() >> heavy_later;
            let total = all >> add.fold();
            (all, total)
        }
    }
    within(60, || {
        for n in [1, 3] {
            let expected: Vec<i64> = (0..n)
                .flat_map(|n| 100_000 * n..100_000 * n + 20_000)
                .collect();
            let (mut all, mut total) = (Vec::new(), Vec::new());
            let report = getting_heavy(0..n)
                .for_each((|x| all.push(x.unwrap()), |x| total.push(x.unwrap())));
            assert!(all == expected, "{n}");
            assert_eq!(total, [expected.iter().sum::<i64>()]);
            assert_eq!(counts(&report, "heavy_later")[..2], [20_000 * n as u64; 2]);
            assert_eq!(position(&report, "xs"), n as u64);
        }
    });
}

#[test]
fn an_endless_iterator_ends_with_its_sink() {
    pipeline! {
        fn endless(xs: Stream<i64>) -> Stream<i64> { xs >> (|n| n..).flat() >> inc }
    }
    within(20, || {
        quiet();
        for limit in [0, 1, 5000] {
            let ended = std::panic::catch_unwind(|| {
                endless([1]).for_each(|x| assert!(x.unwrap() < limit, "on purpose"))
            });
            assert!(ended.is_err(), "{limit}");
        }
    });
}

#[test]
fn a_run_that_stops_at_faults_asks_for_no_more() {
    pipeline! {
        fn stopping(xs: Stream<i64>) -> Stream<i64> { xs >> (|n| n..n + 10).flat() >> elevenths }
    }
    within(20, || {
        let mut pulled = 0;
        let source = (1..).inspect(|_| pulled += 1);
        let all = stopping(source).on_fault(OnFault::Stop).collect();
        assert_eq!(
            show(all),
            "1 2 3 4 5 6 7 8 9 10 2 3 4 5 6 7 8 9 10 !elevenths#1"
        );
        assert!(pulled <= 3, "{pulled}");
    });
}

/// Each item of an iterator is delivered before the next one is asked for.
#[test]
fn no_item_waits_for_the_next() {
    use std::cell::Cell;
    thread_local!(static SEEN: Cell<i64> = const { Cell::new(0) });
    pipeline! {
        fn waiting(xs: Stream<i64>) -> Stream<i64> {
            xs >> (|n| (0..n).inspect(|at| assert_eq!(SEEN.get(), *at))).flat() >> id
        }
    }
    within(20, || {
        SEEN.set(0);
        let report = waiting([3000]).for_each(|x| SEEN.set(x.unwrap() + 1));
        assert_eq!(report.faults(), 0);
        assert_eq!(SEEN.get(), 3000);
    });
}
