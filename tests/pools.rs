//! Pools: limits, order, sharing, pipelines inside pipelines, and where threads go.

#[macro_use]
mod common;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use common::*;
use papy::prelude::*;
use rayon::prelude::*;

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

// ---------------------------------------------------------------- sharing

pipeline! {
    fn work(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        let up = xs >> toiled.on(a);
        (up >> inc.on(a), up >> id.serial() >> neg.on(a)) >> sum.on(a)
    }
}

#[test]
fn pipelines_and_maps_share_a_pool() {
    within(30, || {
        for pool in [
            Pool::threads(1),
            Pool::threads(2),
            Pool::rayon(),
            given(1),
            Pool::inline(),
        ] {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| assert_eq!(total(work(0..500, pool.clone()).collect()), 500));
                    scope.spawn(|| {
                        assert_eq!(total(work(0..500, pool.clone()).start().unwrap()), 500);
                    });
                    scope.spawn(|| assert_eq!(total((0..500i64).numap(inc).on(&pool)), 125_250));
                }
            });
        }
    });
}

#[test]
fn runs_of_one_thread_are_interleaved() {
    within(20, || {
        for pool in [
            Pool::threads(1),
            Pool::threads(2),
            Pool::rayon(),
            Pool::inline(),
        ] {
            let mut runs: Vec<_> = (0..8)
                .map(|_| work(0..100, pool.clone()).buffer(4).start().unwrap())
                .collect();
            for _ in 0..100 {
                for run in &mut runs {
                    assert_eq!(run.next().unwrap().unwrap(), 1);
                }
            }
            assert!(runs.iter_mut().all(|run| run.next().is_none()));
        }
    });
}

#[test]
fn eight_runs_on_one_pool_and_one_is_dropped() {
    within(20, || {
        for pool in [Pool::threads(1), Pool::threads(2), Pool::rayon(), given(2)] {
            let mut runs: Vec<_> = (0..8)
                .map(|_| work(0..200, pool.clone()).buffer(8).start().unwrap())
                .collect();
            for run in &mut runs {
                run.next();
            }
            promptly("dropping", || drop(runs.remove(3)));
            runs.swap_remove(0).join().unwrap();
            for run in runs {
                assert_eq!(total(run), 199);
            }
        }
    });
}

#[test]
fn an_unread_run_leaves_the_pool_to_others() {
    within(20, || {
        for pool in [Pool::threads(1), Pool::threads(2), Pool::rayon()] {
            let unread: Vec<_> = (0..4)
                .map(|_| work(0.., pool.clone()).buffer(8).start().unwrap())
                .collect();
            assert_eq!(total(work(0..200, pool.clone()).collect()), 200);
            assert_eq!(total(work(0..200, pool.clone()).start().unwrap()), 200);
            drop(unread);
        }
    });
}

#[test]
fn a_panicking_worker_leaves_the_pool_whole() {
    within(20, || {
        quiet();
        for pool in [Pool::threads(2), given(2)] {
            let results = panicking(0..200, pool.clone()).collect();
            assert!(results.iter().all(Result::is_err));
            assert_eq!(total(meet(0..100, Meeting::of(2), pool).collect()), 4950);
        }
    });
}

pipeline! {
    fn panicking(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> boom(at = 1).on(a) >> (|x| if x < 1000 { panic!("on purpose") } else { x }).on(a)
    }
}

#[test]
fn a_pool_may_go_before_its_run() {
    within(20, || {
        let rayon = Arc::new(
            rayon::ThreadPoolBuilder::new()
                .num_threads(2)
                .build()
                .unwrap(),
        );
        let mut run = work(0..500, Pool::from(rayon.clone()))
            .buffer(8)
            .start()
            .unwrap();
        drop(rayon);
        assert_eq!(total(run.by_ref()), 500);
        let pool = Pool::threads(2);
        let run = work(0..500, pool.clone()).buffer(8).start().unwrap();
        drop(pool);
        assert_eq!(total(run), 500);
    });
}

// ---------------------------------------------------------------- pipelines inside pipelines

