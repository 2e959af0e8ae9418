//! `merge(a, b)`: of one origin slot by slot, of different origins as they come.
//!
//! A fault is written `!node#position`.

#[macro_use]
mod common;

use std::fmt::Debug;
use std::ops::Range;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc;

use common::*;
use papy::prelude::*;
use papy::source::fallible;

/// No items.
fn none() -> Vec<i64> {
    Vec::new()
}

#[worker]
fn upto(x: i64) -> Range<i64> {
    0..x
}

#[worker]
fn pair(x: i64) -> [i64; 2] {
    [x, -x]
}

#[worker]
fn group(g: Vec<i64>) -> Vec<i64> {
    g
}

#[worker]
fn group_sum(g: Vec<i64>) -> i64 {
    g.iter().sum()
}

// ---------------------------------------------------------------- of one origin

pipeline! {
    fn one_origin(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        merge(xs >> inc.on(a), xs >> dbl.on(b)) >> id.on(c)
    }
}

pipeline! {
    fn written_order(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        let l = xs >> inc.on(a);
        let r = xs >> dbl.on(b);
        merge(r, l)
    }
}

pipeline! {
    fn of_itself(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        let up = xs >> inc.on(a);
        let both = merge(up, up);
        both
    }
}

pipeline! {
    fn of_three(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        merge(xs >> inc.on(a), xs >> dbl.on(b).serial(), xs >> sqr.on(c)) >> neg.on(a)
    }
}

pipeline! {
    fn of_a_fork_and_its_stem(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let up = xs >> inc.on(a);
        let all = merge(xs, up >> dbl.on(b), up) >> id.on(b);
        (all, up)
    }
}

pipeline! {
    fn with_faults(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        merge(xs >> inv.on(a), xs >> boom(at = 5).on(b))
    }
}

pipeline! {
    fn one_fault_twice(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        let up = xs >> inv.on(a);
        merge(up >> inc.on(b), up >> dbl.on(a))
    }
}

pipeline! {
    fn with_holes(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        merge(xs >> even.filter().on(a), xs >> (|x| (x > 2).then_some(-x)).filter().on(b))
    }
}

pipeline! {
    fn serial_behind(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        merge(xs >> inc.on(a), xs >> dbl.on(b)) >> running.serial().on(c)
    }
}

pipeline! {
    fn joined_at_two(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let both = merge(xs >> inc.on(a), xs >> dbl.on(b));
        (both, xs >> pair.produce(2).on(c)) >> cat.on(a)
    }
}

pipeline! {
    fn back_to_one(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let both = merge(xs >> inc.on(a), xs >> inv.on(b));
        (both >> group_sum.consume(2).on(c), xs) >> cat.on(b)
    }
}

pipeline! {
    fn behind_a_flat(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let many = xs >> upto.flat().on(a);
        merge(many >> inc.on(b), many >> neg.on(c))
    }
}

pipeline! {
    fn of_merges(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let l = merge(xs, xs >> inc.on(a));
        let r = merge(xs >> neg.on(b), xs >> dbl.on(c));
        merge(l, r)
    }
}

vectors! {
    slot_by_slot: |a, b, c| one_origin([1, 2, 3], a, b, c) => "2 2 3 4 4 6";
    slot_by_slot_of_nothing: |a, b, c| one_origin(none(), a, b, c) => "";
    slot_by_slot_in_written_order: |a, b, c| written_order([1, 2, 3], a, b) => "2 2 4 3 6 4";
    a_stream_with_itself: |a, b, c| of_itself([1, 2], a) => "2 2 3 3";
    three_streams: |a, b, c| of_three([3, 4], a, b, c) => "-4 -6 -9 -5 -8 -16";
    a_stream_and_what_comes_of_it: |a, b, c| of_a_fork_and_its_stem([1, 2], a, b) => [all, up] "1 4 2 2 6 3 | 2 3";
    faults_keep_their_place: |a, b, c| with_faults([1, 0, 5], a, b) => "10 1 !inv#1 0 2 !boom#2[Panic]";
    a_fault_of_both_comes_of_both: |a, b, c| one_fault_twice([1, 0, 5], a, b) => "11 20 !inv#1 !inv#1 3 4";
    a_failed_input_comes_of_both: |a, b, c| one_origin(fallible([Ok(1), Err("bad")]), a, b, c)
        => "2 2 !xs#1[Input] !xs#1[Input]";
    holes_give_nothing: |a, b, c| with_holes([1, 2, 3, 4], a, b) => "2 -3 4 -4";
    serial_sees_both: |a, b, c| serial_behind([1, 2], a, b, c) => "2 4 7 11";
    a_merge_of_two_has_rate_two: |a, b, c| joined_at_two([1, 2], a, b, c) => "[2,1] [2,-1] [3,2] [4,-2]";
    a_merge_is_consumed_back_to_rate_one: |a, b, c| back_to_one([1, 0, 5], a, b, c) => "[12,1] !inv#1 [8,5]";
    a_merge_behind_a_flat: |a, b, c| behind_a_flat([2, 0, 1], a, b, c) => "1 0 2 -1 1 0";
    a_merge_of_merges_is_of_one_origin: |a, b, c| of_merges([1], a, b, c) => "1 -1 2 2";
}

