//! Pools: how much they run at once, in which order, and where work is done.

#[macro_use]
mod common;
#[path = "common/part.rs"]
mod part;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use common::*;
use papy::prelude::*;
use part::{part_of_test, run_part};

/// A pool of `n` threads that the user built.
fn given(n: usize) -> Pool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
    Pool::from(Arc::new(pool.unwrap()))
}

/// The sum of the values.
fn total(results: impl IntoIterator<Item = Result<i64, Fault>>) -> i64 {
    results.into_iter().map(Result::unwrap).sum()
}

// ---------------------------------------------------------------- limits

#[worker]
fn measured(x: i64, #[param] gauge: &Gauge) -> i64 {
    gauge.measure(|| {
        thread::sleep(Duration::from_micros(50));
        x
    })
}

pipeline! {
    fn measure(xs: Stream<i64>, gauge: Arc<Gauge>, a: Pool) -> Stream<i64> {
        xs >> measured(gauge = gauge).on(a)
    }
}

pipeline! {
    fn measure_two_nodes(xs: Stream<i64>, gauge: Arc<Gauge>, a: Pool) -> Stream<i64> {
        (xs >> measured(gauge = gauge).on(a), xs >> id.serial() >> measured(gauge = gauge).on(a)) >> sum
    }
}

pipeline! {
    fn measure_spawn(xs: Stream<i64>, gauge: Arc<Gauge>, n: usize, a: Pool) -> Stream<i64> {
        xs >> id.on(a) >> measured(gauge = gauge).on(a).spawn(n).stride(1) >> id.on(a)
    }
}

pipeline! {
    fn measure_serial(xs: Stream<i64>, gauge: Arc<Gauge>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> toiled.on(a) >> measured(gauge = gauge).on(b).serial() >> toiled.on(a)
    }
}

#[worker]
fn toiled(x: i64) -> i64 {
    toil(x)
}

#[test]
fn a_pool_runs_at_most_its_threads() {
    within(60, || {
        for n in 1..=3 {
            for pool in [Pool::threads(n), given(n)] {
                for stride in [1, 3, 50] {
                    let gauge = Arc::new(Gauge::default());
                    assert_eq!(
                        total(
                            measure(0..100, gauge.clone(), pool.clone())
                                .stride(stride)
                                .collect()
                        ),
                        4950
                    );
                    let run = measure(0..100, gauge.clone(), pool.clone())
                        .stride(stride)
                        .start()
                        .unwrap();
                    assert_eq!(total(run), 4950);
                    assert_eq!(
                        total(measure_two_nodes(0..50, gauge.clone(), pool.clone()).collect()),
                        2450
                    );
                    assert!(
                        gauge.most() <= n,
                        "{} at once on {n} threads, stride {stride}",
                        gauge.most()
                    );
                }
            }
        }
    });
}

#[test]
fn several_pipelines_share_the_limit() {
    within(30, || {
        for n in 1..=2 {
            let (pool, gauge) = (Pool::threads(n), Arc::new(Gauge::default()));
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        assert_eq!(
                            total(measure(0..50, gauge.clone(), pool.clone()).collect()),
                            1225
                        );
                    });
                    scope.spawn(|| {
                        assert_eq!(
                            total(measure(0..50, gauge.clone(), pool.clone()).start().unwrap()),
                            1225
                        );
                    });
                    scope.spawn(|| {
                        let gauge = gauge.clone();
                        let xs = (0..50i64).numap(move |x| measured(x, &gauge)).on(&pool);
                        assert_eq!(total(xs), 1225);
                    });
                }
            });
            assert!(gauge.most() <= n, "{} at once on {n} threads", gauge.most());
        }
    });
}

/// Waits until as many calls as asked for are in flight; from then on nobody waits.
#[derive(Debug)]
struct Meeting {
    missing: Mutex<usize>,
    met: Condvar,
}

impl Meeting {
    fn of(n: usize) -> Arc<Meeting> {
        Arc::new(Meeting {
            missing: Mutex::new(n),
            met: Condvar::new(),
        })
    }

    fn attend(&self) {
        let mut missing = self.missing.lock().unwrap();
        *missing = missing.saturating_sub(1);
        self.met.notify_all();
        drop(
            self.met
                .wait_while(missing, |missing| *missing > 0)
                .unwrap(),
        );
    }
}

#[worker]
fn attend(x: i64, #[param] meeting: &Meeting) -> i64 {
    meeting.attend();
    x
}

pipeline! {
    fn meet(xs: Stream<i64>, meeting: Arc<Meeting>, a: Pool) -> Stream<i64> {
        xs >> attend(meeting = meeting).on(a)
    }
}