/// Runs a pipeline in a worker: by turns `collect`, `start` and a map.
#[worker]
fn deeper(x: i64, #[param] here: &Pool, #[param] there: &Pool, #[param] depth: usize) -> i64 {
    if depth == 0 {
        return toil(x);
    }
    let inner = || nest(0..4, there.clone(), here.clone(), depth - 1);
    let sum = match x % 3 {
        0 => total(inner().collect()),
        1 => total(inner().start().unwrap()),
        _ => {
            let (p, q) = (there.clone(), here.clone());
            total(
                (0..4i64)
                    .numap(move |x| deeper(x, &p, &q, depth - 1))
                    .on(there),
            )
        }
    };
    x + sum
}

pipeline! {
    fn nest(xs: Stream<i64>, here: Pool, there: Pool, depth: usize) -> Stream<i64> {
        xs >> deeper(here = here, there = there, depth = depth).on(here)
    }
}

pipeline! {
    fn nest_serial(xs: Stream<i64>, here: Pool, there: Pool, depth: usize) -> Stream<i64> {
        xs >> id.on(here) >> deeper(here = here, there = there, depth = depth).on(here).serial() >> id.on(here)
    }
}

/// What nesting gives.
fn nested(items: i64, depth: u32) -> i64 {
    // Each level adds its own numbers, and one inner run of four for each of them.
    let own = items * (items - 1) / 2;
    if depth == 0 {
        own
    } else {
        own + items * nested(4, depth - 1)
    }
}

#[test]
fn a_worker_runs_pipelines_on_its_own_pool() {
    within(60, || {
        for n in [1, 2, 4] {
            for pool in [Pool::threads(n), given(n)] {
                for depth in 1..=3 {
                    let p = || nest(0..6, pool.clone(), pool.clone(), depth);
                    let want = nested(6, depth as u32);
                    assert_eq!(total(p().collect()), want, "{n} threads, depth {depth}");
                    assert_eq!(
                        total(p().stride(1).collect()),
                        want,
                        "{n} threads, depth {depth}"
                    );
                    assert_eq!(
                        total(p().start().unwrap()),
                        want,
                        "{n} threads, depth {depth}"
                    );
                }
            }
        }
    });
}

#[test]
fn a_worker_runs_pipelines_on_the_default_pool() {
    within(60, || {
        for (items, depth) in [(300, 1), (40, 2), (6, 3)] {
            let p = || nest(0..items, Pool::rayon(), Pool::rayon(), depth);
            let want = nested(items, depth as u32);
            assert_eq!(total(p().collect()), want, "{items} items, depth {depth}");
            assert_eq!(
                total(p().start().unwrap()),
                want,
                "{items} items, depth {depth}"
            );
            assert_eq!(
                total(p().inline().collect()),
                want,
                "{items} items, depth {depth}"
            );
        }
    });
}

#[test]
fn pools_that_call_into_each_other() {
    within(60, || {
        for (name, [here, there, _]) in pool_sets() {
            for depth in 1..=3 {
                let want = nested(6, depth as u32);
                let p = || nest(0..6, here.clone(), there.clone(), depth);
                assert_eq!(total(p().collect()), want, "{name}, depth {depth}");
                assert_eq!(total(p().start().unwrap()), want, "{name}, depth {depth}");
            }
        }
        let pools = [Pool::threads(1), Pool::threads(1)];
        thread::scope(|scope| {
            for turn in 0..2 {
                let (here, there) = (&pools[turn], &pools[1 - turn]);
                let p = move || nest(0..6, here.clone(), there.clone(), 2);
                scope.spawn(move || assert_eq!(total(p().collect()), nested(6, 2)));
            }
        });
    });
}

#[test]
fn a_serial_worker_runs_pipelines_on_its_own_pool() {
    within(60, || {
        for pool in [
            Pool::threads(1),
            Pool::threads(2),
            Pool::threads(4),
            Pool::rayon(),
        ] {
            let p = || nest_serial(0..30, pool.clone(), pool.clone(), 2);
            assert_eq!(total(p().collect()), nested(30, 2));
            assert_eq!(total(p().stride(1).start().unwrap()), nested(30, 2));
        }
    });
}

#[worker]
fn in_parallel(x: i64) -> i64 {
    let (a, b) = rayon::join(
        || toil(x),
        || (0..50i64).into_par_iter().map(toil).sum::<i64>(),
    );
    a + b
}

