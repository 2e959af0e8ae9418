//! Running pipelines with rates: positions, laziness, promptness, memory, threads, ends in the middle of a group.

#[macro_use]
mod common;

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::time::Duration;

use common::*;
use papy::prelude::*;

#[worker]
fn pair(x: i64) -> [i64; 2] {
    [x, -x]
}

#[worker]
fn group(g: Vec<i64>) -> Vec<i64> {
    g
}

#[worker]
fn three(g: [i64; 3]) -> Vec<i64> {
    g.to_vec()
}

#[worker]
fn group_sum(g: Vec<i64>) -> i64 {
    g.iter().sum()
}

#[worker]
fn copies<T: Clone, const N: usize>(x: T) -> [T; N] {
    std::array::from_fn(|_| x.clone())
}

pipeline! {
    fn pairs(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> pair.produce(2).on(a) >> id.on(b)
    }
}

pipeline! {
    fn grouped(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        xs >> id.on(a) >> group.consume(3).on(b)
    }
}

pipeline! {
    fn in_arrays(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        xs >> id.on(a) >> three.consume(3).on(b)
    }
}

pipeline! {
    fn one_to_two(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> pair.produce(2).on(a), ys >> id.on(b)) >> cat.on(c)
    }
}

pipeline! {
    fn faster_and_slower(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let many = xs >> pair.produce(2).on(a);
        let few = xs >> group_sum.consume(3).on(b);
        let same = xs >> inc.on(c);
        (many, few, same)
    }
}

// ---------------------------------------------------------------- positions

pipeline! {
    fn places(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let many = xs >> inv.on(a) >> pair.produce(2).on(b);
        let back = many >> group_sum.consume(4).on(a);
        let again = xs >> inv.on(b).repeat(2) >> running.serial().on(a);
        (many, back, again)
    }
}

pipeline! {
    fn group_places(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<Vec<i64>>, Stream<i64>) {
        let some = xs >> inv.on(a);
        let lists = some >> group.consume(2).on(b);
        let arrays = xs >> three.consume(3).on(a);
        let total = some >> pair.produce(2).on(a) >> add.fold().on(b);
        (lists, arrays, total)
    }
}

pipeline! {
    fn kept_places(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        xs >> even.filter().on(a) >> group.consume(2).on(b)
    }
}

pipeline! {
    fn places_of_two(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<Vec<i64>>) {
        let l = (xs >> pair.produce(2).on(a), ys) >> cat.on(b);
        let r = (ys, xs >> pair.produce(2).on(b)) >> cat.on(a);
        (l, r)
    }
}

#[test]
fn positions_are_those_of_source_items() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, places([1, 0, 5], a, b)).start().unwrap();
            let many = placed(run.many.indexed());
            assert_eq!(many, "0:10 0:-10 1:!inv#1 1:!inv#1 2:2 2:-2", "{s}");
            assert_eq!(placed(run.back.indexed()), "0:!inv#1 2:0", "{s}");
            let again = placed(run.again.indexed());
            assert_eq!(again, "0:10 0:20 1:!inv#2#1 1:!inv#2#1 2:22 2:24", "{s}");
        }
    });
}

#[test]
fn the_position_of_a_group_is_its_first() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, group_places([1, 2, 5, 0, 10], a, b))
                .start()
                .unwrap();
            assert_eq!(
                placed(run.lists.indexed()),
                "0:[10,5] 2:!inv#3 4:[1]",
                "{s}"
            );
            let arrays = placed(run.arrays.indexed());
            assert_eq!(arrays, "0:[1,2,5] 3:!three#3[Incomplete]", "{s}");
            // Slots 0 to 4 are the items', so a fold's own is 5.
            assert_eq!(placed(run.total.indexed()), "3:!inv#3 3:!inv#3 5:0", "{s}");
        }
    });
}

#[test]
fn the_first_of_a_group_is_an_item_and_no_hole() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, kept_places(1..8, a, b)).start().unwrap();
            assert_eq!(placed(run.out.indexed()), "1:[2,4] 5:[6]", "{s}");
        }
    });
}

#[test]
fn positions_are_of_the_first_input_of_the_header() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, places_of_two([1, 2], 5..9, a, b))
                .start()
                .unwrap();
            assert_eq!(
                placed(run.l.indexed()),
                "0:[1,5] 0:[-1,6] 1:[2,7] 1:[-2,8]",
                "{s}"
            );
            assert_eq!(
                placed(run.r.indexed()),
                "0:[5,1] 0:[6,-1] 1:[7,2] 1:[8,-2]",
                "{s}"
            );
        }
    });
}