#[test]
fn positions_are_those_of_source_items() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, with_holes([1, 2, 3, 4], a, b)).start().unwrap();
            assert_eq!(placed(run.out.indexed()), "1:2 2:-3 3:4 3:-4", "{s}");
        }
    });
}

// ---------------------------------------------------------------- of different origins

/// The results of one origin, as text, and those of the other; each in the order in which they came.
fn apart<T: Debug>(
    results: impl IntoIterator<Item = Result<T, Fault>>,
    is_first: impl Fn(&Result<T, Fault>) -> bool,
) -> String {
    let (first, second): (Vec<_>, Vec<_>) = results.into_iter().partition(is_first);
    [show(first), show(second)].join(" | ")
}

/// `name: |a, b, c| pipeline(input, a, b, c), is_first => "first | second";` runs it under every schedule, and takes the
/// two origins apart again.
macro_rules! unions {
    ($($name:ident: |$a:ident, $b:ident, $c:ident| $make:expr, $is_first:expr => $want:literal;)+) => {$(
        #[test]
        fn $name() {
            within(60, || {
                quiet();
                for schedule in schedules() {
                    let make = || {
                        #[allow(unused_variables)]
                        let [$a, $b, $c] = schedule.pools();
                        tuned!(schedule, $make)
                    };
                    assert_eq!(apart(make().inline().collect(), $is_first), $want, "inline; {schedule}");
                    assert_eq!(apart(make().collect(), $is_first), $want, "collected; {schedule}");
                    assert_eq!(apart(make().start().unwrap(), $is_first), $want, "started; {schedule}");
                }
            });
        }
    )+};
}

/// Below a hundred.
fn small(x: &Result<i64, Fault>) -> bool {
    x.as_ref().is_ok_and(|x| *x < 100)
}

/// Of `xs`, by what the tests give to it: small numbers, and faults at `inv` or at the input itself.
fn of_xs(x: &Result<i64, Fault>) -> bool {
    match x {
        Ok(x) => *x < 100,
        Err(fault) => ["inv", "xs"].contains(&fault.node()),
    }
}

pipeline! {
    fn two_inputs(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        merge(xs >> id.on(a), ys >> id.on(b)) >> id.on(c)
    }
}

pipeline! {
    fn bare_inputs(xs: Stream<i64>, ys: Stream<i64>) -> Stream<i64> {
        merge(xs, ys)
    }
}

pipeline! {
    fn failing_inputs(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        merge(xs >> inv.on(a), ys >> boom(at = 101).on(b)) >> id.on(c)
    }
}

pipeline! {
    fn input_and_its_flat(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        merge(xs >> upto.flat().on(a), xs >> (|x| 100 + x).on(b))
    }
}

pipeline! {
    fn two_flats(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let l = xs >> upto.flat().on(a);
        let r = xs >> (|x| 100..100 + 2 * x).flat().on(b);
        merge(l, r) >> id.on(c)
    }
}

pipeline! {
    fn two_folds(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        merge(xs >> inv.on(a) >> add.fold().on(b), xs >> add(state = 1000).fold().on(a))
    }
}

pipeline! {
    fn fold_and_groups(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        let kept = xs >> even.filter().on(a) >> group_sum.consume(2).on(b);
        merge(kept, xs >> add(state = 1000).fold().on(a))
    }
}

pipeline! {
    fn pairs_behind(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let all = merge(xs >> id.on(a), ys >> id.on(b));
        (all >> inc.on(c), all >> neg.on(a)) >> cat.on(b)
    }
}

