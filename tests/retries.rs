//! `.retry(n)`: what fails is tried again, up to `n` times more.

#[macro_use]
mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::*;
use papy::prelude::*;

/// How often each item has been tried.
#[derive(Debug, Default)]
struct Tries(Mutex<HashMap<i64, u32>>);

impl Tries {
    fn another(&self, x: i64) -> u32 {
        let mut tries = self.0.lock().unwrap();
        let tries = tries.entry(x).or_default();
        *tries += 1;
        *tries
    }

    fn of(&self, x: i64) -> u32 {
        self.0.lock().unwrap().get(&x).copied().unwrap_or(0)
    }
}

/// Fails until it has been tried as often as the item says; every other failure is a panic.
#[worker]
fn flaky(x: i64, #[param] tries: &Tries) -> Result<i64, String> {
    let tried = tries.another(x);
    match i64::from(tried) {
        tried if tried >= x => Ok(x),
        tried if tried % 2 == 0 => panic!("on purpose"),
        tried => Err(format!("try {tried}")),
    }
}

pipeline! {
    fn tried(xs: Stream<i64>, tries: Arc<Tries>, n: usize, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(b) >> flaky(tries = tries).on(a).retry(n)
    }
}

pipeline! {
    fn tried_in_place(xs: Stream<i64>, tries: Arc<Tries>) -> Stream<i64> {
        xs >> flaky(tries = tries).retry(2) >> inc
    }
}

pipeline! {
    fn tried_in_time(xs: Stream<i64>, tries: Arc<Tries>, n: usize, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(b) >> flaky(tries = tries).on(a).retry(n).timeout(secs(30))
    }
}

#[test]
fn what_fails_is_tried_again() {
    within(60, || {
        quiet();
        for schedule in schedules() {
            let [a, b, _] = schedule.pools();
            let tries = Arc::new(Tries::default());
            let results = tuned!(
                schedule,
                tried(1..=6, tries.clone(), 3, a.clone(), b.clone())
            )
            .collect();
            assert_eq!(
                show(results),
                "1 2 3 4 !flaky#4[Panic] !flaky#5[Panic]",
                "{schedule}"
            );
            assert_eq!([1, 3, 4, 5, 6].map(|x| tries.of(x)), [1, 3, 4, 4, 4]);
            let tries = Arc::new(Tries::default());
            let run = tuned!(schedule, tried_in_time(1..=6, tries.clone(), 3, a, b));
            assert_eq!(
                line(run.start().unwrap()),
                "1 2 3 4 !flaky#4[Panic] !flaky#5[Panic]",
                "{schedule}"
            );
            assert_eq!([1, 3, 4, 5, 6].map(|x| tries.of(x)), [1, 3, 4, 4, 4]);
        }
    });
}

#[test]
fn a_fault_tells_how_often_was_tried() {
    within(60, || {
        quiet();
        let pool = Pool::threads(1);
        let started = |run: TriedInTimeRun| run.collect::<Vec<_>>();
        let tries = Arc::<Tries>::default;
        for results in [
            tried([9, 1], tries(), 4, pool.clone(), pool.clone()).collect(),
            tried([9, 1], tries(), 4, pool.clone(), pool.clone())
                .inline()
                .collect(),
            tried_in_time([9, 1], tries(), 4, pool.clone(), pool.clone()).collect(),
            tried_in_time([9, 1], tries(), 4, pool.clone(), pool.clone())
                .inline()
                .collect(),
            started(
                tried_in_time([9, 1], tries(), 4, pool.clone(), pool)
                    .start()
                    .unwrap(),
            ),
        ] {
            let fault = results[0].as_ref().unwrap_err();
            assert_eq!(fault.attempts(), 5);
            assert_eq!((fault.kind(), fault.input()), (FaultKind::Error, 0));
            assert_eq!(
                fault.to_string(),
                "`flaky` at item 0: failed in each of 5 tries: try 5"
            );
            assert_eq!(results[1].as_ref().unwrap(), &1);
        }
    });
}

#[test]
fn a_node_without_retry_tries_once() {
    within(60, || {
        let inverse = pipeline_without(0);
        assert_eq!(inverse.attempts(), 1);
        assert_eq!(
            inverse.to_string(),
            "`inv` at item 0: failed: division by zero"
        );
    });
}

pipeline! {
    fn inverted(xs: Stream<i64>) -> Stream<i64> {
        xs >> inv
    }
}