pipeline! {
    fn with_par_iter(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> in_parallel.on(a) >> in_parallel.on(b).serial()
    }
}

#[test]
fn a_worker_uses_rayon_itself() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            let p = || with_par_iter(0..40, a.clone(), b.clone());
            let want = 780 + 40 * 2 * 1225;
            assert_eq!(total(p().collect()), want, "{name}");
            assert_eq!(total(p().start().unwrap()), want, "{name}");
        }
    });
}

#[test]
fn pipelines_start_on_rayons_threads() {
    within(60, || {
        for n in [1, 2] {
            let rayon = Arc::new(
                rayon::ThreadPoolBuilder::new()
                    .num_threads(n)
                    .build()
                    .unwrap(),
            );
            for pool in [
                Pool::from(rayon.clone()),
                Pool::rayon(),
                Pool::threads(1),
                Pool::inline(),
            ] {
                let both = || {
                    assert_eq!(total(work(0..200, pool.clone()).collect()), 200);
                    assert_eq!(
                        total(work(0..200, pool.clone()).buffer(8).start().unwrap()),
                        200
                    );
                    assert_eq!(total((0..200i64).numap(inc).on(&pool)), 20_100);
                    let run = work(0.., pool.clone()).start().unwrap();
                    promptly("dropping", || drop(run));
                    let run = work(0..50, pool.clone()).start().unwrap();
                    run.handle().wait();
                    assert_eq!(total(run), 50);
                };
                rayon.install(both);
                rayon.scope(|scope| (0..4).for_each(|_| scope.spawn(|_| both())));
                rayon::scope(|scope| (0..4).for_each(|_| scope.spawn(|_| both())));
                (0..8).into_par_iter().for_each(|_| both());
            }
        }
    });
}

// ---------------------------------------------------------------- threads

#[test]
fn threads_go_back_to_where_they_were() {
    within(60, || {
        alone("threads_go_back_to_where_they_were", || {
            quiet();
            assert_eq!(total(work(0..100, Pool::rayon()).collect()), 100);
            let Some(before) = threads() else { return };
            let back = |what: &str| {
                assert!(
                    soon(|| threads() == Some(before)),
                    "{what}: {before} threads before, {:?} now",
                    threads()
                );
            };
            for n in [1, 4] {
                let _ = work(0..100, Pool::threads(n)).collect();
                back("collect");
                assert_eq!(total(work(0..100, Pool::threads(n)).start().unwrap()), 100);
                back("start, read to the end");
                let mut run = work(0.., Pool::threads(n)).start().unwrap();
                run.next();
                drop(run);
                back("start, drop");
                work(0..100, Pool::threads(n))
                    .start()
                    .unwrap()
                    .join()
                    .unwrap();
                back("join");
                let run = work(0.., Pool::threads(n)).start().unwrap();
                run.handle().pause();
                drop(run);
                back("drop while paused");
                let run = work(0.., Pool::rayon()).start().unwrap();
                run.handle().stop();
                run.join().unwrap();
                back("stop");
                let _ = panicking(0..100, Pool::threads(n)).collect();
                back("panics");
                (0..100i64).numap(inc).on(&Pool::threads(n)).for_each(drop);
                back("a map");
                (0..100i64)
                    .numap(inc)
                    .on(&Pool::threads(n))
                    .take(3)
                    .for_each(drop);
                back("a map, dropped half way");
                let _ = nest(0..4, Pool::threads(n), Pool::threads(2), 2).collect();
                back("nested");
            }
            let (tx, rx) = mpsc::channel::<i64>();
            drop(work(rx, Pool::threads(2)).start().unwrap());
            drop(tx);
            back("a blocked source");
        });
    });
}

#[test]
fn the_last_thread_to_know_a_pool_may_be_its_own() {
    within(20, || {
        // The values of a run may hold the last clone of the pool that drops them.
        for _ in 0..20 {
            let pool = Pool::threads(2);
            let run = owning(0..10, pool.clone(), pool).start().unwrap();
            assert_eq!(total(run), 45);
        }
    });
}

pipeline! {
    fn owning(xs: Stream<i64>, kept: Pool, a: Pool) -> Stream<i64> {
        xs >> (|x| { let _ = &kept; x }).on(a)
    }
}