// ---------------------------------------------------------------- lazy and prompt

#[test]
fn inline_pulls_what_the_reader_needs() {
    within(20, || {
        let (xs, pulled) = counted(1..);
        let mut run = pairs(xs, Pool::rayon(), Pool::rayon())
            .inline()
            .start()
            .unwrap();
        for n in 1..=5 {
            assert_eq!(line(run.by_ref().take(2)), format!("{n} -{n}"));
            assert_eq!(pulled.load(SeqCst), n);
        }
        let (xs, pulled) = counted(0..);
        let mut run = grouped(xs, Pool::rayon(), Pool::rayon())
            .inline()
            .start()
            .unwrap();
        for n in 1..=5 {
            assert!(run.next().is_some());
            assert_eq!(pulled.load(SeqCst), 3 * n);
        }
    });
}

#[test]
fn an_endless_input_is_pulled_at_most_buffer_ahead() {
    within(30, || {
        for s in schedules() {
            let buffer = s.buffer.unwrap_or(10);
            let [a, b, _] = s.pools();
            let (xs, pulled) = counted(0..);
            let mut run = tuned!(s, grouped(xs, a, b)).buffer(buffer).start().unwrap();
            assert_eq!(run.by_ref().take(5).count(), 5, "{s}");
            // A group can only be made when its items have been pulled, whatever the buffer.
            let bound = 15 + buffer.next_multiple_of(3) + 3;
            assert!(pulled.load(SeqCst) <= bound, "pulled {pulled:?}; {s}");
        }
    });
}

#[test]
fn a_group_comes_out_as_soon_as_it_is_whole() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let (tx, rx) = mpsc::channel();
            let mut run = tuned!(s, grouped(rx, a, b)).start().unwrap();
            for n in 0..7 {
                (3 * n..3 * n + 3).for_each(|x| tx.send(x).unwrap());
                let want = format!("[{},{},{}]", 3 * n, 3 * n + 1, 3 * n + 2);
                assert_eq!(item(&run.next().unwrap()), want, "{s}");
            }
            tx.send(100).unwrap();
            drop(tx);
            assert_eq!(line(run), "[100]", "{s}");
        }
    });
}

#[test]
fn produced_items_are_prompt() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let (tx, rx) = mpsc::channel();
            let mut run = tuned!(s, pairs(rx, a, b)).start().unwrap();
            for n in 1..20 {
                tx.send(n).unwrap();
                assert_eq!(line(run.by_ref().take(2)), format!("{n} -{n}"), "{s}");
            }
        }
    });
}

/// An item need not wait in one branch for the rest of a group in another.
#[test]
fn items_beside_a_group_are_prompt() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (tx, rx) = mpsc::channel();
            let mut run = tuned!(s, faster_and_slower(rx, a, b, c)).start().unwrap();
            for n in 1..20 {
                tx.send(n).unwrap();
                assert_eq!(line(run.same.by_ref().take(1)), format!("{}", n + 1), "{s}");
                assert_eq!(line(run.many.by_ref().take(2)), format!("{n} -{n}"), "{s}");
                if n % 3 == 0 {
                    let sum = run.few.next().unwrap().unwrap();
                    assert_eq!(sum, 3 * n - 3, "{s}");
                }
            }
        }
    });
}

/// The faster input may wait for what came of the first item of a round.
#[test]
fn inputs_of_different_rates_are_prompt() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let ((tx, rx), (ty, ry)) = (mpsc::channel(), mpsc::channel());
            let mut run = tuned!(s, one_to_two(rx, ry, a, b, c)).start().unwrap();
            for n in 1..10 {
                tx.send(n).unwrap();
                ty.send(5).unwrap();
                assert_eq!(item(&run.next().unwrap()), format!("[{n},5]"), "{s}");
                ty.send(6).unwrap();
                assert_eq!(item(&run.next().unwrap()), format!("[-{n},6]"), "{s}");
            }
        }
    });
}

// ---------------------------------------------------------------- large rates, small buffers

