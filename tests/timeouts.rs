//! `.timeout(d)`: a call that takes too long costs its item and nothing else.

#[macro_use]
mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::*;
use papy::prelude::*;
use papy::testing::Baseline;

/// Takes as many milliseconds as the item says.
#[worker]
fn slp(x: i64) -> i64 {
    thread::sleep(Duration::from_millis(x as u64));
    x
}

/// Does not return from item `at` before the gate opens.
#[worker]
fn stuck(x: i64, #[param] at: i64, #[param] gate: &Gate) -> i64 {
    if x == at {
        gate.pass();
    }
    x
}

/// Does not return from odd items before the gate opens.
#[worker]
fn odd_stuck(x: Live, #[param] gate: &Gate) -> Live {
    if *x % 2 == 1 {
        gate.pass();
    }
    x
}

pipeline! {
    fn sleeps(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> slp.on(a).timeout(millis(250))
    }
}

pipeline! {
    fn sleeps_beside(xs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        (xs >> slp.on(a).timeout(millis(250)), xs >> dbl) >> cat
    }
}

pipeline! {
    fn one_is_stuck(xs: Stream<i64>, at: i64, gate: Arc<Gate>, a: Pool) -> Stream<i64> {
        xs >> stuck(at = at, gate = gate).on(a).timeout(millis(100))
    }
}

/// Opens a gate when the test is over, so that no call outlives it.
struct Opens(Arc<Gate>);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.open();
    }
}

fn gate() -> (Arc<Gate>, Opens) {
    let gate = Gate::new();
    (gate.clone(), Opens(gate))
}

fn pools() -> [Pool; 4] {
    [
        Pool::rayon(),
        Pool::threads(2),
        Pool::inline(),
        Pool::from(Arc::new(
            rayon::ThreadPoolBuilder::new()
                .num_threads(2)
                .build()
                .expect("threads"),
        )),
    ]
}

#[test]
fn one_fault_takes_the_place_of_what_takes_too_long() {
    within(60, || {
        for pool in pools() {
            assert_eq!(
                show(sleeps([50, 400, 50], pool.clone()).collect()),
                "50 !slp#1[Timeout] 50"
            );
            let run = sleeps([50, 400, 50], pool.clone()).start().unwrap();
            assert_eq!(line(run), "50 !slp#1[Timeout] 50");
            // the last one ends the run all the same
            assert_eq!(show(sleeps([0, 400], pool).collect()), "0 !slp#1[Timeout]");
        }
    });
}

#[test]
fn a_late_result_is_nobodys_partner() {
    within(60, || {
        for pool in pools() {
            assert_eq!(
                show(sleeps_beside([1, 400, 2], pool).collect()),
                "[1,2] !slp#1[Timeout] [2,4]"
            );
        }
    });
}

#[test]
fn time_in_the_queue_does_not_count() {
    within(60, || {
        let results = sleeps([100; 8], Pool::threads(1)).stride(8).collect();
        assert_eq!(show(results), "100 100 100 100 100 100 100 100");
    });
}

#[test]
fn a_limit_is_not_enforced_inline() {
    within(60, || {
        assert_eq!(
            show(sleeps([300, 0], Pool::threads(2)).inline().collect()),
            "300 0"
        );
        let run = sleeps([300, 0], Pool::rayon()).inline().start().unwrap();
        assert_eq!(line(run), "300 0");
    });
}

#[test]
fn a_call_that_never_returns_costs_its_item_alone() {
    within(60, || {
        for pool in pools() {
            let (gate, _opens) = gate();
            let mut results = String::new();
            let report = one_is_stuck([1, 2, 3, 4], 2, gate.clone(), pool.clone())
                .for_each(|result| results += &(item(&result) + " "));
            assert_eq!(results, "1 !stuck#1[Timeout] 3 4 ");
            assert_eq!(report.node("stuck").unwrap().abandoned(), 1);
            assert_eq!(counts(&report, "stuck"), [4, 3, 1, 0]);
            assert!(report.to_string().contains("1 of its calls took too long"));

            let mut run = one_is_stuck([1, 2, 3, 4], 2, gate, pool).start().unwrap();
            assert_eq!(line(&mut run), "1 !stuck#1[Timeout] 3 4");
            let report = promptly("join", || run.join()).unwrap();
            assert_eq!(report.node("stuck").unwrap().abandoned(), 1);
        }
    });
}