fn pipeline_without(x: i64) -> Fault {
    inverted([x]).collect().remove(0).unwrap_err()
}

#[test]
fn a_retry_may_be_evaluated_in_place() {
    within(60, || {
        quiet();
        let tries = Arc::new(Tries::default());
        let results = tried_in_place((0..10_000).map(|n| n % 3), tries).collect();
        assert!(results.iter().all(Result::is_ok));
        let results = tried_in_place([4, 1], Arc::default()).collect();
        assert_eq!(show(results), "!flaky#0 2");
    });
}

#[test]
fn the_report_counts_an_item_once() {
    within(60, || {
        quiet();
        let (pool, tries) = (Pool::threads(2), Arc::<Tries>::default);
        let reports = [
            tried([1, 2, 9], tries(), 2, pool.clone(), pool.clone()).run(),
            tried_in_time([1, 2, 9], tries(), 2, pool.clone(), pool).run(),
        ];
        for report in reports {
            assert_eq!(counts(&report, "flaky"), [3, 2, 1, 0]);
            assert_eq!(report.node("flaky").unwrap().abandoned(), 0);
        }
    });
}

// ---------------------------------------------------------------- what is kept

#[worker]
fn weigh(x: Live, #[param] fails: bool) -> Result<i64, String> {
    if fails { Err("no".into()) } else { Ok(*x) }
}

pipeline! {
    fn weighed(xs: Stream<Live>, fails: bool, a: Pool) -> Stream<i64> {
        xs >> weigh(fails = fails).on(a).retry(2)
    }
}

pipeline! {
    fn weighed_in_time(xs: Stream<Live>, fails: bool, a: Pool) -> Stream<i64> {
        xs >> weigh(fails = fails).on(a).retry(2).timeout(secs(30))
    }
}

#[test]
fn an_item_is_copied_only_for_tries_that_may_follow() {
    within(60, || {
        for (fails, copies) in [(false, 1), (true, 2)] {
            let made = |tally: &Tally| (tally.made(), tally.live());
            let tally = Tally::new();
            let item = tally.item(7);
            drop(weighed([item], fails, Pool::threads(1)).collect());
            assert_eq!(made(&tally), (1 + copies, 0));
            let tally = Tally::new();
            let item = tally.item(7);
            drop(weighed_in_time([item], fails, Pool::threads(1)).collect());
            assert!(soon(|| tally.live() == 0));
            assert_eq!(made(&tally), (1 + copies, 0));
        }
    });
}

/// An item whose second copy panics.
#[derive(Debug)]
struct Brittle(Arc<AtomicUsize>);

impl Clone for Brittle {
    fn clone(&self) -> Self {
        assert!(self.0.fetch_add(1, SeqCst) < 1, "on purpose");
        Brittle(self.0.clone())
    }
}

#[worker]
fn refuse(_x: Brittle) -> Result<i64, String> {
    Err("no".into())
}

pipeline! {
    fn refused(xs: Stream<Brittle>, a: Pool) -> Stream<i64> {
        xs >> refuse.on(a).retry(5)
    }
}

pipeline! {
    fn refused_in_time(xs: Stream<Brittle>, a: Pool) -> Stream<i64> {
        xs >> refuse.on(a).retry(5).timeout(secs(30))
    }
}

#[test]
fn a_copy_that_panics_is_the_fault_of_the_try() {
    within(60, || {
        quiet();
        let pool = Pool::threads(2);
        for results in [
            refused([Brittle(Arc::default())], pool.clone()).collect(),
            refused_in_time([Brittle(Arc::default())], pool).collect(),
        ] {
            let fault = results[0].as_ref().unwrap_err();
            assert_eq!((fault.kind(), fault.attempts()), (FaultKind::Panic, 2));
        }
    });
}

// ---------------------------------------------------------------- retries and time

/// Takes too long at the first try of an odd item.
#[worker]
fn slow_at_first(x: i64, #[param] tries: &Tries, #[param] gate: &Gate) -> i64 {
    if x % 2 == 1 && tries.another(x) == 1 {
        gate.pass();
    }
    x
}

pipeline! {
    fn slow_starts(xs: Stream<i64>, tries: Arc<Tries>, gate: Arc<Gate>, a: Pool) -> Stream<i64> {
        xs >> slow_at_first(tries = tries, gate = gate).on(a).timeout(millis(60)).retry(1)
    }
}

