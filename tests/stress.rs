//! Engine under stress: outputs in any order, unequal inputs, folds behind folds, runs inside and beside runs.

#[macro_use]
mod common;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use common::*;
use papy::prelude::*;
use papy::{NumapExt, Output};

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// Takes a time that depends on the number.
#[worker]
fn uneven(x: i64) -> i64 {
    toil(x)
}

#[worker]
fn some(x: i64) -> Result<Option<i64>, String> {
    match x % 7 {
        3 => Err("three".into()),
        5 => panic!("on purpose: {x}"),
        1 => Ok(None),
        _ => Ok(Some(x)),
    }
}

#[worker]
fn note(x: i64, #[param] seen: &AtomicI64) {
    seen.fetch_add(x, SeqCst);
}

// ---------------------------------------------------------------- outputs

pipeline! {
    fn three(xs: Stream<i64>, seen: Arc<AtomicI64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let p = xs >> uneven.on(a) >> some.on(b).filter();
        let q = xs >> running.on(c).serial() >> uneven.on(a);
        let r = (p, q >> uneven.on(b).spawn(2)) >> (|x, y| x - y).on(c);
        q >> note(seen = seen).on(b);
        (p, q, r)
    }
}

fn next(run: &mut ThreeRun, output: usize) -> Option<Result<i64, Fault>> {
    match output {
        0 => run.p.next(),
        1 => run.q.next(),
        _ => run.r.next(),
    }
}

fn drop_output(run: ThreeRun, output: usize) -> ThreeRun {
    // a field can't be dropped alone and kept; what takes its place has ended
    let mut other = three(
        [],
        Arc::default(),
        Pool::rayon(),
        Pool::rayon(),
        Pool::rayon(),
    )
    .start()
    .unwrap();
    let mut run = run;
    match output {
        0 => std::mem::swap(&mut run.p, &mut other.p),
        1 => std::mem::swap(&mut run.q, &mut other.q),
        _ => std::mem::swap(&mut run.r, &mut other.r),
    }
    run
}

#[test]
fn outputs_are_read_in_any_order_whatever_the_buffer() {
    within(120, || {
        quiet();
        let seen = Arc::new(AtomicI64::new(0));
        let [a, b, c] = [Pool::inline(), Pool::inline(), Pool::inline()];
        let (p, q, r) = three(0..40, seen.clone(), a, b, c).inline().collect();
        let want = [show(p), show(q), show(r)];
        let noted = seen.load(SeqCst);
        let orders = [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ];
        let mut dice = Dice(7);
        for s in schedules() {
            for buffer in [1 + dice.roll(2), 3 + dice.roll(5)] {
                let order = orders[dice.roll(6)];
                let start = |seen| {
                    let [a, b, c] = s.pools();
                    tuned!(s, three(0..40, seen, a, b, c))
                        .buffer(buffer)
                        .start()
                        .unwrap()
                };

                // one after the other
                let seen = Arc::new(AtomicI64::new(0));
                let mut run = start(seen.clone());
                for output in order {
                    let got: Vec<_> = std::iter::from_fn(|| next(&mut run, output)).collect();
                    assert_eq!(
                        show(got),
                        want[output],
                        "{order:?}, {output}, buffer {buffer}; {s}"
                    );
                }
                run.join().unwrap();
                assert_eq!(seen.load(SeqCst), noted);

                // a few of each by turns, now and then only if they are there
                let mut run = start(Arc::default());
                let mut got = [const { Vec::new() }; 3];
                let mut open = vec![0, 1, 2];
                while !open.is_empty() {
                    let at = dice.roll(open.len());
                    let output = open[at];
                    for _ in 0..=dice.roll(4) {
                        let polled = match (dice.roll(3), output) {
                            (0, 0) => run.p.try_next(),
                            (0, 1) => run.q.next_timeout(Duration::from_micros(5)),
                            (0, _) => run.r.try_next(),
                            _ => Poll::Ready(next(&mut run, output)),
                        };
                        match polled {
                            Poll::Ready(Some(x)) => got[output].push(x),
                            Poll::Ready(None) => {
                                open.swap_remove(at);
                                break;
                            }
                            Poll::Pending => {}
                        }
                    }
                }
                assert_eq!(got.map(show), want, "by turns, buffer {buffer}; {s}");

                // one is dropped on the way, the others are read one after the other
                let mut run = start(Arc::default());
                for _ in 0..dice.roll(10) {
                    next(&mut run, order[1]);
                }
                let mut run = drop_output(run, order[1]);
                for output in [order[0], order[2]] {
                    let got: Vec<_> = std::iter::from_fn(|| next(&mut run, output)).collect();
                    assert_eq!(show(got), want[output], "one dropped, buffer {buffer}; {s}");
                }
            }
        }
    });
}

