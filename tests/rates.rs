//! Rates: `.produce`, `.consume` and `.repeat`, alone and together.
//!
//! A fault is written `!node#position`. The number in a test's name is the rule's, where there is one.

#[macro_use]
mod common;

use common::*;
use papy::prelude::*;
use papy::source::fallible;

/// No items.
fn none() -> Vec<i64> {
    Vec::new()
}

// ---------------------------------------------------------------- produce

#[worker]
fn pair(x: i64) -> [i64; 2] {
    [x, -x]
}

#[worker]
fn trip(x: i64) -> [i64; 3] {
    [x, 10 * x, 100 * x]
}

#[worker]
fn q(x: i64) -> Result<[i64; 2], DivByZero> {
    Ok([inv(x)?, x])
}

#[worker]
fn explode(x: i64) -> [i64; 2] {
    assert!(x != 2, "on purpose");
    [x, 10 + x]
}

/// The sum so far, and the item.
#[worker]
fn running_pair(total: &mut i64, x: i64) -> [i64; 2] {
    *total += x;
    [*total, x]
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
    fn fallible_pairs(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> q.on(a).produce(2) >> id.on(b)
    }
}

pipeline! {
    fn exploding(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> explode.produce(2).on(a) >> id.on(b)
    }
}

pipeline! {
    fn faults_arrive(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> pair.on(b).produce(2)
    }
}

pipeline! {
    fn faults_behind(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> (|x: i64| [x, 0]).produce(2).on(a) >> inv.on(b)
    }
}

pipeline! {
    fn serial_pairs(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> running_pair.serial().produce(2).on(a) >> running.on(b).serial()
    }
}

pipeline! {
    fn spawned_pairs(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> pair.produce(2).spawn(2).on(a) >> trip.stride(2).produce(3).on(b).spawn(1)
    }
}

pipeline! {
    fn generic_copies(xs: Stream<&'static str>, a: Pool) -> Stream<&'static str> {
        xs >> copies::<&'static str, 3>.produce(3).on(a)
    }
}

pipeline! {
    fn produce_one(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> (|x: i64| [x + 1]).produce(1).on(a) >> (|g: [i64; 1]| g[0]).consume(1).on(b) >> id.repeat(1)
    }
}

pipeline! {
    fn fallible_closure(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> (|x: i64| inv(x).map(|y| [x, y])).fallible().produce(2).on(a)
    }
}

vectors! {
    s27_produce: |a, b, c| pairs([1, 2, 3], a, b) => "1 -1 2 -2 3 -3";
    s27_of_nothing: |a, b, c| pairs(none(), a, b) => "";
    s27_serial: |a, b, c| serial_pairs([1, 2, 3], a, b) => "1 2 5 7 13 16";
    s37_spawn_and_stride_do_not_show: |a, b, c| spawned_pairs([1, 2], a, b)
        => "1 10 100 -1 -10 -100 2 20 200 -2 -20 -200";
    s28_a_failed_call_is_n_faults: |a, b, c| fallible_pairs([1, 0, 5], a, b) => "10 1 !q#1 !q#1 2 5";
    s28_a_panic_is_n_faults: |a, b, c| exploding([1, 2, 3], a, b)
        => "1 11 !explode#1[Panic] !explode#1[Panic] 3 13";
    s28_a_fault_that_arrives_is_n_faults: |a, b, c| faults_arrive([1, 0, 5], a, b) => "10 -10 !inv#1 !inv#1 2 -2";
    s28_a_failed_input_is_n_faults: |a, b, c| pairs(fallible([Ok(1), Err("bad"), Ok(3)]), a, b)
        => "1 -1 !xs#1[Input] !xs#1[Input] 3 -3";
    s28_an_input_that_panics: |a, b, c| pairs((1..).inspect(|&x| { assert!(x < 3, "on purpose"); }), a, b)
        => "1 -1 2 -2 !xs#2[Input] !xs#2[Input]";
    s28_the_closures_err: |a, b, c| fallible_closure([1, 0, 5], a) => "1 10 !closure#1 !closure#1 5 2";
    a_fault_behind_knows_the_source_item: |a, b, c| faults_behind([1, 2], a, b) => "10 !inv#0 5 !inv#1";
    produce_takes_generic_workers: |a, b, c| generic_copies(["x", "y"], a) => r#""x" "x" "x" "y" "y" "y""#;
    s30_rates_of_one_change_nothing: |a, b, c| produce_one([1, 2], a, b) => "2 3";
}

// ---------------------------------------------------------------- repeat

pipeline! {
    fn repeated(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inc.repeat(3).on(a) >> id.on(b)
    }
}

pipeline! {
    fn repeated_faults(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a).repeat(2) >> id.on(b)
    }
}

