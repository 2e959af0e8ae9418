//! Pools that are shared: by nodes, by runs, by pipelines inside of pipelines, and with rayon's own users.

#[macro_use]
mod common;

use std::sync::{Arc, Barrier, mpsc};
use std::thread;

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

#[worker]
fn toiled(x: i64) -> i64 {
    toil(x)
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
            let barrier = Barrier::new(2);
            let both = (0..100i64).numap(move |x| {
                barrier.wait();
                x
            });
            assert_eq!(total(both.on(&pool).stride(1)), 4950);
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

/// Runs a pipeline of springs, groups, routes and a pipeline that is a node, in a worker.
#[worker]
fn everything(x: i64, #[param] here: &Pool, #[param] there: &Pool, #[param] depth: usize) -> i64 {
    if depth == 0 {
        return toil(x);
    }
    let inner = || inner_everything(0..6, there.clone(), here.clone(), depth - 1);
    if x % 2 == 0 {
        total(inner().collect())
    } else {
        total(inner().buffer(2).start().unwrap())
    }
}

pipeline! {
    fn inner_everything(xs: Stream<i64>, here: Pool, there: Pool, depth: usize) -> Stream<i64> {
        let flat = xs >> (|x| [x, x + 1]).flat().on(here);
        let groups = flat >> (|group: Vec<i64>| group.len() as i64).consume(3).on(there);
        let routed = match groups {
            x if x % 2 == 0 => x >> inc.on(here),
            x => x >> everything(here = here, there = there, depth = depth).on(here),
        };
        routed >> work(a = here).pipeline()
    }
}

#[test]
fn every_kind_of_pipeline_inside_of_another() {
    within(90, || {
        for (name, [here, there, _]) in pool_sets() {
            for depth in 1..=3 {
                let make = || inner_everything(0..6, here.clone(), there.clone(), depth);
                let want = total(make().inline().collect());
                assert_eq!(total(make().collect()), want, "{name}, depth {depth}");
                assert_eq!(
                    total(make().stride(1).start().unwrap()),
                    want,
                    "{name}, depth {depth}"
                );
            }
        }
    });
}

#[worker]
fn in_parallel(x: i64) -> i64 {
    let mut c = 0;
    let (a, b) = rayon::join(
        || toil(x),
        || (0..50i64).into_par_iter().map(toil).sum::<i64>(),
    );
    rayon::scope(|scope| scope.spawn(|_| c = toil(x)));
    a + b + c - x
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