#[test]
fn sources_are_never_further_ahead_than_the_buffer() {
    within(60, || {
        quiet();
        let mut dice = Dice(11);
        for s in schedules() {
            let buffer = 1 + dice.roll(20);
            let [a, b, c] = s.pools();
            let (asked, ahead) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let (reader, most) = (asked.clone(), ahead.clone());
            let xs = (0..150).inspect(move |&n| {
                most.fetch_max((n as usize + 1).saturating_sub(reader.load(SeqCst)), SeqCst);
            });
            let mut run = tuned!(s, level(xs, a, b, c))
                .buffer(buffer)
                .start()
                .unwrap();
            let mut read = [0, 0];
            while read != [150, 150] {
                let mut output = dice.roll(2);
                if read[output] == 150 {
                    output = 1 - output;
                }
                read[output] += 1;
                asked.fetch_max(read[output], SeqCst);
                let next = if output == 0 {
                    run.l.next()
                } else {
                    run.r.next()
                };
                assert!(next.is_some());
            }
            assert!(
                ahead.load(SeqCst) <= buffer,
                "{ahead:?} ahead with a buffer of {buffer}; {s}"
            );
        }
    });
}

pipeline! {
    fn level(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> uneven.on(a) >> running.on(b).serial();
        let r = xs >> uneven.on(c);
        (l, r)
    }
}

// ---------------------------------------------------------------- unequal inputs

pipeline! {
    fn trio(xs: Stream<i64>, ys: Stream<i64>, zs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        cat3(xs >> id.on(a), ys >> id.on(b), zs >> id.on(c)) >> (|v: Vec<i64>| v).on(a)
    }
}

#[test]
fn three_inputs_of_any_length() {
    within(120, || {
        for s in schedules().into_iter().step_by(11) {
            for code in 0..64i64 {
                let lens = [code % 4, code / 4 % 4, code / 16];
                let short = *lens.iter().min().unwrap();
                let equal = lens.iter().all(|len| *len == short);
                let mut want: Vec<String> = (0..short).map(|n| format!("[{n},{n},{n}]")).collect();
                if !equal {
                    want.push(format!("!cat3#{short}[Unequal]"));
                }
                let want = want.join(" ");
                let [a, b, c] = s.pools();
                let p = || {
                    let [x, y, z] = lens.map(|len| 0..len);
                    tuned!(s, trio(x, y, z, a.clone(), b.clone(), c.clone()))
                };
                assert_eq!(show(p().collect()), want, "{lens:?}; {s}");
                assert_eq!(show(p().inline().collect()), want, "{lens:?}, inline; {s}");
                let run = p().start().unwrap();
                let handle = run.handle();
                assert_eq!(line(run), want, "{lens:?}, started; {s}");
                assert_eq!(
                    handle.wait().node("cat3").unwrap().faults(),
                    u64::from(!equal),
                    "{lens:?}; {s}"
                );
            }
        }
    });
}

pipeline! {
    fn ragged(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let pairs = (xs >> some.on(a).filter(), ys >> id.on(b)) >> sum.on(a);
        let total = pairs >> add.on(b).fold();
        (pairs, total)
    }
}

