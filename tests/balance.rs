//! Streams of different rates that meet: joins whose rounds balance, and what is left over where they end.
//!
//! A fault is written `!node#position`. The number in a test's name is the rule's, where there is one.

#[macro_use]
mod common;

use common::*;
use papy::prelude::*;
use papy::source::fallible;

/// `name: |a, b, c| pipeline(input, a, b, c) => "1 2 !Unequal";` tests every schedule; of faults, only the kind.
macro_rules! endings {
    ($($name:ident: |$a:ident, $b:ident, $c:ident| $make:expr => $want:literal;)+) => {$(
        #[test]
        fn $name() {
            within(60, || {
                for schedule in schedules() {
                    let make = || {
                        #[allow(unused_variables)]
                        let [$a, $b, $c] = schedule.pools();
                        tuned!(schedule, $make)
                    };
                    assert_eq!(kinds(make().inline().collect()), $want, "inline; {schedule}");
                    assert_eq!(kinds(make().collect()), $want, "collected; {schedule}");
                    assert_eq!(kinds(make().start().unwrap()), $want, "started; {schedule}");
                }
            });
        }
    )+};
}

#[worker]
fn pair(x: i64) -> [i64; 2] {
    [x, -x]
}

#[worker]
fn trip(x: i64) -> [i64; 3] {
    [x, 10 * x, 100 * x]
}

#[worker]
fn group_sum(g: Vec<i64>) -> i64 {
    g.iter().sum()
}

#[worker]
fn two_sum(g: [i64; 2]) -> i64 {
    g[0] + g[1]
}

#[worker]
fn sum_and_zero(g: Vec<i64>) -> [i64; 2] {
    [g.iter().sum(), 0]
}

#[worker]
fn sum_of_two_and_zero(g: [i64; 2]) -> [i64; 2] {
    [g[0] + g[1], 0]
}

// ---------------------------------------------------------------- branches of one input

pipeline! {
    fn back_to_one(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let back = xs >> pair.produce(2).on(a) >> inc.on(b) >> group_sum.consume(2).on(c);
        (back, xs) >> cat.on(a)
    }
}

pipeline! {
    fn back_to_one_in_arrays(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let back = xs >> inv.on(a) >> trip.produce(3).on(b) >> (|g: [i64; 3]| g[2]).consume(3).on(c);
        (xs, back) >> cat.on(b)
    }
}

pipeline! {
    fn faults_on_both_sides(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let up = xs >> inv.on(a);
        let back = up >> pair.produce(2).on(b) >> boom(at = 2).on(c) >> two_sum.consume(2).on(a);
        (up, back) >> cat.on(b)
    }
}

pipeline! {
    fn fork_behind(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let many = xs >> pair.produce(2).on(a);
        (many >> inc.on(b), many >> dbl.on(c)) >> cat.on(a)
    }
}

pipeline! {
    fn origin_once(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let many = xs >> inv.on(a) >> pair.produce(2).on(b);
        (many >> inc.on(b), many >> dbl.on(c)) >> cat.on(a)
    }
}

pipeline! {
    fn both_produce(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> pair.produce(2).on(a), xs >> inc.repeat(2).on(b)) >> cat.on(c)
    }
}

pipeline! {
    fn both_consume(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> group_sum.consume(2).on(a), xs >> (|g: Vec<i64>| g[0]).consume(2).on(b)) >> cat.on(c)
    }
}

pipeline! {
    fn six_in_two_ways(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let l = xs >> pair.produce(2).on(a) >> trip.produce(3).on(b);
        let r = xs >> trip.produce(3).on(b) >> pair.produce(2).on(c);
        (l, r) >> cat.on(a)
    }
}

pipeline! {
    fn three_halves(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let l = xs >> trip.produce(3).on(a) >> two_sum.consume(2).on(b);
        let r = xs >> two_sum.consume(2).on(b) >> trip.produce(3).on(c);
        (l, r) >> cat.on(a)
    }
}