#[test]
fn the_fault_says_how_long_was_waited() {
    within(60, || {
        let (gate, _opens) = gate();
        let fault = one_is_stuck([7], 7, gate, Pool::rayon())
            .collect()
            .remove(0)
            .unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Timeout);
        assert_eq!(
            (fault.node(), fault.input(), fault.attempts()),
            ("stuck", 0, 1)
        );
        assert_eq!(
            fault.to_string(),
            "`stuck` at item 0: timed out: no result within 100ms"
        );
    });
}

#[worker]
fn attend(x: i64, #[param] gauge: &Gauge) -> i64 {
    gauge.measure(|| thread::sleep(Duration::from_millis(20)));
    x
}

#[worker]
fn many_stuck(x: i64, #[param] gate: &Gate) -> i64 {
    if x < 6 {
        gate.pass();
    }
    x
}

pipeline! {
    fn many_are_stuck(xs: Stream<i64>, gate: Arc<Gate>, gauge: Arc<Gauge>, a: Pool) -> Stream<i64> {
        xs >> many_stuck(gate = gate).on(a).timeout(millis(50)) >> attend(gauge = gauge).on(a).timeout(secs(5))
    }
}

#[test]
fn a_pool_keeps_its_strength_however_many_calls_are_lost() {
    within(60, || {
        let (gate, _opens) = gate();
        let (gauge, pool) = (Arc::new(Gauge::default()), Pool::threads(2));
        let results = many_are_stuck(0..26, gate, gauge.clone(), pool).collect();
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 6);
        assert_eq!(
            results.iter().flatten().copied().collect::<Vec<_>>(),
            (6..26).collect::<Vec<_>>()
        );
        assert_eq!(gauge.most(), 2, "both threads are there, and no more");
    });
}

pipeline! {
    fn attended(xs: Stream<i64>, gauge: Arc<Gauge>, a: Pool) -> Stream<i64> {
        let once = xs >> attend(gauge = gauge).on(a).timeout(secs(5));
        once >> attend(gauge = gauge).on(a).timeout(secs(5))
    }
}

#[test]
fn timed_nodes_of_several_runs_share_the_limit_of_their_pool() {
    within(60, || {
        let (gauge, pool) = (Arc::new(Gauge::default()), Pool::threads(3));
        let runs: Vec<_> = (0..4)
            .map(|_| {
                attended(0..10, gauge.clone(), pool.clone())
                    .start()
                    .unwrap()
            })
            .collect();
        for run in runs {
            assert_eq!(sorted(run), (0..10).collect::<Vec<_>>());
        }
        assert_eq!(gauge.most(), 3);
    });
}

pipeline! {
    fn two_at_most(xs: Stream<i64>, gauge: Arc<Gauge>, a: Pool) -> Stream<i64> {
        xs >> attend(gauge = gauge).on(a).timeout(secs(5)).spawn(2)
    }
}

#[test]
fn spawn_limits_timed_calls() {
    within(60, || {
        let gauge = Arc::new(Gauge::default());
        let results = two_at_most(0..20, gauge.clone(), Pool::threads(8)).collect();
        assert_eq!(sorted(results), (0..20).collect::<Vec<_>>());
        assert_eq!(gauge.most(), 2);
    });
}

pipeline! {
    fn as_they_come(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> slp.on(a).timeout(millis(300)).unordered()
    }
}

#[test]
fn in_an_unordered_stream_a_fault_comes_when_the_time_is_over() {
    within(60, || {
        let run = as_they_come([100, 1000, 500, 600, 1], Pool::threads(5))
            .stride(1)
            .start()
            .unwrap();
        let texts: Vec<String> = run.map(|result| item(&result)).collect();
        assert_eq!(texts[..2], ["1", "100"]);
        let mut faults = texts[2..].to_vec();
        faults.sort();
        assert_eq!(
            faults,
            ["!slp#1[Timeout]", "!slp#2[Timeout]", "!slp#3[Timeout]"]
        );
    });
}

// ---------------------------------------------------------------- with every other option

#[worker]
fn twice(x: i64) -> [i64; 2] {
    [x, -x]
}