#[test]
fn a_call_that_took_too_long_is_tried_again() {
    within(60, || {
        for pool in [Pool::rayon(), Pool::threads(1), Pool::inline()] {
            let (tries, gate) = (Arc::new(Tries::default()), Gate::new());
            let mut results = String::new();
            let report = slow_starts(0..6, tries.clone(), gate.clone(), pool)
                .for_each(|result| results += &(item(&result) + " "));
            gate.open();
            assert_eq!(results, "0 1 2 3 4 5 ");
            assert_eq!([1, 3, 5].map(|x| tries.of(x)), [2, 2, 2]);
            assert_eq!(report.node("slow_at_first").unwrap().abandoned(), 3);
            assert_eq!(counts(&report, "slow_at_first"), [6, 6, 0, 0]);
        }
    });
}

#[worker]
fn always_slow(_x: i64, #[param] calls: &AtomicUsize, #[param] gate: &Gate) -> i64 {
    calls.fetch_add(1, SeqCst);
    gate.pass();
    0
}

pipeline! {
    fn slow_always(xs: Stream<i64>, calls: Arc<AtomicUsize>, gate: Arc<Gate>, a: Pool) -> Stream<i64> {
        xs >> always_slow(calls = calls, gate = gate).on(a).timeout(millis(40)).retry(2)
    }
}

#[test]
fn each_try_has_the_full_time() {
    within(60, || {
        let (calls, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
        let began = std::time::Instant::now();
        let results = slow_always([1], calls.clone(), gate.clone(), Pool::threads(1)).collect();
        let took = began.elapsed();
        gate.open();
        let fault = results[0].as_ref().unwrap_err();
        assert_eq!((fault.kind(), fault.attempts()), (FaultKind::Timeout, 3));
        assert_eq!(
            fault.to_string(),
            "`always_slow` at item 0: timed out in each of 3 tries: no result within 40ms"
        );
        assert!(took >= Duration::from_millis(120), "{took:?}");
        assert_eq!(calls.load(SeqCst), 3);
    });
}

// ---------------------------------------------------------------- with other options

#[worker]
fn pair_sum(xs: [i64; 2]) -> Result<i64, DivByZero> {
    inv(xs[0] + xs[1])
}

#[worker]
fn inv_pair(x: i64) -> Result<[i64; 2], DivByZero> {
    Ok([inv(x)?, x])
}

#[worker]
fn inv_sum(x: i64, y: i64) -> Result<i64, DivByZero> {
    inv(x + y)
}

pipeline! {
    fn in_rounds(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv_pair.on(a).produce(2).retry(1) >> pair_sum.consume(2).on(b).retry(1)
    }
}

pipeline! {
    fn in_rounds_in_time(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv_pair.on(a).produce(2).retry(1).timeout(secs(30)) >> pair_sum.consume(2).on(b).retry(1).timeout(secs(30))
    }
}

pipeline! {
    fn joined(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> Stream<i64> {
        (xs, ys) >> inv_sum.on(a).retry(1)
    }
}

pipeline! {
    fn joined_in_time(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> Stream<i64> {
        (xs, ys) >> inv_sum.on(a).retry(1).timeout(secs(30))
    }
}

pipeline! {
    fn closures(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> Stream<i64> {
        let inverses = xs >> (|x| if x == 0 { Err("zero") } else { Ok(10 / x) }).fallible().on(a).retry(1).named("inverse");
        (inverses, ys) >> (|x, y| x + y).on(a).retry(2)
    }
}

pipeline! {
    fn filtered(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> even.on(a).filter().retry(1) >> inv.retry(2).repeat(2)
    }
}

vectors! {
    with_rates: |a, b, c| in_rounds([1, 0, -5, 2], a, b) => "0 !inv_pair#1 -1 1";
    with_rates_in_time: |a, b, c| in_rounds_in_time([1, 0, -5, 2], a, b) => "0 !inv_pair#1 -1 1";
    of_a_join: |a, b, c| joined([1, 2, 3], [1, -2, 2], a) => "5 !inv_sum#1 2";
    of_a_join_in_time: |a, b, c| joined_in_time([1, 2, 3], [1, -2, 2], a) => "5 !inv_sum#1 2";
    of_closures: |a, b, c| closures([1, 0, 5], [1, 2, 3], a) => "11 !inverse#1 5";
    with_filter_and_repeat: |a, b, c| filtered([1, 2, 0, 5, 4], a) => "5 5 !inv#2 !inv#2 2 2";
}