pipeline! {
    fn repeated_late_faults(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> neg.on(b).repeat(2)
    }
}

pipeline! {
    fn repeated_serial(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> running.serial().repeat(2).on(a) >> running.serial().on(b)
    }
}

vectors! {
    s30_repeat: |a, b, c| repeated([1, 2], a, b) => "2 2 2 3 3 3";
    s30_repeat_of_nothing: |a, b, c| repeated(none(), a, b) => "";
    s30_repeat_faults_too: |a, b, c| repeated_faults([1, 0, 5], a, b) => "10 10 !inv#1 !inv#1 2 2";
    s30_repeat_faults_that_arrive: |a, b, c| repeated_late_faults([1, 0, 5], a, b) => "-10 -10 !inv#1 !inv#1 -2 -2";
    s30_repeat_serial: |a, b, c| repeated_serial([1, 2], a, b) => "1 2 5 8";
}

// ---------------------------------------------------------------- consume

#[worker]
fn group(g: Vec<i64>) -> Vec<i64> {
    g
}

#[worker]
fn group_sum(g: Vec<i64>) -> i64 {
    g.iter().sum()
}

#[worker]
fn two(g: [i64; 2]) -> Vec<i64> {
    g.to_vec()
}

#[worker]
fn three(g: [i64; 3]) -> Vec<i64> {
    g.to_vec()
}

#[worker]
fn four(g: [i64; 4]) -> Vec<i64> {
    g.to_vec()
}

#[worker]
fn ratio([x, y]: [i64; 2]) -> Result<i64, DivByZero> {
    if y == 0 { Err(DivByZero) } else { Ok(x / y) }
}

#[worker]
fn fragile_sum(g: Vec<i64>) -> i64 {
    assert!(!g.contains(&3), "on purpose");
    g.iter().sum()
}

#[worker]
fn of_both(g: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    g
}

#[worker]
fn scaled_sum(g: Vec<i64>, #[param] by: i64, #[local(Vec::new())] buf: &mut Vec<i64>) -> i64 {
    buf.clear();
    buf.extend(g.iter().map(|x| x * by));
    buf.iter().sum()
}

#[worker]
fn running_groups(total: &mut i64, g: Vec<i64>) -> i64 {
    *total = 10 * *total + g.iter().sum::<i64>();
    *total
}

#[worker]
fn add_groups(all: &mut Vec<i64>, g: [i64; 2]) {
    all.push(g[0] * g[1]);
}

#[worker]
fn rising([x, y]: [i64; 2]) -> Option<i64> {
    (x < y).then_some(y - x)
}

#[worker]
fn last<T: Clone>(g: Vec<T>) -> Option<T> {
    g.last().cloned()
}

#[worker]
fn first<T: Clone, const N: usize>(g: [T; N]) -> T {
    g[0].clone()
}

pipeline! {
    fn by_two(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        xs >> id.on(a) >> group.consume(2).on(b)
    }
}

pipeline! {
    fn by_three(xs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        xs >> group.consume(3).on(a)
    }
}

pipeline! {
    fn arrays_of_two(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        xs >> id.on(a) >> two.consume(2).on(b)
    }
}