#[test]
fn a_fault_or_a_hole_where_the_partner_is_missing() {
    within(60, || {
        quiet();
        // the longer input's first slot without a partner: a value, a hole, a fault, a panic
        for len in [2, 1, 3, 5] {
            for more in [[2, 0], [0, 2]] {
                let make = |a, b| ragged(0..len + more[0], 0..len + more[1], a, b);
                let want = show(make(Pool::inline(), Pool::inline()).inline().collect());
                assert_eq!(want.matches(&format!("!sum#{len}")).count(), 2, "{want}");
                for s in schedules().into_iter().step_by(4) {
                    let [a, b, _] = s.pools();
                    assert_eq!(
                        show(tuned!(s, make(a.clone(), b.clone())).collect()),
                        want,
                        "{s}"
                    );
                    let run = tuned!(s, make(a, b)).start().unwrap();
                    assert_eq!(
                        [line(run.pairs), line(run.total)].join(" | "),
                        want,
                        "started; {s}"
                    );
                }
            }
        }
    });
}

// ---------------------------------------------------------------- folds

pipeline! {
    fn folded(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let kept = xs >> some.on(a).filter();
        let total = kept >> add.on(b).fold();
        let more = total >> inc.on(c) >> running.on(a).serial();
        let twice = more >> inv.on(c) >> add.on(a).fold() >> dbl.on(b);
        (total, more, twice)
    }
}

#[test]
fn folds_behind_folds() {
    within(60, || {
        quiet();
        // the sum, and one, and ten divided by that
        for (items, want) in [
            (vec![], "0 | 1 | 20"),
            (vec![2], "2 | 3 | 6"),
            (vec![1, 1], "0 | 1 | 20"),
            (vec![-1], "-1 | 0 | !inv#1 0"),
            (vec![3, 2], "!some#0 2 | !some#0 3 | !some#0 6"),
            (
                vec![2, 5, 7],
                "!some#1[Panic] 9 | !some#1[Panic] 10 | !some#1[Panic] 2",
            ),
        ] {
            for s in schedules().into_iter().step_by(4) {
                let [a, b, c] = s.pools();
                let p = || tuned!(s, folded(items.clone(), a.clone(), b.clone(), c.clone()));
                assert_eq!(show(p().collect()), want, "{s}");
                assert_eq!(show(p().inline().collect()), want, "inline; {s}");
                let run = p().start().unwrap();
                let twice = line(run.twice);
                assert_eq!(
                    [line(run.total), line(run.more), twice].join(" | "),
                    want,
                    "started; {s}"
                );
            }
        }
    });
}

// ---------------------------------------------------------------- without order, limited

pipeline! {
    fn loose(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> uneven.on(a).spawn(3) >> id.on(b).unordered();
        let r = (l, xs >> uneven.on(c).unordered()) >> sum.on(a);
        (l, r)
    }
}

#[test]
fn outputs_without_order_lose_and_double_nothing() {
    within(60, || {
        for (at, s) in schedules().into_iter().enumerate() {
            let buffer = [1, 4, 100][at % 3];
            let [a, b, c] = s.pools();
            let p = || tuned!(s, loose(0..60, a.clone(), b.clone(), c.clone())).buffer(buffer);
            let all: Vec<i64> = (0..60).collect();
            let twice: Vec<i64> = (0..60).map(|n| 2 * n).collect();
            let run = p().start().unwrap();
            assert_eq!(sorted(run.r), twice, "buffer {buffer}; {s}");
            assert_eq!(sorted(run.l), all, "buffer {buffer}; {s}");
            let mut run = p().start().unwrap();
            let mut some: Vec<_> = run.l.by_ref().take(7).collect();
            run.handle().stop();
            some.extend(run.l);
            assert_eq!(some.len(), run.r.count(), "buffer {buffer}; {s}");
            let first: Vec<i64> = (0..some.len() as i64).collect();
            assert_eq!(sorted(some), first, "buffer {buffer}; {s}");
            let (l, r) = p().collect();
            assert_eq!((sorted(l), sorted(r)), (all, twice), "buffer {buffer}; {s}");
        }
    });
}

// ---------------------------------------------------------------- runs that meet

pipeline! {
    fn work(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> uneven.on(a) >> running.on(a).serial() >> (|x| x).on(a)
    }
}

fn total(results: impl IntoIterator<Item = Result<i64, Fault>>) -> i64 {
    results.into_iter().map(Result::unwrap).sum()
}