#[test]
fn a_pool_runs_as_many_as_its_threads() {
    within(30, || {
        for n in 2..=4 {
            for pool in [Pool::threads(n), given(n)] {
                // A call that waits takes its whole stride with it, so others must get theirs.
                assert_eq!(
                    total(
                        meet(0..1000, Meeting::of(n), pool.clone())
                            .stride(1)
                            .collect()
                    ),
                    499_500
                );
                assert_eq!(
                    total(meet(0..1000, Meeting::of(n), pool.clone()).collect()),
                    499_500
                );
                assert_eq!(
                    total(meet(0..1000, Meeting::of(n), pool.clone()).start().unwrap()),
                    499_500
                );
                let xs = (0..1000i64).numap({
                    let meeting = Meeting::of(n);
                    move |x| attend(x, &meeting)
                });
                assert_eq!(total(xs.on(&pool)), 499_500);
            }
        }
    });
}

#[worker]
fn pair_up(x: i64, #[param] barrier: &Barrier) -> i64 {
    barrier.wait();
    x
}

pipeline! {
    fn in_pairs(xs: Stream<i64>, barrier: Arc<Barrier>, a: Pool) -> Stream<i64> {
        xs >> pair_up(barrier = barrier).on(a).stride(1)
    }
}

#[test]
fn two_threads_run_two_at_once() {
    within(20, || {
        for pool in [Pool::threads(2), given(2)] {
            let p = || in_pairs(0..100, Arc::new(Barrier::new(2)), pool.clone());
            assert_eq!(total(p().collect()), 4950);
            assert_eq!(total(p().start().unwrap()), 4950);
        }
    });
}

/// Meets the other node, but for one item.
#[worker]
fn meet_other(x: i64, #[param] barrier: &Barrier, #[param] but: i64) -> i64 {
    if x != but {
        barrier.wait();
    }
    x
}

pipeline! {
    fn side_by_side(xs: Stream<i64>, barrier: Arc<Barrier>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> meet_other(barrier = barrier, but = 0).on(a).serial() >> meet_other(barrier = barrier, but = 99).on(b).serial()
    }
}

/// The first node works on an item while the second works on the one before.
#[test]
fn serial_nodes_work_side_by_side() {
    within(20, || {
        for n in 1..=2 {
            let (a, b) = (Pool::threads(n), Pool::threads(n));
            let p =
                || side_by_side(0..100, Arc::new(Barrier::new(2)), a.clone(), b.clone()).stride(1);
            assert_eq!(total(p().collect()), 4950);
            assert_eq!(total(p().start().unwrap()), 4950);
        }
    });
}

#[test]
fn spawn_limits_a_node() {
    within(60, || {
        for pool in [Pool::threads(8), given(4), Pool::rayon()] {
            for n in 0..=3 {
                let gauge = Arc::new(Gauge::default());
                assert_eq!(
                    total(measure_spawn(0..100, gauge.clone(), n, pool.clone()).collect()),
                    4950
                );
                let run = measure_spawn(0..100, gauge.clone(), n, pool.clone())
                    .start()
                    .unwrap();
                assert_eq!(total(run), 4950);
                assert!(
                    gauge.most() <= n.max(1),
                    "{} at once, spawn {n}",
                    gauge.most()
                );
            }
        }
    });
}

pipeline! {
    fn meet_spawned(xs: Stream<i64>, meeting: Arc<Meeting>, a: Pool) -> Stream<i64> {
        xs >> attend(meeting = meeting).on(a).spawn(2).stride(1)
    }
}

#[test]
fn spawn_allows_as_many() {
    within(20, || {
        assert_eq!(
            total(meet_spawned(0..100, Meeting::of(2), Pool::threads(3)).collect()),
            4950
        );
        assert_eq!(
            total(
                meet_spawned(0..100, Meeting::of(2), Pool::threads(2))
                    .start()
                    .unwrap()
            ),
            4950
        );
    });
}

// ---------------------------------------------------------------- serial nodes

#[worker]
fn in_order(next: &mut i64, x: i64, #[param] inside: &AtomicBool) -> Result<i64, String> {
    if inside.swap(true, SeqCst) {
        return Err("two at once".into());
    }
    let expected = *next;
    *next += 1;
    toil(x);
    inside.store(false, SeqCst);
    if x == expected {
        Ok(x)
    } else {
        Err(format!("{x} where {expected} was due"))
    }
}

pipeline! {
    fn keep_order(xs: Stream<i64>, p: Arc<AtomicBool>, q: Arc<AtomicBool>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>) {
        let first = xs >> toiled.on(a) >> in_order(inside = p).on(b).serial();
        let second = first >> toiled.on(c).unordered() >> in_order(inside = q).on(a).serial();
        (first, second)
    }
}

#[test]
fn serial_nodes_never_overlap_and_see_input_order() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let flag = Arc::<AtomicBool>::default;
            let (first, second) = tuned!(
                s,
                keep_order(0..200, flag(), flag(), a.clone(), b.clone(), c.clone())
            )
            .collect();
            assert_eq!((total(first), total(second)), (19_900, 19_900), "{s}");
            let run = tuned!(s, keep_order(0..200, flag(), flag(), a, b, c))
                .start()
                .unwrap();
            assert_eq!(
                (total(run.second), total(run.first)),
                (19_900, 19_900),
                "{s}"
            );
        }
    });
}