pipeline! {
    fn groups_of_both(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<(i64, i64)>> {
        (xs >> pair.produce(2).on(a), xs >> inc.repeat(2).on(b)) >> (|g: Vec<(i64, i64)>| g).consume(2).on(c)
    }
}

pipeline! {
    fn nested_rounds(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let many = xs >> pair.produce(2).on(a);
        let inner = many >> trip.produce(3).on(b) >> group_sum.consume(3).on(c);
        let both = (inner, many) >> sum.on(a);
        (both >> two_sum.consume(2).on(b), xs) >> cat.on(c)
    }
}

pipeline! {
    fn serial_in_rounds(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let many = xs >> running.serial().on(a) >> pair.produce(2).on(b) >> running.serial().on(c);
        (many >> group_sum.consume(2).serial().on(a), xs) >> cat.serial().on(b)
    }
}

vectors! {
    s39_back_to_one: |a, b, c| back_to_one([1, 2, 3], a, b, c) => "[2,1] [2,2] [2,3]";
    s39_back_to_one_of_nothing: |a, b, c| back_to_one(Vec::new(), a, b, c) => "";
    s39_back_to_one_in_arrays: |a, b, c| back_to_one_in_arrays([1, 0, 5], a, b, c) => "[1,1000] !inv#1 [5,200]";
    s39_faults_on_both_sides: |a, b, c| faults_on_both_sides([1, 0, 5, 10], a, b, c)
        => "[10,0] !inv#1 !boom#2[Panic] [1,0]";
    s39_fork_behind_produce: |a, b, c| fork_behind([1, 2], a, b, c) => "[2,2] [0,-2] [3,4] [-1,-4]";
    s55_an_origin_comes_n_times_and_once_each: |a, b, c| origin_once([1, 0], a, b, c)
        => "[11,20] [-9,-20] !inv#1 !inv#1";
    s39_both_produce: |a, b, c| both_produce([1, 2], a, b, c) => "[1,2] [-1,2] [2,3] [-2,3]";
    s39_both_consume: |a, b, c| both_consume([1, 2, 3, 4, 5], a, b, c) => "[3,1] [7,3] [5,5]";
    s39_six_in_two_ways: |a, b, c| six_in_two_ways([1, 2], a, b, c)
        => "[1,1] [10,-1] [100,10] [-1,-10] [-10,100] [-100,-100] \
            [2,2] [20,-2] [200,20] [-2,-20] [-20,200] [-200,-200]";
    s39_three_halves: |a, b, c| three_halves([1, 2, 3, 4], a, b, c)
        => "[11,3] [102,30] [220,300] [33,7] [304,70] [440,700]";
    s39_groups_of_both: |a, b, c| groups_of_both([1, 2], a, b, c) => "[(1,2),(-1,2)] [(2,3),(-2,3)]";
    s39_nested_rounds: |a, b, c| nested_rounds([1, 2], a, b, c) => "[0,1] [0,2]";
    s39_serial_in_rounds: |a, b, c| serial_in_rounds([1, 2, 3], a, b, c) => "[1,1] [3,2] [6,3]";
}

// ---------------------------------------------------------------- holes

pipeline! {
    fn holes_before(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let some = xs >> even.filter().on(a);
        (some >> pair.produce(2).on(b), xs >> pair.produce(2).on(c)) >> cat.on(a)
    }
}

pipeline! {
    fn holes_repeated(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let some = xs >> even.filter().on(a) >> inv.repeat(2).on(b);
        (xs >> pair.produce(2).on(c), some) >> cat.on(b)
    }
}

pipeline! {
    fn holes_behind(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let many = xs >> trip.produce(3).on(a);
        (many >> even.filter().on(b), many) >> cat.on(c)
    }
}

vectors! {
    a_hole_makes_n_holes: |a, b, c| holes_before([1, 2, 3, 4], a, b, c) => "[2,2] [-2,-2] [4,4] [-4,-4]";
    a_repeated_hole_makes_n_holes: |a, b, c| holes_repeated([1, 2, 0, 5, 10], a, b, c)
        => "[2,5] [-2,5] !inv#2 !inv#2 [10,1] [-10,1]";
    holes_behind_produce_keep_their_place: |a, b, c| holes_behind([1, 2], a, b, c)
        => "[10,10] [100,100] [2,2] [20,20] [200,200]";
}

// ---------------------------------------------------------------- two inputs

pipeline! {
    fn one_to_two(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> pair.produce(2).on(a), ys >> id.on(b)) >> cat.on(c)
    }
}

pipeline! {
    fn two_to_one(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        (xs, ys >> pair.produce(2).on(a)) >> cat.serial().on(b)
    }
}

pipeline! {
    fn three_to_two(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> pair.produce(2).on(a), ys >> trip.produce(3).on(b)) >> cat.on(c)
    }
}

pipeline! {
    fn sums_beside(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        (xs >> group_sum.consume(2).on(a), ys) >> cat.on(b)
    }
}

pipeline! {
    fn sums_of_two_beside(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        (ys, xs >> two_sum.consume(2).on(a)) >> cat.on(b)
    }
}

pipeline! {
    fn three_inputs(xs: Stream<i64>, ys: Stream<i64>, zs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> trip.produce(3).on(a), ys, zs >> two_sum.consume(2).on(b)) >> cat3.on(c)
    }
}