unions! {
    inputs: |a, b, c| two_inputs(0..5, 100..107, a, b, c), small => "0 1 2 3 4 | 100 101 102 103 104 105 106";
    inputs_as_they_are: |a, b, c| bare_inputs(0..3, 100..102), small => "0 1 2 | 100 101";
    the_first_input_is_empty: |a, b, c| two_inputs(none(), 100..103, a, b, c), small => " | 100 101 102";
    the_second_input_is_empty: |a, b, c| two_inputs(0..3, none(), a, b, c), small => "0 1 2 | ";
    both_inputs_are_empty: |a, b, c| two_inputs(none(), none(), a, b, c), small => " | ";
    faults_of_both: |a, b, c| failing_inputs([1, 0, 5], 100..103, a, b, c), of_xs => "10 !inv#1 2 | 100 !boom#1[Panic] 102";
    a_failed_input: |a, b, c| two_inputs(fallible([Ok(1), Err("bad"), Ok(3)]), 100..103, a, b, c), of_xs
        => "1 !xs#1[Input] 3 | 100 101 102";
    an_input_that_panics: |a, b, c| two_inputs((0..).inspect(|&x| { assert!(x < 2, "on purpose"); }), 100..103, a, b, c), of_xs
        => "0 1 !xs#2[Input] | 100 101 102";
    an_input_and_its_flat: |a, b, c| input_and_its_flat([2, 0, 3], a, b), small => "0 1 0 1 2 | 102 100 103";
    flats: |a, b, c| two_flats([2, 0, 1], a, b, c), small => "0 1 0 | 100 101 102 103 100 101";
    folds: |a, b, c| two_folds([1, 0, 5], a, b), of_xs => "!inv#1 12 | 1006";
    a_fold_and_groups: |a, b, c| fold_and_groups(1..=6, a, b), small => "6 6 | 1021";
    a_join_behind: |a, b, c| pairs_behind([1, 2], [100, 101], a, b, c), |pair: &Result<Vec<i64>, Fault>| pair.as_ref().unwrap()[0] < 100
        => "[2,-1] [3,-2] | [101,-100] [102,-101]";
}

pipeline! {
    fn three_inputs(xs: Stream<i64>, ys: Stream<i64>, zs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        merge(xs >> id.on(a), ys >> id.on(b), zs) >> id.on(c)
    }
}

#[test]
fn three_inputs_of_different_lengths() {
    within(60, || {
        for s in schedules() {
            let make = || {
                let [a, b, c] = s.pools();
                tuned!(s, three_inputs(0..9, 100..101, 200..230, a, b, c))
            };
            for results in [
                make().collect(),
                make().start().unwrap().collect(),
                make().inline().collect(),
            ] {
                let values: Vec<i64> = results.into_iter().map(Result::unwrap).collect();
                for range in [0..100, 100..200, 200..300] {
                    let of_one: Vec<i64> = values
                        .iter()
                        .copied()
                        .filter(|x| range.contains(x))
                        .collect();
                    assert!(of_one.is_sorted(), "{values:?}; {s}");
                }
                let want: Vec<i64> = (0..9).chain(100..101).chain(200..230).collect();
                assert_eq!(sorted(values.into_iter().map(Ok)), want, "{s}");
            }
        }
    });
}

pipeline! {
    fn all_behind(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<Vec<i64>>) {
        let all = merge(xs >> id.on(a), ys >> id.on(b));
        let sums = all >> running.serial().on(c);
        let total = all >> add.fold().on(a);
        let groups = all >> group.consume(3).on(b);
        (sums, total, groups)
    }
}

#[test]
fn a_merge_is_one_stream_for_what_follows() {
    within(60, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (sums, total, groups) = tuned!(s, all_behind(0..10, 100..104, a, b, c)).collect();
            assert_eq!(show(total), "451", "{s}");
            let sums: Vec<i64> = sums.into_iter().map(Result::unwrap).collect();
            assert_eq!((sums.len(), sums.last()), (14, Some(&451)), "{s}");
            let groups: Vec<Vec<i64>> = groups.into_iter().map(Result::unwrap).collect();
            assert_eq!(
                groups.iter().map(Vec::len).collect::<Vec<_>>(),
                [3, 3, 3, 3, 2],
                "{s}"
            );
            // They all see one and the same order.
            let seen = groups.concat();
            let steps = seen.iter().scan(0, |sum, x| {
                *sum += x;
                Some(*sum)
            });
            assert!(steps.eq(sums), "{seen:?}; {s}");
            let want: Vec<i64> = (0..10).chain(100..104).collect();
            assert_eq!(sorted(seen.into_iter().map(Ok)), want, "{s}");
        }
    });
}