/// A map of the pool's own inside a worker of the pool, over a pipeline of the pool that is left half read.
#[worker]
fn inner(x: i64, #[param] pool: &Pool, #[param] depth: usize) -> i64 {
    if depth == 0 {
        return toil(x);
    }
    let mut endless = outer(0.., pool.clone(), depth - 1)
        .buffer(3)
        .start()
        .unwrap();
    let begun = total(endless.by_ref().take(2));
    drop(endless);
    let mapped = total((0..3i64).numap(toil).on(pool));
    assert_eq!((begun, mapped), (if depth == 1 { 1 } else { 9 }, 3));
    x + 4
}

pipeline! {
    fn outer(xs: Stream<i64>, pool: Pool, depth: usize) -> Stream<i64> {
        xs >> inner(pool = pool, depth = depth).on(pool)
    }
}

#[test]
fn workers_leave_inner_runs_half_read() {
    within(120, || {
        for pool in [
            Pool::threads(1),
            Pool::threads(2),
            Pool::threads(4),
            Pool::rayon(),
        ] {
            for depth in 1..=3 {
                let want = (0..6).map(|x| x + 4).sum::<i64>();
                for _ in 0..3 {
                    assert_eq!(total(outer(0..6, pool.clone(), depth).collect()), want);
                    assert_eq!(
                        total(outer(0..6, pool.clone(), depth).stride(1).start().unwrap()),
                        want
                    );
                }
            }
        }
    });
}

/// Adds what another run gives.
#[worker]
fn beside(other: &mut Option<Output<i64>>, x: i64) -> i64 {
    x + other.as_mut().unwrap().next().unwrap().unwrap()
}

pipeline! {
    fn zipped(xs: Stream<i64>, other: Output<i64>, a: Pool) -> Stream<i64> {
        xs >> beside(state = Some(other)).on(a).serial() >> id.on(a)
    }
}

#[test]
fn a_worker_reads_from_another_run_of_the_pool() {
    within(60, || {
        for (name, [a, ..]) in pool_sets() {
            for buffer in [1, 5, 100] {
                let other = work(0..100, a.clone()).buffer(buffer).start().unwrap();
                let run = zipped(0..100, other.out, a.clone())
                    .buffer(buffer)
                    .start()
                    .unwrap();
                let want = (0..100i64).map(|n| n + n * (n + 1) / 2).sum::<i64>();
                assert_eq!(total(run), want, "{name}");
                let other = work(0..100, a.clone()).buffer(buffer).start().unwrap();
                assert_eq!(
                    total(zipped(0..100, other.out, a.clone()).collect()),
                    want,
                    "{name}"
                );
            }
        }
    });
}

#[worker]
fn drop_another(x: i64, #[param] others: &Mutex<Vec<WorkRun>>) -> i64 {
    let other = others.lock().unwrap().pop();
    drop(other);
    x
}

pipeline! {
    fn dropping(xs: Stream<i64>, others: Arc<Mutex<Vec<WorkRun>>>, a: Pool) -> Stream<i64> {
        xs >> drop_another(others = others).on(a)
    }
}

#[test]
fn a_worker_drops_another_run_of_the_pool() {
    within(60, || {
        for (name, [a, ..]) in pool_sets() {
            let others = || {
                let start = |n: i64| {
                    let mut run = work(0.., a.clone()).buffer(50).start().unwrap();
                    (0..n % 3).for_each(|_| drop(run.next()));
                    run
                };
                Arc::new(Mutex::new((0..12).map(start).collect()))
            };
            assert_eq!(
                total(dropping(0..12, others(), a.clone()).start().unwrap()),
                66,
                "{name}"
            );
            assert_eq!(
                total(dropping(0..12, others(), a.clone()).collect()),
                66,
                "{name}"
            );
        }
    });
}