vectors! {
    s39_inputs_of_rates_one_and_two: |a, b, c| one_to_two([1, 2], [5, 6, 7, 8], a, b, c) => "[1,5] [-1,6] [2,7] [-2,8]";
    s39_inputs_of_rates_two_and_one: |a, b, c| two_to_one([5, 6, 7, 8], [1, 2], a, b) => "[5,1] [6,-1] [7,2] [8,-2]";
    s39_inputs_of_rates_three_and_two: |a, b, c| three_to_two([1, 2, 3], [4, 5], a, b, c)
        => "[1,4] [-1,40] [2,400] [-2,5] [3,50] [-3,500]";
    s39_three_inputs: |a, b, c| three_inputs([1, 2], 0..6, 0..12, a, b, c)
        => "[1,0,1] [10,1,5] [100,2,9] [2,3,13] [20,4,17] [200,5,21]";
    s39_a_consumed_input: |a, b, c| sums_beside([1, 2, 3, 4], [7, 8], a, b) => "[3,7] [7,8]";
    s39_a_short_group_has_its_partner: |a, b, c| sums_beside([1, 2, 3], [7, 8], a, b) => "[3,7] [3,8]";
    s39_an_incomplete_group_has_its_partner: |a, b, c| sums_of_two_beside([1, 2, 3], [7, 8], a, b)
        => "[7,3] !two_sum#2[Incomplete]";
    s39_empty_inputs: |a, b, c| one_to_two(Vec::new(), Vec::new(), a, b, c) => "";
    s39_a_failed_item_of_the_slow_input: |a, b, c| one_to_two(fallible([Ok(1), Err("bad")]), 5..9, a, b, c)
        => "[1,5] [-1,6] !xs#1[Input] !xs#1[Input]";
    s39_a_failed_item_of_the_fast_input: |a, b, c| one_to_two([1], fallible([Err("bad"), Ok(2)]), a, b, c)
        => "!ys#0[Input] [-1,2]";
}

// ---------------------------------------------------------------- unequal

pipeline! {
    fn back_in_groups(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        (xs >> sum_and_zero.consume(2).produce(2).on(a), xs) >> cat.on(b)
    }
}

pipeline! {
    fn back_in_arrays(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        (xs >> sum_of_two_and_zero.consume(2).produce(2).on(a), xs) >> cat.on(b)
    }
}

pipeline! {
    fn rounds_of_three(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let l = xs >> (|g: Vec<i64>| [g.len() as i64; 3]).consume(3).produce(3).on(a);
        let r = xs >> sum_and_zero.consume(2).produce(2).on(b);
        (r, l) >> cat
    }
}

endings! {
    s40_a_short_group_leaves_branches_unequal: |a, b, c| back_in_groups(1..=5, a, b)
        => "[3,1] [0,2] [7,3] [0,4] [5,5] !Unequal";
    s40_an_incomplete_group_leaves_branches_unequal: |a, b, c| back_in_arrays(1..=5, a, b)
        => "[3,1] [0,2] [7,3] [0,4] !Incomplete !Unequal";
    s40_whole_groups_are_equal: |a, b, c| back_in_groups(1..=4, a, b) => "[3,1] [0,2] [7,3] [0,4]";
    s40_whole_arrays_are_equal: |a, b, c| back_in_arrays(1..=4, a, b) => "[3,1] [0,2] [7,3] [0,4]";
    s40_groups_of_two_and_of_three: |a, b, c| rounds_of_three(1..=6, a, b) => "[3,3] [0,3] [7,3] [0,3] [11,3] [0,3]";
    s40_groups_of_two_and_of_three_cut_short: |a, b, c| rounds_of_three(1..=7, a, b)
        => "[3,3] [0,3] [7,3] [0,3] [11,3] [0,3] [7,1] [0,1] !Unequal";
    s40_both_are_cut_short_alike: |a, b, c| rounds_of_three(1..=3, a, b) => "[3,3] [0,3] [3,3] !Unequal";

    s23_the_slow_input_is_longer: |a, b, c| one_to_two([1, 2, 3], 5..9, a, b, c)
        => "[1,5] [-1,6] [2,7] [-2,8] !Unequal";
    s23_the_fast_input_is_longer: |a, b, c| one_to_two([1], 5..9, a, b, c) => "[1,5] [-1,6] !Unequal";
    s23_the_fast_input_ends_inside_a_round: |a, b, c| one_to_two([1, 2], 5..8, a, b, c)
        => "[1,5] [-1,6] [2,7] !Unequal";
    s23_the_fast_input_has_one_more: |a, b, c| one_to_two([1, 2], 5..10, a, b, c)
        => "[1,5] [-1,6] [2,7] [-2,8] !Unequal";
    s23_the_slow_input_is_empty: |a, b, c| one_to_two(Vec::new(), 5..8, a, b, c) => "!Unequal";
    s23_the_fast_input_is_empty: |a, b, c| one_to_two([1], Vec::new(), a, b, c) => "!Unequal";
    s24_the_slow_input_is_endless: |a, b, c| one_to_two(0.., 5..8, a, b, c) => "[0,5] [0,6] [1,7] !Unequal";
    s24_the_fast_input_is_endless: |a, b, c| one_to_two([1], 5.., a, b, c) => "[1,5] [-1,6] !Unequal";
    s24_rounds_of_three_and_two: |a, b, c| three_to_two([1, 2, 3, 4], [4, 5], a, b, c)
        => "[1,4] [-1,40] [2,400] [-2,5] [3,50] [-3,500] !Unequal";
    s24_rounds_of_two_and_three: |a, b, c| three_to_two(1.., [4, 5, 6], a, b, c)
        => "[1,4] [-1,40] [2,400] [-2,5] [3,50] [-3,500] [4,6] [-4,60] [5,600] !Unequal";
    s24_a_consumed_input_is_endless: |a, b, c| sums_beside(1.., [7, 8], a, b) => "[3,7] [7,8] !Unequal";
    s24_beside_a_consumed_input: |a, b, c| sums_beside([1, 2, 3], 7.., a, b) => "[3,7] [3,8] !Unequal";
    s24_one_group_more: |a, b, c| sums_beside([1, 2, 3, 4, 5], [7, 8], a, b) => "[3,7] [7,8] !Unequal";
}