#[worker]
fn group(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

#[worker]
fn up_to(x: i64) -> std::ops::Range<i64> {
    0..x
}

#[worker]
fn told(x: Result<i64, Fault>) -> i64 {
    x.unwrap_or(-1)
}

pipeline! {
    fn chained(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> inv.on(b).timeout(secs(30)) >> dbl.on(c)
    }
}

pipeline! {
    fn diamond(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let once = xs >> inc.on(a);
        (once >> inv.on(b).timeout(secs(30)), once >> dbl.on(c)) >> cat.timeout(secs(30))
    }
}

pipeline! {
    fn filtered(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> even.on(a).filter().timeout(secs(30)) >> inc.on(b)
    }
}

pipeline! {
    fn produced(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> twice.on(a).produce(2).timeout(secs(30)) >> group.consume(3).on(b).timeout(secs(30))
    }
}

pipeline! {
    fn repeated(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> inv.on(a).repeat(2).timeout(secs(30))
    }
}

pipeline! {
    fn large_groups(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(a) >> group.consume(20).on(b).timeout(secs(30)).named("group")
    }
}

pipeline! {
    fn streamed(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> up_to.on(a).flat().timeout(secs(30)) >> inc.on(b)
    }
}

pipeline! {
    fn caught(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> told.on(b).catch().timeout(secs(30))
    }
}

pipeline! {
    fn by_closure(xs: Stream<i64>, add: i64, a: Pool, b: Pool) -> Stream<i64> {
        xs >> (|x| x + add).on(a).timeout(secs(30))
           >> (|x| u8::try_from(x)).fallible().on(b).timeout(secs(30)).named("byte")
           >> (|x| i64::from(x))
    }
}

pipeline! {
    fn in_an_arm(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        match xs >> id.on(a) {
            x if x > 2 => x >> inc.on(b).timeout(secs(30)),
            x => x,
        }
    }
}

pipeline! {
    fn inner(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> inv.on(a).timeout(secs(30))
    }
}

pipeline! {
    fn outer(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let once = xs >> id.on(b);
        (inner(once, a = a).pipeline(), once) >> cat
    }
}

pipeline! {
    fn to_two(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let left = xs >> inv.on(a).timeout(secs(30));
        let right = (ys, left) >> sum.on(b).timeout(secs(30)) >> running.serial();
        (left, right)
    }
}

vectors! {
    in_a_chain: |a, b, c| chained([1, -1, 4, 9], a, b, c) => "10 !inv#1 4 2";
    in_a_diamond: |a, b, c| diamond([1, -1, 4], a, b, c) => "[5,4] !inv#1 [2,10]";
    with_filter: |a, b, c| filtered([1, 2, 3, 4, 6], a, b) => "3 5 7";
    with_produce_and_consume: |a, b, c| produced([1, 2, 3, 4], a, b) => "2 -2 0";
    with_repeat: |a, b, c| repeated([1, 0, 5], a) => "10 10 !inv#1 !inv#1 2 2";
    with_consume: |a, b, c| large_groups(1..=45, a, b) => "210 610 215";
    with_flat: |a, b, c| streamed([3, 0, 2], a, b) => "1 2 3 1 2";
    with_catch: |a, b, c| caught([1, 0, 5], a, b) => "10 -1 2";
    of_a_closure: |a, b, c| by_closure([1, 300, 4], 10, a, b) => "11 !byte#1 14";
    in_a_route: |a, b, c| in_an_arm([1, 2, 3, 4], a, b) => "1 2 4 5";
    in_a_pipeline_in_a_pipeline: |a, b, c| outer([1, 0, 5], a, b) => "[10,1] !inner/inv#1 [2,5]";
    before_two_outputs: |a, b, c| to_two([1, 0, 5], [1, 2, 3], a, b) => [left, right] "10 !inv#1 2 | 11 !inv#1 16";
}

#[test]
fn unequal_inputs_meet_at_a_timed_join() {
    within(60, || {
        for pool in pools() {
            let run = to_two(0.., [1, 2], pool.clone(), pool).start().unwrap();
            drop(run.left);
            assert_eq!(kinds(run.right), "!Error 12 !Unequal");
        }
    });
}

// ---------------------------------------------------------------- what owns and what borrows

#[worker]
fn length(word: &str) -> usize {
    word.len()
}

pipeline! {
    fn borrowing<'a>(words: Stream<&'a str>, a: Pool) -> Stream<i64> {
        words >> length >> (|n| n as i64) >> slp.on(a).timeout(secs(30))
    }
}

#[test]
fn the_rest_of_a_pipeline_may_borrow() {
    within(60, || {
        let text = String::from("a bc def");
        for pool in pools() {
            assert_eq!(show(borrowing(text.split(' '), pool).collect()), "1 2 3");
        }
    });
}