#[test]
fn rayons_own_scopes_and_joins_around_runs() {
    within(60, || {
        for n in [1, 2] {
            let rayon = Arc::new(
                rayon::ThreadPoolBuilder::new()
                    .num_threads(n)
                    .build()
                    .unwrap(),
            );
            let own = Pool::from(rayon.clone());
            for pool in [own.clone(), Pool::threads(1), Pool::rayon()] {
                let want = (0..50i64).map(|n| n * (n + 1) / 2).sum::<i64>();
                rayon.install(|| {
                    let (l, r) = rayon::join(
                        || total(work(0..50, pool.clone()).collect()),
                        || total(work(0..50, pool.clone()).start().unwrap()),
                    );
                    assert_eq!((l, r), (want, want));
                    let sum = AtomicI64::new(0);
                    rayon::scope(|scope| {
                        for _ in 0..4 {
                            scope.spawn(|_| {
                                let mut run = work(0.., pool.clone()).start().unwrap();
                                sum.fetch_add(total(run.by_ref().take(50)), SeqCst);
                            });
                            scope.spawn(|_| {
                                sum.fetch_add(total(work(0..50, pool.clone()).collect()), SeqCst);
                            });
                        }
                    });
                    assert_eq!(sum.into_inner(), 8 * want);
                });
            }
        }
    });
}

/// Takes about a fifth of a millisecond.
#[worker]
fn slow(x: i64) -> i64 {
    thread::sleep(Duration::from_micros(200));
    x
}

pipeline! {
    fn slowly(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> slow.on(a)
    }
}

#[worker]
fn collecting(x: i64, #[param] pool: &Pool) -> i64 {
    let inner = slowly(0..3, pool.clone());
    x + if x % 2 == 0 {
        total(inner.collect())
    } else {
        total(inner.start().unwrap())
    }
}

pipeline! {
    fn collected(xs: Stream<i64>, pool: Pool) -> Stream<i64> {
        xs >> collecting(pool = pool).on(pool)
    }
}

#[test]
fn a_busy_run_does_not_keep_nested_ones_from_their_end() {
    within(30, || {
        for n in [1, 2] {
            let pool = Pool::threads(n);
            let mut endless = slowly(0.., pool.clone()).start().unwrap();
            let handle = endless.handle();
            let reader = thread::spawn(move || endless.by_ref().for_each(drop));
            assert_eq!(total(collected(0..8, pool.clone()).collect()), 28 + 24);
            assert_eq!(
                total(collected(0..8, pool.clone()).start().unwrap()),
                28 + 24
            );
            handle.cancel();
            reader.join().unwrap();
        }
    });
}

#[test]
fn a_busy_run_whose_source_then_blocks_gets_its_turn() {
    within(30, || {
        for n in [1, 2] {
            let pool = Pool::threads(n);
            let (tx, rx) = mpsc::channel();
            // item by item: a source that was fast and then blocks may hold a stride back
            let mut busy = slowly(rx, pool.clone()).stride(1).start().unwrap();
            (0..200).for_each(|x| tx.send(x).unwrap());
            let nested = collected(0..6, pool.clone()).start().unwrap();
            assert_eq!(total(busy.by_ref().take(200)), 19_900);
            assert_eq!(total(nested), 15 + 18);
            drop(tx);
        }
    });
}

#[test]
fn a_worker_reads_from_a_run_whose_source_then_blocks() {
    within(30, || {
        for n in [1, 2] {
            let pool = Pool::threads(n);
            let (tx, rx) = mpsc::channel();
            (0..100).for_each(|x| tx.send(x).unwrap());
            let other = slowly(rx, pool.clone()).stride(1).start().unwrap();
            let run = zipped(0..100, other.out, pool.clone()).start().unwrap();
            assert_eq!(total(run), 9_900);
            drop(tx);
        }
    });
}

#[test]
fn what_comes_out_may_decide_what_goes_in() {
    within(30, || {
        for s in schedules().into_iter().step_by(2) {
            let [a, b, c] = s.pools();
            let (tx, rx) = mpsc::channel();
            tx.send(1).unwrap();
            let mut run = tuned!(s, level(rx, a, b, c)).start().unwrap();
            for n in 1..30 {
                assert_eq!(run.r.next().unwrap().unwrap(), n);
                tx.send(n + 1).unwrap();
                assert!(run.l.next().is_some());
            }
        }
    });
}