pipeline! {
    fn arrays_of_three(xs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        xs >> three.consume(3).on(a)
    }
}

pipeline! {
    fn joined_by_two(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<(i64, i64)>> {
        (xs >> id.on(a), ys >> id.on(b)) >> of_both.consume(2).on(c)
    }
}

pipeline! {
    fn three_ports(xs: Stream<i64>, ys: Stream<&'static str>, a: Pool, b: Pool) -> Stream<String> {
        (xs, ys >> (|y: &'static str| y).on(a), xs) >> (|g: [(i64, &str, i64); 2]| format!("{g:?}")).consume(2).on(b)
    }
}

pipeline! {
    fn one_bad_port(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<(i64, i64)>> {
        (xs >> inv.on(a), xs >> boom(at = 5).on(b)) >> of_both.consume(2).on(c)
    }
}

pipeline! {
    fn faulty_by(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<Vec<i64>>) {
        let some = xs >> inv.on(a);
        let fours = some >> group.on(b).consume(4);
        let twos = some >> group.on(b).consume(2);
        (fours, twos)
    }
}

pipeline! {
    fn two_kinds(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        xs >> inv.on(a) >> boom(at = 5).on(b) >> group.consume(3).on(c)
    }
}

pipeline! {
    fn origin_twice(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        xs >> q.produce(2).on(a) >> group.consume(4).on(b)
    }
}

pipeline! {
    fn ratios(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> ratio.consume(2).on(a)
    }
}

pipeline! {
    fn fragile_sums(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> fragile_sum.consume(2).on(a)
    }
}

pipeline! {
    fn with_all(xs: Stream<i64>, by: i64, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>, Stream<Vec<i64>>) {
        let scaled = xs >> scaled_sum(by = by + 1).consume(2).on(a);
        let totals = xs >> running_groups(state = 1).consume(3).serial().on(b);
        let products = xs >> add_groups.fold().consume(2).on(a);
        (scaled, totals, products)
    }
}

pipeline! {
    fn filtered_groups(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let steps = xs >> rising.consume(2).filter().on(a);
        let short = xs >> (|g: Vec<i64>| (g.len() < 2).then_some(g[0])).filter().consume(2).on(b);
        (steps, short)
    }
}

pipeline! {
    fn generic_groups(xs: Stream<&'static str>, a: Pool, b: Pool) -> (Stream<&'static str>, Stream<&'static str>) {
        let lasts = xs >> last.consume(2).filter().on(a);
        let firsts = xs >> first::<&'static str, 2>.consume(2).on(b);
        (lasts, firsts)
    }
}

pipeline! {
    fn closures(xs: Stream<i64>, by: i64, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let arrays = xs >> (|g: [i64; 2]| by * (g[0] + g[1])).consume(2).on(a);
        let lists = xs >> (|g: Vec<i64>| g.iter().map(|x| x * by).sum::<i64>()).consume(2).on(b);
        (arrays, lists)
    }
}

vectors! {
    s31_consume: |a, b, c| by_two([1, 2, 3, 4], a, b) => "[1,2] [3,4]";
    s31_several_ports: |a, b, c| joined_by_two([1, 2, 3, 4], [10, 20, 30, 40], a, b, c)
        => "[(1,10),(2,20)] [(3,30),(4,40)]";
    s31_three_ports: |a, b, c| three_ports([1, 2], ["x", "y"], a, b) => r#""[(1,\"x\",1),(2,\"y\",2)]""#;
    s32_short_group: |a, b, c| by_two(1..=5, a, b) => "[1,2] [3,4] [5]";
    s32_short_group_of_three: |a, b, c| by_three(1..=7, a) => "[1,2,3] [4,5,6] [7]";
    s32_short_group_of_tuples: |a, b, c| joined_by_two([1, 2, 3], [10, 20, 30], a, b, c) => "[(1,10),(2,20)] [(3,30)]";
    s32_incomplete: |a, b, c| arrays_of_two(1..=5, a, b) => "[1,2] [3,4] !two#4[Incomplete]";
    s32_incomplete_of_three: |a, b, c| arrays_of_three(1..=7, a) => "[1,2,3] [4,5,6] !three#6[Incomplete]";
    s32_shorter_than_a_group: |a, b, c| by_three([1, 2], a) => "[1,2]";
    s32_shorter_than_an_array: |a, b, c| arrays_of_three([1, 2], a) => "!three#0[Incomplete]";
    s32_no_empty_group: |a, b, c| by_two(none(), a, b) => "";
    s32_no_empty_array: |a, b, c| arrays_of_two(none(), a, b) => "";
    s33_groups_are_consecutive: |a, b, c| by_three(0..12, a) => "[0,1,2] [3,4,5] [6,7,8] [9,10,11]";
    s34_one_fault_for_a_group: |a, b, c| faulty_by([1, 2, 0, 5, 10, 5, 2, 1], a, b)
        => [fours, twos] "!inv#2 [1,2,5,10] | [10,5] !inv#2 [1,2] [5,10]";
    s34_every_origin: |a, b, c| faulty_by([0, 1, 0, 5, 0], a, b)
        => [fours, twos] "!inv#0+inv#2 !inv#4 | !inv#0 !inv#2 !inv#4";
    s34_origins_in_order: |a, b, c| two_kinds([0, 2, 1], a, b, c) => "!inv#0+boom#1[Panic]";
    s34_each_origin_once: |a, b, c| origin_twice([1, 0], a, b) => "!q#1";
    s34_a_bad_port: |a, b, c| one_bad_port([1, 0, 2, 5, 10, 1], a, b, c)
        => "!inv#1 !boom#3[Panic] [(1,10),(10,1)]";
    s34_a_failed_group: |a, b, c| ratios([4, 2, 1, 0, 9, 3], a) => "2 !ratio#2 3";
    s34_a_panic_in_a_group: |a, b, c| fragile_sums([1, 2, 3, 4, 5], a) => "3 !fragile_sum#2[Panic] 5";
    s34_a_failed_input: |a, b, c| by_two(fallible([Ok(1), Err("bad"), Ok(3), Ok(4)]), a, b) => "!xs#1[Input] [3,4]";
    s34_an_input_that_panics: |a, b, c| by_two((1..).inspect(|&x| { assert!(x < 5, "on purpose"); }), a, b)
        => "[1,2] [3,4] !xs#4[Input]";
    consume_with_other_options: |a, b, c| with_all(1..=4, 9, a, b)
        => [scaled, totals, products] "30 70 | 16 164 | [2,12]";
    consume_with_filter: |a, b, c| filtered_groups([1, 3, 5, 4, 7, 9, 8], a, b)
        => [steps, short] "2 2 !rising#6[Incomplete] | 8";
    consume_takes_generic_workers: |a, b, c| generic_groups(["u", "v", "w"], a, b)
        => [lasts, firsts] r#""v" "w" | "u" !first#2[Incomplete]"#;
    consume_takes_closures: |a, b, c| closures([1, 2, 3], 10, a, b)
        => [arrays, lists] "30 !closure#2[Incomplete] | 30 30";
}

// ---------------------------------------------------------------- catch

#[worker]
fn settle(g: Vec<Result<i64, Fault>>) -> Vec<String> {
    g.iter().map(item).collect()
}

#[worker]
fn settle_two([x, y]: [Result<i64, Fault>; 2]) -> String {
    format!("{}/{}", item(&x), item(&y))
}

pipeline! {
    fn caught(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<String>>, Stream<String>) {
        let some = xs >> inv.on(a);
        let lists = some >> settle.consume(3).catch().on(b);
        let arrays = some >> settle_two.catch().consume(2).on(a);
        (lists, arrays)
    }
}

pipeline! {
    fn caught_without_holes(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<String>> {
        xs >> even.filter().on(a) >> inv >> settle.consume(2).catch().on(b)
    }
}

pipeline! {
    fn caught_copies(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> (|x: Result<i64, Fault>| [x.is_ok().into(), x.unwrap_or(-1)]).catch().produce(2).on(b)
    }
}

vectors! {
    s34_a_group_that_catches: |a, b, c| caught([1, 0, 5, 0], a, b)
        => [lists, arrays] r#"["10","!inv#1","2"] ["!inv#3"] | "10/!inv#1" "2/!inv#3""#;
    a_group_that_catches_may_be_incomplete: |a, b, c| caught([0, 0, 5], a, b)
        => [lists, arrays] r#"["!inv#0","!inv#1","2"] | "!inv#0/!inv#1" !settle_two#2[Incomplete]"#;
    a_group_that_catches_passes_holes_over: |a, b, c| caught_without_holes([1, 2, 3, 0, 5, 10], a, b)
        => r#"["5","!inv#3"] ["1"]"#;
    produce_may_catch: |a, b, c| caught_copies([1, 0], a, b) => "1 10 0 -1";
}

// ---------------------------------------------------------------- together

#[worker]
fn sum_len_zero(g: Vec<i64>) -> [i64; 3] {
    [g.iter().sum(), g.len() as i64, 0]
}

#[worker]
fn spread_two([x, y]: [i64; 2]) -> [i64; 3] {
    [x + y, 2, 0]
}

#[worker]
fn swapped([x, y]: [i64; 2]) -> Result<[i64; 2], DivByZero> {
    Ok([inv(y)?, inv(x)?])
}

pipeline! {
    fn there_and_back(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        xs >> pair.produce(2).on(a) >> inc.on(b) >> group.consume(2).on(c)
    }
}

pipeline! {
    fn two_to_four(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<Vec<i64>>, Stream<Vec<i64>>) {
        let many = xs >> pair.produce(2).on(a);
        let lists = many >> group.consume(4).on(b);
        let arrays = many >> four.consume(4).on(c);
        (lists, arrays)
    }
}

pipeline! {
    fn three_to_two(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<Vec<i64>>, Stream<Vec<i64>>) {
        let many = xs >> trip.produce(3).on(a);
        let lists = many >> group.consume(2).on(b);
        let arrays = many >> two.consume(2).on(c);
        (lists, arrays)
    }
}

pipeline! {
    fn both_on_one(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let lists = xs >> sum_len_zero.consume(2).produce(3).on(a);
        let arrays = xs >> spread_two.produce(3).consume(2).on(b);
        (lists, arrays)
    }
}

pipeline! {
    fn fallible_both(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> swapped.consume(2).produce(2).on(a) >> id.on(b)
    }
}

pipeline! {
    fn produce_and_repeat(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> pair.produce(2).repeat(2).on(a) >> id.on(b)
    }
}

pipeline! {
    fn consume_and_repeat(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let lists = xs >> group_sum.consume(2).repeat(3).on(a);
        let arrays = xs >> ratio.repeat(2).consume(2).on(b);
        (lists, arrays)
    }
}

pipeline! {
    fn all_three(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> sum_len_zero.consume(2).produce(3).repeat(2).on(a) >> group_sum.consume(2).on(b)
    }
}

pipeline! {
    fn consume_after_a_fork(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>) {
        let up = xs >> id.on(a);
        let sums = up >> group_sum.consume(2).on(b);
        let incs = up >> inc.on(c);
        (sums, incs)
    }
}

pipeline! {
    fn group_of_groups(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<Vec<i64>>> {
        xs >> group.consume(2).on(a) >> (|g: Vec<Vec<i64>>| g).consume(3).on(b)
    }
}

vectors! {
    s35_there_and_back: |a, b, c| there_and_back(1..=5, a, b, c) => "[2,0] [3,-1] [4,-2] [5,-3] [6,-4]";
    s35_two_to_four: |a, b, c| two_to_four(1..=5, a, b, c)
        => [lists, arrays] "[1,-1,2,-2] [3,-3,4,-4] [5,-5] | [1,-1,2,-2] [3,-3,4,-4] !four#4[Incomplete]";
    s35_three_to_two: |a, b, c| three_to_two([1, 2], a, b, c)
        => [lists, arrays] "[1,10] [100,2] [20,200] | [1,10] [100,2] [20,200]";
    s35_three_to_two_with_a_rest: |a, b, c| three_to_two([1, 2, 3], a, b, c)
        => [lists, arrays] "[1,10] [100,2] [20,200] [3,30] [300] | [1,10] [100,2] [20,200] [3,30] !two#2[Incomplete]";
    s36_both_on_one: |a, b, c| both_on_one([1, 2, 3], a, b)
        => [lists, arrays] "3 2 0 3 1 0 | 3 2 0 !spread_two#2[Incomplete] !spread_two#2[Incomplete] !spread_two#2[Incomplete]";
    s36_a_failed_group_is_n_faults: |a, b, c| fallible_both([1, 2, 0, 5, 5, 10], a, b)
        => "5 10 !swapped#2 !swapped#2 1 2";
    s36_produce_then_repeat_each: |a, b, c| produce_and_repeat([1, 2], a, b) => "1 1 -1 -1 2 2 -2 -2";
    s36_consume_and_repeat: |a, b, c| consume_and_repeat([4, 2, 1, 0], a, b)
        => [lists, arrays] "6 6 6 1 1 1 | 2 2 !ratio#2 !ratio#2";
    s36_all_three: |a, b, c| all_three([1, 2, 3], a, b) => "6 4 0 6 2 0";
    s36b_consume_after_a_fork: |a, b, c| consume_after_a_fork([1, 2, 3, 4], a, b, c)
        => [sums, incs] "3 7 | 2 3 4 5";
    groups_of_groups: |a, b, c| group_of_groups(0..9, a, b) => "[[0,1],[2,3],[4,5]] [[6,7],[8]]";
}

/// The item, where it is no multiple of five.
#[worker]
fn sift(x: i64) -> Option<i64> {
    (x % 5 != 0).then_some(x)
}

#[worker]
fn fail_on_sevens(x: i64) -> Result<i64, DivByZero> {
    if x % 7 == 0 { Err(DivByZero) } else { Ok(x) }
}

/// What comes of `0..n` behind `sift`, `fail_on_sevens`, p items of each, and groups of c.
fn sifted(n: i64, p: usize, c: usize) -> String {
    let some = (0..n).filter(|x| x % 5 != 0);
    let many: Vec<i64> = some.flat_map(|x| std::iter::repeat_n(x, p)).collect();
    let group = |group: &[i64]| {
        let mut failed: Vec<_> = group.iter().filter(|x| *x % 7 == 0).collect();
        failed.dedup();
        match failed[..] {
            [] => format!("{group:?}").replace(", ", ","),
            _ => format!(
                "!{}",
                failed
                    .iter()
                    .map(|x| format!("fail_on_sevens#{x}"))
                    .collect::<Vec<_>>()
                    .join("+")
            ),
        }
    };
    many.chunks(c).map(group).collect::<Vec<_>>().join(" ")
}

macro_rules! combinations {
    ($($name:ident $p:tt $c:tt;)+) => {$(
        #[test]
        fn $name() {
            pipeline! {
                fn combined(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
                    xs >> sift.filter().on(a) >> fail_on_sevens >> copies::<i64, $p>.produce($p).on(b) >> group.consume($c).on(c)
                }
            }
            within(60, || {
                for n in [0, 1, 3, 40] {
                    matrix!(|a, b, c| combined(0..n, a, b, c) => sifted(n, $p, $c));
                }
            });
        }
    )+};
}

combinations! {
    any_produce_then_any_consume_1_2 1 2;
    any_produce_then_any_consume_2_3 2 3;
    any_produce_then_any_consume_3_1 3 1;
    any_produce_then_any_consume_3_4 3 4;
    any_produce_then_any_consume_5_5 5 5;
}