#[test]
fn s23_the_fault_is_at_the_join_and_names_both_inputs() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let results = tuned!(s, one_to_two([1], 5..9, a, b, c)).collect();
            let fault = results.last().unwrap().as_ref().unwrap_err();
            assert_eq!(
                (fault.node(), fault.kind()),
                ("cat", FaultKind::Unequal),
                "{s}"
            );
            let text = fault.to_string();
            assert!(text.contains("xs") && text.contains("ys"), "{text}; {s}");
        }
    });
}

#[test]
fn s40_the_fault_is_at_the_join() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let results = tuned!(s, back_in_groups(1..=5, a, b)).collect();
            let fault = results.last().unwrap().as_ref().unwrap_err();
            assert_eq!(
                (fault.node(), fault.kind()),
                ("cat", FaultKind::Unequal),
                "{s}"
            );
        }
    });
}

pipeline! {
    fn unequal_beside(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<i64>) {
        let both = (xs >> pair.produce(2).on(a), ys) >> cat.on(b);
        let sums = ys >> group_sum.consume(2).on(a);
        (both, sums)
    }
}

/// Where an unequal end cuts another output off is not told, but that it ends, whichever is read first.
#[test]
fn s24_an_unequal_end_ends_every_output() {
    within(60, || {
        for s in schedules() {
            let start = || {
                let [a, b, _] = s.pools();
                tuned!(s, unequal_beside([1, 2], 5.., a, b))
                    .start()
                    .unwrap()
            };
            let want = "[1,5] [-1,6] [2,7] [-2,8] !Unequal";
            let mut run = start();
            assert_eq!(kinds(run.both.by_ref()), want, "{s}");
            assert!(run.sums.by_ref().count() >= 2, "{s}");
            let mut run = start();
            let sums: Vec<_> = run.sums.by_ref().collect();
            assert!(show(sums).starts_with("11 15"), "{s}");
            assert_eq!(kinds(run.both.by_ref()), want, "{s}");
            start().join().unwrap();
        }
    });
}

/// What the longer input is asked for is bounded by the rounds of the shorter one and the buffer.
#[test]
fn s24_an_endless_input_is_pulled_within_bounds() {
    within(60, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (ys, pulled) = counted(5..);
            let _ = tuned!(s, one_to_two([1, 2, 3], ys, a, b, c)).collect();
            let bound = 6 + 2 * s.buffer.unwrap_or(4096) + 2;
            assert!(
                pulled.load(std::sync::atomic::Ordering::SeqCst) <= bound,
                "pulled {pulled:?}; {s}"
            );
        }
    });
}

#[worker]
fn four(x: i64) -> [i64; 4] {
    [x; 4]
}

pipeline! {
    fn uneven(xs: Stream<i64>, ys: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let sums = (xs, ys >> four.produce(4)) >> sum;
        let kept = ys >> id;
        (sums, kept)
    }
}

#[test]
fn positions_go_on_behind_a_short_round() {
    within(20, || {
        let run = uneven([1], [77, 2]).buffer(5).start().unwrap();
        assert_eq!(placed(run.kept.indexed()), "0:77 1:2");
    });
}