pipeline! {
    fn large_groups(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<usize> {
        xs >> id.on(a) >> (|g: Vec<i64>| g.len()).consume(1000).on(b)
    }
}

pipeline! {
    fn large_arrays(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> copies::<i64, 1000>.produce(1000).on(a) >> (|g: [i64; 1000]| g.iter().sum::<i64>()).consume(1000).on(b)
    }
}

pipeline! {
    fn much(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> copies::<i64, 1000>.produce(1000).on(a) >> id.repeat(3).on(b)
    }
}

#[test]
fn large_rates_and_small_buffers() {
    within(120, || {
        for (name, [a, b, _]) in pool_sets() {
            for buffer in [1, 3, 4096] {
                let p = || large_groups(0..2500, a.clone(), b.clone()).buffer(buffer);
                assert_eq!(
                    show(p().collect()),
                    "1000 1000 500",
                    "{name}, buffer {buffer}"
                );
                assert_eq!(
                    line(p().start().unwrap()),
                    "1000 1000 500",
                    "{name}, buffer {buffer}"
                );
                let p = || large_arrays([1, 2, 3], a.clone(), b.clone()).buffer(buffer);
                assert_eq!(
                    show(p().collect()),
                    "1000 2000 3000",
                    "{name}, buffer {buffer}"
                );
                assert_eq!(
                    line(p().start().unwrap()),
                    "1000 2000 3000",
                    "{name}, buffer {buffer}"
                );
                let p = || much([5, 7], a.clone(), b.clone()).buffer(buffer);
                let runs = |results: Vec<Result<i64, Fault>>| {
                    let items: Vec<i64> = results.into_iter().map(Result::unwrap).collect();
                    items
                        .chunk_by(|x, y| x == y)
                        .map(|run| (run[0], run.len()))
                        .collect::<Vec<_>>()
                };
                assert_eq!(
                    runs(p().collect()),
                    [(5, 3000), (7, 3000)],
                    "{name}, buffer {buffer}"
                );
                assert_eq!(
                    runs(p().start().unwrap().collect()),
                    [(5, 3000), (7, 3000)],
                    "{name}, buffer {buffer}"
                );
            }
        }
    });
}

pipeline! {
    fn carried(xs: Stream<Live>, a: Pool, b: Pool) -> Stream<usize> {
        xs >> copies::<Live, 20>.produce(20).on(a) >> (|x: Live| x).on(b) >> (|g: Vec<Live>| g.len()).consume(30).on(a)
    }
}

#[test]
fn items_in_flight_are_bounded() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets() {
            for buffer in [1, 4] {
                let tally = Tally::new();
                let mine = tally.clone();
                let xs = (0..300).map(move |n| mine.item(n));
                let run = carried(xs, a.clone(), b.clone())
                    .buffer(buffer)
                    .start()
                    .unwrap();
                assert_eq!(
                    (run.count(), tally.live()),
                    (200, 0),
                    "{name}, buffer {buffer}"
                );
                // Of each item in flight, itself and 20 copies; a group that is gathered and one that is dropped.
                let bound = (buffer + 4) * 21 + 60;
                assert!(
                    tally.peak() <= bound,
                    "{} at once, {name}, buffer {buffer}",
                    tally.peak()
                );
            }
        }
    });
}

#[test]
fn outputs_of_different_rates_in_any_order() {
    within(60, || {
        for (name, [a, b, c]) in pool_sets() {
            for buffer in [1, 10, 100] {
                let start = || {
                    let p = faster_and_slower(0..600, a.clone(), b.clone(), c.clone());
                    p.buffer(buffer).start().unwrap()
                };
                let mut run = start();
                assert_eq!(run.few.by_ref().count(), 200, "{name}, buffer {buffer}");
                assert_eq!(run.same.by_ref().count(), 600, "{name}, buffer {buffer}");
                assert_eq!(run.many.by_ref().count(), 1200, "{name}, buffer {buffer}");
                let mut run = start();
                assert_eq!(run.many.by_ref().count(), 1200, "{name}, buffer {buffer}");
                assert_eq!(run.same.by_ref().count(), 600, "{name}, buffer {buffer}");
                assert_eq!(run.few.by_ref().count(), 200, "{name}, buffer {buffer}");
                let mut run = start();
                drop(run.same);
                assert_eq!(
                    run.many.by_ref().take(100).count(),
                    100,
                    "{name}, buffer {buffer}"
                );
                assert_eq!(run.few.by_ref().count(), 200, "{name}, buffer {buffer}");
                assert_eq!(run.many.by_ref().count(), 1100, "{name}, buffer {buffer}");
            }
        }
    });
}

// ---------------------------------------------------------------- threads

/// Holds calls until two are inside at once, or for five seconds; from then on nobody waits.
#[derive(Debug, Default)]
struct Meeting {
    /// Who is inside, who was at most, and whether it is over.
    state: Mutex<(usize, usize, bool)>,
    came: Condvar,
}

impl Meeting {
    fn attend(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        state.1 = state.1.max(state.0);
        state.2 |= state.0 > 1;
        self.came.notify_all();
        let waited = self
            .came
            .wait_timeout_while(state, Duration::from_secs(5), |state| !state.2);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.0 -= 1;
        state.2 = true;
    }