#[test]
fn serial_nodes_run_one_at_a_time() {
    within(20, || {
        for (name, [a, b, _]) in pool_sets() {
            let gauge = Arc::new(Gauge::default());
            let p = || measure_serial(0..100, gauge.clone(), a.clone(), b.clone());
            assert_eq!(total(p().collect()), 4950, "{name}");
            assert_eq!(total(p().stride(1).start().unwrap()), 4950, "{name}");
            assert_eq!(gauge.most(), 1, "{name}");
        }
    });
}

// ---------------------------------------------------------------- where work is done

#[worker]
fn thread_of(_x: i64) -> thread::ThreadId {
    thread::current().id()
}

pipeline! {
    fn places(xs: Stream<i64>, a: Pool) -> Stream<thread::ThreadId> {
        xs >> thread_of.on(a)
    }
}

#[test]
fn inline_stays_on_the_calling_thread() {
    within(20, || {
        let here = thread::current().id();
        for ids in [
            places(0..100, Pool::threads(2)).inline().collect(),
            places(0..100, Pool::rayon()).inline().collect(),
        ] {
            assert!(ids.into_iter().all(|id| id.unwrap() == here));
        }
    });
}

#[test]
fn own_threads_do_the_work_themselves() {
    within(20, || {
        let pool = Pool::threads(1);
        let here = thread::current().id();
        let ids: Vec<_> = places(0..100, pool.clone())
            .collect()
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert!(ids.iter().all(|id| *id != here && *id == ids[0]));
        let again = places(0..100, pool).start().unwrap();
        assert!(again.map(Result::unwrap).all(|id| id == ids[0]));
    });
}

#[test]
fn a_given_pool_does_the_work_itself() {
    within(20, || {
        let rayon = Arc::new(
            rayon::ThreadPoolBuilder::new()
                .num_threads(1)
                .build()
                .unwrap(),
        );
        let there = rayon.install(|| thread::current().id());
        let mut ids = places(0..100, Pool::from(rayon.clone()))
            .collect()
            .into_iter();
        assert!(ids.all(|id| id.unwrap() == there));
    });
}

#[worker]
fn thread_name(x: i64) -> String {
    toil(x);
    thread::current().name().unwrap_or("unnamed").to_owned()
}

pipeline! {
    fn default_behind(xs: Stream<i64>, a: Pool) -> Stream<String> {
        xs >> toiled.on(a).serial() >> thread_name
    }
}

pipeline! {
    fn default_behind_springs(xs: Stream<i64>, a: Pool) -> Stream<String> {
        xs >> (|x| [x, x]).flat().on(a) >> thread_name
    }
}

/// `rayon::spawn` on a thread of a pool stays in that pool.
#[test]
fn own_threads_do_not_do_the_work_of_the_default_pool() {
    within(30, || {
        for n in [1, 3] {
            for stride in [1, 20] {
                let pool = Pool::threads(n);
                let behind = default_behind(0..2000, pool.clone()).stride(stride);
                let mut names: Vec<_> = behind.start().unwrap().collect();
                let behind = default_behind_springs(0..2000, pool.clone()).stride(stride);
                names.extend(behind.start().unwrap());
                names.extend(default_behind(0..2000, pool).stride(stride).collect());
                for name in names.into_iter().map(Result::unwrap) {
                    assert!(!name.starts_with("papy-"), "by {name}, {n} threads");
                }
            }
        }
    });
}

/// A global pool that the program has begun for itself, of one thread or of three, is the default pool.
#[test]
fn a_global_pool_that_the_user_has_begun() {
    part_of_test(|part| {
        let count: usize = part.parse().unwrap();
        let named = |index| format!("mine-{index}");
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(named);
        pool.build_global().unwrap();
        let before = threads();
        let gauge = Arc::new(Gauge::default());
        let make = || measure(0..200, gauge.clone(), Pool::rayon());
        assert_eq!(total(make().collect()), 19_900);
        assert_eq!(total(make().start().unwrap()), 19_900);
        assert_eq!(total(default_names(0..500).start().unwrap()), 0);
        assert_eq!(total((0..500).numap(|x| x)), 124_750);
        // they, and whoever drives
        assert!(gauge.most() <= count + 1, "{gauge:?}");
        assert!(
            soon(|| threads() == before),
            "{:?} threads, {before:?} before",
            threads()
        );
    });
    within(60, || [1, 3].into_iter().for_each(run_part));
}

/// Nothing, where it is called by the default pool or by a driver.
#[worker]
fn own_name(x: i64) -> Result<i64, String> {
    toil(x);
    let name = thread::current().name().unwrap_or_default().to_owned();
    if name.starts_with("mine-") || name == "papy default_names" {
        Ok(0)
    } else {
        Err(name)
    }
}

pipeline! {
    fn default_names(xs: Stream<i64>) -> Stream<i64> {
        xs >> own_name
    }
}