#[worker]
fn give_back(x: i64, #[param] back: &mpsc::Sender<i64>) -> i64 {
    if x < 20 {
        back.send(x + 1).expect("the source is there");
    }
    x
}

pipeline! {
    fn feeding_itself(xs: Stream<i64>, back: mpsc::Sender<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(a).timeout(secs(30)) >> give_back(back = back).on(b)
    }
}

/// Numbers that come when the one before has been all the way.
fn echo() -> (mpsc::Sender<i64>, impl Iterator<Item = i64> + Send) {
    let (sender, receiver) = mpsc::channel();
    sender.send(0).unwrap();
    (sender, receiver.into_iter().take(21))
}

#[test]
fn an_item_comes_out_while_the_source_waits_for_it() {
    within(60, || {
        for pool in pools() {
            let own = Pool::threads(1);
            let (back, numbers) = echo();
            let run = feeding_itself(numbers, back, pool.clone(), own.clone())
                .start()
                .unwrap();
            assert_eq!(sorted(run), (0..=20).collect::<Vec<_>>());
            let (back, numbers) = echo();
            let results = feeding_itself(numbers, back, pool, own).collect();
            assert_eq!(sorted(results), (0..=20).collect::<Vec<_>>());
        }
    });
}

// ---------------------------------------------------------------- ends

pipeline! {
    fn live_stuck(xs: Stream<Live>, gate: Arc<Gate>, a: Pool) -> Stream<Live> {
        xs >> odd_stuck(gate = gate).on(a).timeout(millis(40))
    }
}

pipeline! {
    fn stuck_for_hours(xs: Stream<Live>, gate: Arc<Gate>, a: Pool) -> Stream<Live> {
        xs >> odd_stuck(gate = gate).on(a).timeout(secs(3600))
    }
}

#[test]
fn what_comes_back_late_is_dropped_once() {
    within(60, || {
        for pool in pools() {
            let (tally, gate) = (Tally::new(), Gate::new());
            let own = tally.clone();
            let items = (0..10).map(move |n| own.item(n));
            let results = live_stuck(items, gate.clone(), pool).collect();
            assert_eq!(results.iter().filter(|result| result.is_err()).count(), 5);
            drop(results);
            assert_eq!(tally.live(), 5, "those that are stuck");
            gate.open();
            assert!(soon(|| tally.live() == 0));
        }
    });
}

#[test]
fn no_end_of_a_run_waits_for_a_call_that_does_not_return() {
    within(60, || {
        for pool in pools() {
            for how in 0..5 {
                let (tally, gate) = (Tally::new(), Gate::new());
                let own = tally.clone();
                let items = (0..1000).map(move |n| own.item(n));
                let mut run = stuck_for_hours(items, gate.clone(), pool.clone())
                    .start()
                    .unwrap();
                assert_eq!(*run.next().unwrap().unwrap(), 0);
                let handle = run.handle();
                promptly("the end", || match how {
                    0 => drop(run),
                    1 => {
                        handle.cancel();
                        handle.wait();
                        drop(run);
                    }
                    2 => {
                        handle.stop();
                        drop(run);
                    }
                    3 => {
                        handle.cancel();
                        run.join().unwrap();
                    }
                    _ => {
                        handle.pause();
                        drop(run);
                    }
                });
                gate.open();
                assert!(soon(|| tally.live() == 0), "{how}: {} live", tally.live());
            }
        }
    });
}

#[test]
fn a_panic_in_for_each_does_not_wait_for_a_call_that_does_not_return() {
    within(60, || {
        quiet();
        let (tally, gate) = (Tally::new(), Gate::new());
        let own = tally.clone();
        let items = (0..1000).map(move |n| own.item(n));
        let run = stuck_for_hours(items, gate.clone(), Pool::threads(2));
        let ended = promptly("the end", || {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                run.for_each(|_| panic!("on purpose"));
            }))
        });
        assert!(ended.is_err());
        gate.open();
        assert!(soon(|| tally.live() == 0));
    });
}

#[test]
fn fail_fast_ends_at_a_timeout() {
    within(60, || {
        for pool in pools() {
            let (gate, _opens) = gate();
            let endless = one_is_stuck(0.., 3, gate, pool).on_fault(OnFault::Stop);
            let results = promptly("the end", || endless.collect());
            assert_eq!(show(results), "0 1 2 !stuck#3[Timeout]");
        }
    });
}