    fn most(&self) -> usize {
        self.state.lock().unwrap().1
    }
}

#[worker]
fn costly(x: i64, #[param] meeting: &Meeting) -> i64 {
    meeting.attend();
    x
}

pipeline! {
    fn costly_groups(xs: Stream<i64>, meeting: Arc<Meeting>, a: Pool) -> Stream<i64> {
        xs >> costly(meeting = meeting).on(a) >> group_sum.consume(100).on(a)
    }
}

/// A large group is no reason to evaluate its items on one thread.
#[test]
fn items_of_one_group_share_the_threads() {
    within(60, || {
        for n in [100, 1000] {
            let pool = Pool::threads(2);
            let meeting = Arc::new(Meeting::default());
            let results = costly_groups(0..n, meeting.clone(), pool.clone()).collect();
            assert_eq!((results.len() as i64, meeting.most()), (n / 100, 2));
            let meeting = Arc::new(Meeting::default());
            let run = costly_groups(0..n, meeting.clone(), pool.clone())
                .start()
                .unwrap();
            assert_eq!((run.count() as i64, meeting.most()), (n / 100, 2));
        }
    });
}

// ---------------------------------------------------------------- ends

#[test]
fn stop_gives_a_short_group() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            for taken in [0, 1, 7] {
                let (xs, pulled) = counted(0..);
                let mut run = grouped(xs, a.clone(), b.clone())
                    .buffer(10)
                    .start()
                    .unwrap();
                let mut groups: Vec<_> = run.by_ref().take(taken).map(Result::unwrap).collect();
                run.handle().stop();
                groups.extend(run.map(Result::unwrap));
                let full = groups.iter().filter(|g| g.len() == 3).count();
                assert!(
                    groups.len() >= taken && groups.len() <= full + 1,
                    "{name}: {groups:?}"
                );
                let all = groups.concat();
                assert!(
                    all.iter().copied().eq(0..pulled.load(SeqCst) as i64),
                    "{name}: {groups:?}"
                );
            }
        }
    });
}

#[test]
fn stop_gives_an_incomplete_group() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            let (xs, pulled) = counted(0..);
            let mut run = in_arrays(xs, a.clone(), b.clone())
                .buffer(10)
                .start()
                .unwrap();
            let mut results: Vec<_> = run.by_ref().take(2).collect();
            run.handle().stop();
            results.extend(run);
            let pulled = pulled.load(SeqCst);
            let full = results.iter().filter(|result| result.is_ok()).count();
            assert_eq!(
                (full, results.len()),
                (pulled / 3, pulled.div_ceil(3)),
                "{name}"
            );
            if let Some(Err(fault)) = results.last() {
                assert_eq!(fault.kind(), FaultKind::Incomplete, "{name}");
            }
        }
    });
}

#[test]
fn stop_brings_inputs_level() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let ((xs, xs_pulled), (ys, ys_pulled)) = (counted(0..), counted(0..));
            let mut run = tuned!(s, one_to_two(xs, ys, a, b, c)).start().unwrap();
            let mut seen: Vec<_> = run.by_ref().take(7).collect();
            run.handle().stop();
            seen.extend(run);
            assert!(seen.iter().all(Result::is_ok), "{s}: {}", show(seen));
            let pulled = (2 * xs_pulled.load(SeqCst), ys_pulled.load(SeqCst));
            assert_eq!(pulled, (seen.len(), seen.len()), "{s}");
        }
    });
}

#[test]
fn the_input_ends_inside_a_group_that_is_waited_for() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            let (tx, rx) = mpsc::channel();
            let mut lists = grouped(rx, a.clone(), b.clone()).start().unwrap();
            (0..4).for_each(|x| tx.send(x).unwrap());
            assert_eq!(item(&lists.next().unwrap()), "[0,1,2]", "{name}");
            assert!(lists.try_next().is_pending(), "{name}");
            drop(tx);
            assert_eq!(line(lists), "[3]", "{name}");

            let (tx, rx) = mpsc::channel();
            let mut arrays = in_arrays(rx, a.clone(), b.clone()).start().unwrap();
            (0..5).for_each(|x| tx.send(x).unwrap());
            assert_eq!(item(&arrays.next().unwrap()), "[0,1,2]", "{name}");
            drop(tx);
            assert_eq!(line(arrays), "!three#3[Incomplete]", "{name}");
        }
    });
}

pipeline! {
    fn lives(xs: Stream<Live>, a: Pool, b: Pool) -> Stream<Vec<Live>> {
        xs >> copies::<Live, 5>.produce(5).on(a) >> (|g: Vec<Live>| g).consume(7).on(b)
    }
}