// ---------------------------------------------------------------- as they come

#[test]
fn a_source_does_not_wait_for_the_other() {
    within(60, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let ((tx, rx), (ty, ry)) = (mpsc::channel(), mpsc::channel());
            let mut run = tuned!(s, two_inputs(rx, ry, a, b, c)).start().unwrap();
            for n in 0..5 {
                ty.send(n).unwrap();
                assert_eq!(item(&run.next().unwrap()), n.to_string(), "{s}");
            }
            for n in 0..5 {
                tx.send(n).unwrap();
                assert_eq!(item(&run.next().unwrap()), n.to_string(), "{s}");
            }
            drop(tx);
            ty.send(7).unwrap();
            assert_eq!(item(&run.next().unwrap()), "7", "{s}");
            drop(ty);
            assert!(run.next().is_none(), "{s}");
        }
    });
}

#[test]
fn endless_inputs_are_pulled_lazily() {
    within(60, || {
        for s in schedules() {
            let buffer = s.buffer.unwrap_or(10);
            let [a, b, c] = s.pools();
            let ((xs, xs_pulled), (ys, ys_pulled)) = (counted(0..), counted(100..));
            let mut run = tuned!(s, two_inputs(xs, ys, a, b, c))
                .buffer(buffer)
                .start()
                .unwrap();
            assert_eq!(run.by_ref().take(20).count(), 20, "{s}");
            let pulled = [xs_pulled.load(SeqCst), ys_pulled.load(SeqCst)];
            assert!(
                pulled.iter().all(|n| *n <= 20 + 2 * buffer),
                "{pulled:?} pulled; {s}"
            );
            promptly("drop", || drop(run));
        }
    });
}

#[test]
fn stop_gives_all_that_was_taken() {
    within(60, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let ((xs, xs_pulled), (ys, ys_pulled)) = (counted(0..), counted(100..));
            let mut run = tuned!(s, two_inputs(xs, ys, a, b, c)).start().unwrap();
            let mut seen = run.by_ref().take(7).count();
            run.handle().stop();
            seen += run.count();
            assert_eq!(seen, xs_pulled.load(SeqCst) + ys_pulled.load(SeqCst), "{s}");
        }
    });
}

#[test]
fn a_run_is_dropped_while_one_source_waits() {
    within(30, || {
        for (name, [a, b, c]) in pool_sets() {
            let (tx, rx) = mpsc::channel::<i64>();
            let p = two_inputs(rx, 0..5, a.clone(), b.clone(), c.clone());
            let mut run = p.start().unwrap();
            assert_eq!(line(run.by_ref().take(5)), "0 1 2 3 4", "{name}");
            promptly(name, || drop(run));
            drop(tx);
        }
    });
}

#[test]
fn on_fault_stop_ends_a_merge_at_its_first_fault() {
    within(60, || {
        quiet();
        for s in schedules() {
            let [a, b, c] = s.pools();
            let p = failing_inputs([1, 0, 5], 102.., a, b, c).on_fault(OnFault::Stop);
            let results: Vec<_> = tuned!(s, p).start().unwrap().collect();
            let faults: Vec<_> = results.iter().filter(|x| x.is_err()).map(item).collect();
            assert_eq!(faults, ["!inv#1"], "{s}");
            assert!(results.last().unwrap().is_err(), "{s}");
        }
    });
}

#[test]
fn the_report_counts_both() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            let report = all_behind(0..10, 100..104, a.clone(), b.clone(), c.clone()).run();
            assert_eq!(counts(&report, "id"), [10, 10, 0, 0], "{name}");
            assert_eq!(counts(&report, "id#2"), [4, 4, 0, 0], "{name}");
            assert_eq!(counts(&report, "running"), [14, 14, 0, 0], "{name}");
            assert_eq!(position(&report, "xs"), 10, "{name}");
            assert_eq!(position(&report, "ys"), 4, "{name}");
        }
    });
}