#[test]
fn a_stopped_run_gives_all_that_it_took() {
    within(60, || {
        for pool in pools() {
            let (items, pulled) = counted(0..);
            let mut run = sleeps(items.map(|n| n % 3), pool).start().unwrap();
            let mut read = 0;
            while read < 50 {
                read += usize::from(run.next().is_some_and(|result| result.is_ok()));
            }
            run.handle().stop();
            read += run.by_ref().flatten().count();
            assert_eq!(read, pulled.load(SeqCst));
        }
    });
}

#[worker]
fn panicking(x: i64) -> i64 {
    assert!(x % 3 != 0, "on purpose");
    x
}

pipeline! {
    fn panics(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> panicking.on(a).timeout(secs(30))
    }
}

#[test]
fn a_panic_in_time_is_a_panic() {
    within(60, || {
        quiet();
        for pool in pools() {
            assert_eq!(
                show(panics([1, 3, 4], pool).collect()),
                "1 !panicking#1[Panic] 4"
            );
        }
    });
}

#[worker]
fn swallow(x: i64, #[param] count: &AtomicUsize) {
    count.fetch_add(x as usize, SeqCst);
    thread::sleep(Duration::from_millis(x as u64));
}

pipeline! {
    fn swallowed(xs: Stream<i64>, count: Arc<AtomicUsize>, a: Pool) {
        xs >> swallow(count = count).on(a).timeout(millis(200));
    }
}

#[test]
fn a_sink_may_be_timed() {
    within(60, || {
        for pool in pools() {
            let count = Arc::new(AtomicUsize::new(0));
            let report = swallowed([1, 2, 500, 3], count.clone(), pool.clone()).run();
            assert_eq!(count.load(SeqCst), 506);
            assert_eq!(counts(&report, "swallow")[2], 1);
            let endless = std::iter::repeat(1000);
            let stops = swallowed(endless, count, pool).on_fault(OnFault::Stop);
            let report = promptly("the end", || stops.run());
            assert!(report.was_cancelled());
        }
    });
}

#[worker]
fn runs_another(x: i64, #[param] a: &Pool) -> i64 {
    sleeps([x, 0], a.clone())
        .collect()
        .into_iter()
        .flatten()
        .sum()
}

pipeline! {
    fn nested_in_workers(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> runs_another(a = a).on(a)
    }
}

pipeline! {
    fn nested_in_timed_workers(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> runs_another(a = b).on(a).timeout(secs(30))
    }
}

#[test]
fn workers_may_run_timed_pipelines() {
    within(60, || {
        for pool in pools() {
            let results = nested_in_workers((0..20).map(|n| n % 5), pool.clone()).collect();
            assert_eq!(sorted(results).iter().sum::<i64>(), 40);
            let results =
                nested_in_timed_workers((0..20).map(|n| n % 5), pool, Pool::threads(2)).collect();
            assert_eq!(sorted(results).iter().sum::<i64>(), 40);
        }
    });
}

#[test]
fn a_run_leaves_no_threads_behind() {
    within(60, || {
        let before = Baseline::take();
        let pool = Pool::threads(4);
        for _ in 0..3 {
            assert_eq!(show(sleeps([1, 2, 3], Pool::rayon()).collect()), "1 2 3");
            drop(sleeps(0.., pool.clone()).start().unwrap());
        }
        drop(pool);
        before.check_within(secs(2)).unwrap();
    });
}

#[test]
fn many_short_calls_go_through() {
    within(60, || {
        for pool in pools() {
            let began = Instant::now();
            let results = one_is_stuck(1..=20_000, 0, Gate::new(), pool).collect();
            assert_eq!(results.len(), 20_000);
            assert!(results.iter().flatten().copied().eq(1..=20_000));
            assert!(
                began.elapsed() < Duration::from_secs(15),
                "{:?}",
                began.elapsed()
            );
        }
    });
}

// ---------------------------------------------------------------- numap

#[test]
fn a_map_has_time_limits_too() {
    within(60, || {
        for pool in pools() {
            let sleep = |x: i64| {
                thread::sleep(Duration::from_millis(x as u64));
                x
            };
            let map = [5, 400, 6]
                .into_iter()
                .numap(sleep)
                .on(&pool)
                .timeout(millis(200));
            assert_eq!(line(map), "5 !numap#1[Timeout] 6");
            let map = (0..)
                .numap(|x: i64| if x == 2 { Err("no") } else { Ok(x) })
                .fallible()
                .on(&pool)
                .timeout(secs(30));
            assert_eq!(line(map.take(4)), "0 1 !numap#2 3");
        }
    });
}