#[test]
fn cancel_and_drop_release_what_a_group_has_gathered() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            for taken in [0, 1, 3] {
                let tally = Tally::new();
                let lives = || {
                    let tally = tally.clone();
                    lives((0..).map(move |n| tally.item(n)), a.clone(), b.clone()).buffer(6)
                };
                let mut run = lives().start().unwrap();
                assert_eq!(run.by_ref().take(taken).count(), taken, "{name}");
                promptly(name, || drop(run));
                assert!(soon(|| tally.live() == 0), "{name}: {} left", tally.live());

                let mut run = lives().start().unwrap();
                assert_eq!(run.by_ref().take(taken).count(), taken, "{name}");
                run.handle().cancel();
                assert!(run.handle().wait_timeout(secs(2)).is_some(), "{name}");
                drop(run);
                assert!(soon(|| tally.live() == 0), "{name}: {} left", tally.live());
            }
        }
    });
}

#[test]
fn a_run_is_dropped_while_a_group_waits_for_its_source() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            let (tx, rx) = mpsc::channel();
            let mut run = grouped(rx, a.clone(), b.clone()).start().unwrap();
            (0..5).for_each(|x| tx.send(x).unwrap());
            assert_eq!(item(&run.next().unwrap()), "[0,1,2]", "{name}");
            promptly(name, || drop(run));
            drop(tx);
        }
    });
}

pipeline! {
    fn stopped(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<Vec<i64>>) {
        let many = xs >> inv.on(a) >> pair.produce(2).on(b);
        let groups = many >> group.consume(4).on(a);
        (many, groups)
    }
}

#[test]
fn on_fault_stop_ends_each_output_at_its_first_fault() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let p = || stopped([1, 2, 5, 0, 0, 1], a.clone(), b.clone()).on_fault(OnFault::Stop);
            let want = "10 -10 5 -5 2 -2 !inv#3 | [10,-10,5,-5] !inv#3";
            assert_eq!(show(tuned!(s, p()).collect()), want, "{s}");
            let run = tuned!(s, p()).start().unwrap();
            assert_eq!([line(run.many), line(run.groups)].join(" | "), want, "{s}");
        }
    });
}

// ---------------------------------------------------------------- the report

pipeline! {
    fn told(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let many = xs >> pair.produce(2).on(a) >> neg.repeat(3).on(b);
        let few = xs >> even.filter().on(b) >> group_sum.consume(3).on(a) >> dbl;
        (many, few)
    }
}

#[test]
fn the_report_counts_items() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            for report in [
                told(0..20, a.clone(), b.clone()).run(),
                told(0..20, a.clone(), b.clone()).inline().run(),
                told(0..20, a.clone(), b.clone())
                    .start()
                    .unwrap()
                    .join()
                    .unwrap(),
            ] {
                assert_eq!(position(&report, "xs"), 20, "{name}");
                assert_eq!(counts(&report, "pair"), [20, 40, 0, 0], "{name}");
                assert_eq!(counts(&report, "neg"), [40, 120, 0, 0], "{name}");
                assert_eq!(counts(&report, "even"), [20, 10, 0, 10], "{name}");
                assert_eq!(counts(&report, "group_sum"), [10, 4, 0, 0], "{name}");
                assert_eq!(counts(&report, "dbl"), [4, 4, 0, 0], "{name}");
            }
        }
    });
}

// ---------------------------------------------------------------- one join of two

pipeline! {
    fn two_joins(a: Stream<i64>, b: Stream<i64>, c: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let twice = a >> (|x: i64| [x, x]).produce(2);
        let first = (twice, b) >> sum;
        let second = (c, a) >> sum;
        (first, second)
    }
}

/// Where an input is short, only the joins that it enters tell of that: the others go on to the end of the round.
#[test]
fn a_join_is_not_told_of_an_input_that_it_does_not_have() {
    within(60, || {
        for start in [false, true] {
            for rounds in [3, 40, 300] {
                let pipeline = two_joins(0..rounds, 0..2 * rounds, 0..rounds - 1);
                let (first, second): (Vec<_>, Vec<_>) = if start {
                    let mut run = pipeline.start().unwrap();
                    (run.first.by_ref().collect(), run.second.by_ref().collect())
                } else {
                    pipeline.collect()
                };
                let expected = (0..2 * rounds).map(|y| y / 2 + y);
                let values = first.into_iter().map(Result::unwrap);
                assert!(values.eq(expected), "{rounds} rounds, started: {start}");
                let faults = second.iter().filter(|result| result.is_err()).count();
                assert_eq!((second.len() as i64, faults), (rounds, 1));
            }
        }
    });
}
