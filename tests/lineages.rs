//! Streams that begin anew: `.flat()`, `.fold()` in the middle of a graph, `.consume()` behind holes.
//!
//! A fault is written `!node#position`.

#[macro_use]
mod common;

use std::ops::Range;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc;
use std::thread;

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
fn two(g: [i64; 2]) -> Vec<i64> {
    g.to_vec()
}

#[worker]
fn group_sum(g: Vec<i64>) -> i64 {
    g.iter().sum()
}

#[worker]
fn gather(all: &mut Vec<i64>, x: i64) {
    all.push(x);
}

#[worker]
fn elements<T>(list: Vec<T>) -> Vec<T> {
    list
}

// ---------------------------------------------------------------- what is flat

#[worker]
fn twice(x: i64) -> Vec<i64> {
    vec![x; 2]
}

#[worker]
fn counting(x: i64) -> impl Iterator<Item = i64> {
    (0..x).map(move |y| 10 * x + y)
}

#[worker]
fn boxed(x: i64) -> Box<dyn Iterator<Item = i64> + Send> {
    Box::new(counting(x))
}

#[worker]
fn words(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split_whitespace()
}

#[worker]
fn borrowed_words(text: &str) -> std::str::SplitWhitespace<'_> {
    text.split_whitespace()
}

#[worker]
fn try_upto(x: i64) -> Result<Range<i64>, DivByZero> {
    if x == 0 { Err(DivByZero) } else { Ok(0..x) }
}

#[worker]
fn try_counting(x: i64) -> Result<impl Iterator<Item = i64>, DivByZero> {
    inv(x).map(|_| counting(x))
}

/// The sum so far, counted up to.
#[worker]
fn upto_running(total: &mut i64, x: i64) -> Range<i64> {
    *total += x;
    0..*total
}

#[worker]
fn times<T: Clone>(x: T, #[param] n: usize) -> Vec<T> {
    vec![x; n]
}

pipeline! {
    fn ranges(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> upto.flat().on(a) >> id.on(b)
    }
}

pipeline! {
    fn flat_kinds(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let lists = xs >> twice.flat().on(a);
        let options = xs >> even.flat().on(b);
        let arrays = xs >> pair.on(c).flat();
        (lists, options, arrays)
    }
}

pipeline! {
    fn flat_iterators(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let opaque = xs >> counting.flat().on(a);
        let boxes = xs >> boxed.flat().on(b);
        let closed = xs >> (|x: i64| (0..x).map(move |y| 10 * x + y)).flat().on(c);
        (opaque, boxes, closed)
    }
}

pipeline! {
    fn flat_results(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let plain = xs >> try_upto.flat().on(a);
        let opaque = xs >> try_counting.on(b).flat();
        let closed = xs >> (|x: i64| try_upto(x)).flat().fallible().on(c);
        (plain, opaque, closed)
    }
}

pipeline! {
    fn flat_words(texts: Stream<&'static str>, n: usize, a: Pool, b: Pool) -> Stream<&'static str> {
        texts >> words.flat().on(a) >> times(n = n + 1).flat().on(b)
    }
}

pipeline! {
    fn lent_words<'a>(texts: Stream<&'a str>, a: Pool) -> Stream<&'a str> {
        texts >> borrowed_words.flat().on(a)
    }
}

pipeline! {
    fn flat_serial(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> upto_running.serial().flat().on(a) >> running.serial().on(b)
    }
}

pipeline! {
    fn flat_options(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let caught = xs >> inv.on(a) >> (|x: Result<i64, Fault>| x.ok()).catch().flat().on(b);
        let turned = xs >> (|g: Vec<i64>| g.into_iter().rev()).consume(2).flat().on(a);
        let spawned = xs >> upto.flat().spawn(2).stride(2).on(b);
        (caught, turned, spawned)
    }
}

vectors! {
    a_range: |a, b, c| ranges([2, 0, 3], a, b) => "0 1 0 1 2";
    no_item: |a, b, c| ranges(none(), a, b) => "";
    no_element: |a, b, c| ranges([0, 0, 0], a, b) => "";
    no_element_at_the_ends: |a, b, c| ranges([0, 1, 0, 0, 2, 0], a, b) => "0 0 1";
    lists_options_arrays: |a, b, c| flat_kinds([1, 2], a, b, c) => [lists, options, arrays] "1 1 2 2 | 2 | 1 -1 2 -2";
    iterators: |a, b, c| flat_iterators([1, 0, 3], a, b, c)
        => [opaque, boxes, closed] "10 30 31 32 | 10 30 31 32 | 10 30 31 32";
    results: |a, b, c| flat_results([2, 0, 1], a, b, c)
        => [plain, opaque, closed] "0 1 !try_upto#1 0 | 20 21 !try_counting#1 10 | 0 1 !closure#1 0";
    generics_and_parameters: |a, b, c| flat_words(["u v", "", "w"], 1, a, b) => r#""u" "u" "v" "v" "w" "w""#;
    flat_with_state: |a, b, c| flat_serial([1, 2], a, b) => "0 0 1 3";
    flat_with_other_options: |a, b, c| flat_options([1, 0, 5], a, b)
        => [caught, turned, spawned] "10 2 | 0 1 5 | 0 0 1 2 3 4";
}

#[test]
fn elements_may_be_borrowed() {
    within(20, || {
        let text = String::from("the quick\n\nbrown fox\n");
        for (name, [a, ..]) in pool_sets() {
            let want = r#""the" "quick" "brown" "fox""#;
            assert_eq!(
                show(lent_words(text.lines(), a.clone()).collect()),
                want,
                "{name}"
            );
            let inline = lent_words(text.lines(), a.clone()).inline();
            assert_eq!(show(inline.collect()), want, "{name}");
        }
    });
}

// ---------------------------------------------------------------- faults

#[worker]
fn mined(x: i64) -> impl Iterator<Item = i64> {
    (0..x).inspect(|&y| assert!(y != 2, "on purpose"))
}

#[worker]
fn explode(x: i64) -> Range<i64> {
    assert!(x != 2, "on purpose");
    0..x
}

pipeline! {
    fn faults_pass(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> upto.flat().on(b)
    }
}

pipeline! {
    fn holes_pass(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> even.filter().on(a) >> twice.flat().on(b)
    }
}

pipeline! {
    fn faults_behind(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> upto.flat().on(a) >> inv.on(b)
    }
}

pipeline! {
    fn exploding(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> explode.flat().on(a) >> id.on(b)
    }
}

pipeline! {
    fn minefield(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> mined.flat().on(a) >> id.on(b)
    }
}

vectors! {
    a_fault_passes_as_one: |a, b, c| faults_pass([5, 0, 5], a, b) => "0 1 !inv#1 0 1";
    a_failed_input_passes_as_one: |a, b, c| ranges(fallible([Ok(2), Err("bad"), Ok(1)]), a, b) => "0 1 !xs#1[Input] 0";
    a_hole_gives_nothing: |a, b, c| holes_pass([1, 2, 3, 4], a, b) => "2 2 4 4";
    a_fault_behind_knows_the_source_item: |a, b, c| faults_behind([2, 1], a, b) => "!inv#0 10 !inv#1";
    a_worker_that_panics: |a, b, c| exploding([1, 2, 3], a, b) => "0 !explode#1[Panic] 0 1 2";
    an_iterator_that_panics_ends_there: |a, b, c| minefield([2, 4, 1], a, b) => "0 1 0 1 !mined#1[Panic] 0";
    every_iterator_panics: |a, b, c| minefield([3, 9], a, b) => "0 1 !mined#0[Panic] 0 1 !mined#1[Panic]";
}

pipeline! {
    fn endless(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> (|x: i64| x..).flat().on(a) >> boom(at = 25).on(b)
    }
}

#[test]
fn a_fault_stops_an_endless_iterator() {
    within(60, || {
        quiet();
        for s in schedules() {
            let [a, b, _] = s.pools();
            let p = || endless([20, 0], a.clone(), b.clone()).on_fault(OnFault::Stop);
            let want = "20 21 22 23 24 !boom#0[Panic]";
            assert_eq!(show(tuned!(s, p()).inline().collect()), want, "{s}");
            assert_eq!(show(tuned!(s, p()).collect()), want, "{s}");
            assert_eq!(line(tuned!(s, p()).start().unwrap()), want, "{s}");
        }
    });
}

// ---------------------------------------------------------------- behind a flat

pipeline! {
    fn joined_behind(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let many = xs >> upto.flat().on(a);
        (many >> inc.on(b), many >> dbl.on(c)) >> cat.on(a)
    }
}

pipeline! {
    fn filtered_behind(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let many = xs >> upto.flat().on(a);
        (many >> even.filter().on(b), many >> inv.on(c)) >> cat.on(b)
    }
}

pipeline! {
    fn rates_behind(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let many = xs >> upto.flat().on(a);
        (many >> pair.produce(2).on(b) >> inc >> group_sum.consume(2).on(c), many) >> cat.on(b)
    }
}

pipeline! {
    fn groups_behind(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<Vec<i64>>) {
        let many = xs >> upto.flat().on(a);
        let all = many >> group.consume(2).on(b);
        let evens = many >> even.filter().on(b) >> group.consume(2).on(a);
        (all, evens)
    }
}

pipeline! {
    fn flat_of_flat(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> upto.flat().on(a) >> upto.flat().on(b) >> id.on(c)
    }
}

pipeline! {
    fn three_deep(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> twice.flat().on(a) >> pair.produce(2).on(b) >> twice.flat().on(c) >> twice.flat().on(a) >> running.serial().on(b)
    }
}

pipeline! {
    fn flat_then_fold(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> upto.flat().on(b) >> add.fold().on(c) >> inc.on(a)
    }
}

pipeline! {
    fn fold_then_flat(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> gather.fold().on(b) >> elements::<i64>.flat().on(c) >> inc.on(a)
    }
}

pipeline! {
    fn by_turns(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let gathered = xs >> upto.flat().on(a) >> gather.fold().on(b) >> elements::<i64>.flat().on(c);
        gathered >> pair.produce(2).on(a) >> gather.fold().on(b) >> elements::<i64>.flat().on(c) >> running.serial()
    }
}

vectors! {
    a_join_behind: |a, b, c| joined_behind([2, 0, 1], a, b, c) => "[1,0] [2,2] [1,0]";
    holes_and_faults_behind: |a, b, c| filtered_behind([3, 0, 1], a, b, c) => "!inv#0 [2,5] !inv#2";
    rates_behind_a_flat: |a, b, c| rates_behind([2, 1], a, b, c) => "[2,0] [2,1] [2,0]";
    groups_reach_over_items: |a, b, c| groups_behind([5, 0, 4], a, b)
        => [all, evens] "[0,1] [2,3] [4,0] [1,2] [3] | [0,2] [4,0] [2]";
    no_empty_group_behind: |a, b, c| groups_behind([0, 0], a, b) => [all, evens] " | ";
    a_flat_of_a_flat: |a, b, c| flat_of_flat([3, 0, 2], a, b, c) => "0 0 1 0";
    flat_produce_flat_flat: |a, b, c| three_deep([1], a, b, c) => "1 2 3 4 3 2 1 0 1 2 3 4 3 2 1 0";
    a_fold_behind_a_flat: |a, b, c| flat_then_fold([5, 0, 2, 1], a, b, c) => "!inv#1 57";
    a_fold_of_no_element: |a, b, c| flat_then_fold([100], a, b, c) => "1";
    a_flat_behind_a_fold: |a, b, c| fold_then_flat([1, 0, 5], a, b, c) => "!inv#1 11 3";
    a_flat_behind_an_empty_fold: |a, b, c| fold_then_flat(none(), a, b, c) => "";
    flats_and_folds_by_turns: |a, b, c| by_turns([3, 2], a, b, c) => "0 0 1 0 2 0 0 0 1 0";
}

// ---------------------------------------------------------------- folds in the middle

pipeline! {
    fn fold_in_the_middle(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<Vec<i64>>, Stream<i64>) {
        let up = xs >> inc.on(a);
        let total = up >> add.fold().on(b) >> dbl.on(c);
        let both = (total >> inc.on(a), total >> neg.on(b)) >> cat.on(c);
        (up, both, total)
    }
}

pipeline! {
    fn fold_of_a_fold(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> add.fold().on(b) >> pair.produce(2).on(a) >> inc.on(b) >> add(state = 100).fold().on(a)
    }
}

pipeline! {
    fn groups_of_a_fold(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<Vec<i64>>) {
        let total = xs >> add.fold().on(a);
        let lists = total >> group.consume(2).on(b);
        let arrays = total >> pair.produce(2).on(b) >> two.consume(2).on(a);
        (lists, arrays)
    }
}

vectors! {
    a_fold_in_the_middle: |a, b, c| fold_in_the_middle([1, 2], a, b, c) => [up, both, total] "2 3 | [11,-10] | 10";
    a_fold_of_a_fold: |a, b, c| fold_of_a_fold([1, 0, 5], a, b) => "!inv#1 !inv#1 102";
    a_fold_of_nothing_in_groups: |a, b, c| groups_of_a_fold(none(), a, b) => [lists, arrays] "[0] | [0,0]";
    a_fold_in_groups: |a, b, c| groups_of_a_fold([1, 2], a, b) => [lists, arrays] "[3] | [3,-3]";
}

// ---------------------------------------------------------------- consume behind holes

pipeline! {
    fn kept_groups(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<Vec<i64>>) {
        let kept = xs >> even.filter().on(a);
        let lists = kept >> group.consume(2).on(b);
        let arrays = kept >> two.consume(2).on(a);
        (lists, arrays)
    }
}

pipeline! {
    fn kept_and_failed(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        xs >> even.filter().on(a) >> inv.on(b) >> group.consume(2).on(a)
    }
}

pipeline! {
    fn joined_behind_groups(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let groups = xs >> even.filter().on(a) >> group_sum.consume(2).on(b);
        (groups >> inc.on(a), groups >> neg.on(b)) >> cat.on(a)
    }
}

pipeline! {
    fn holes_of_a_join(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<(i64, i64)>> {
        (xs >> even.filter().on(a), xs >> (|x| (x > 2).then_some(x)).filter().on(b)) >> (|g: Vec<(i64, i64)>| g).consume(2).on(a)
    }
}

pipeline! {
    fn disordered(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        xs >> (|x| toil(x)).unordered().on(a) >> group.consume(3).on(b)
    }
}

vectors! {
    holes_are_passed_over: |a, b, c| kept_groups(1..=8, a, b) => [lists, arrays] "[2,4] [6,8] | [2,4] [6,8]";
    a_short_group_behind_holes: |a, b, c| kept_groups([1, 2, 3, 4, 5, 6, 7], a, b)
        => [lists, arrays] "[2,4] [6] | [2,4] !two#5[Incomplete]";
    nothing_is_left: |a, b, c| kept_groups([1, 3, 5], a, b) => [lists, arrays] " | ";
    holes_at_the_end_make_no_group: |a, b, c| kept_groups([2, 4, 1, 3, 5], a, b) => [lists, arrays] "[2,4] | [2,4]";
    a_fault_counts_and_a_hole_does_not: |a, b, c| kept_and_failed([2, 1, 0, 3, 10, 2], a, b) => "!inv#2 [1,5]";
    what_follows_is_aligned: |a, b, c| joined_behind_groups([2, 1, 4, 6, 3], a, b) => "[7,-6] [7,-6]";
    holes_of_joins: |a, b, c| holes_of_a_join([1, 2, 4, 3, 6, 8], a, b) => "[(4,4),(6,6)] [(8,8)]";
}

#[test]
fn s52_groups_behind_unordered_are_those_of_the_ordered_run() {
    within(60, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let groups = sorted(tuned!(s, disordered(0..50, a, b)).collect());
            let want: Vec<i64> = (0..50).collect();
            assert_eq!(groups, want.chunks(3).collect::<Vec<_>>(), "{s}");
        }
    });
}

// ---------------------------------------------------------------- positions

pipeline! {
    fn places(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<Vec<i64>>, Stream<i64>) {
        let many = xs >> inv.on(a) >> upto.flat().on(b);
        let groups = many >> group.consume(3).on(a);
        let late = xs >> gather.fold().on(b) >> elements::<i64>.flat().on(a);
        (many, groups, late)
    }
}

#[test]
fn positions_are_those_of_source_items() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, places([5, 100, 0, 5, 10, 4], a, b))
                .start()
                .unwrap();
            let many = placed(run.many.indexed());
            assert_eq!(many, "0:0 0:1 2:!inv#2 3:0 3:1 4:0 5:0 5:1", "{s}");
            let groups = placed(run.groups.indexed());
            assert_eq!(groups, "0:!inv#2 3:[0,1,0] 5:[0,1]", "{s}");
            // Slots 0 to 5 are the items', so a fold's own is 6.
            let late = placed(run.late.indexed());
            assert_eq!(late, "6:5 6:100 6:0 6:5 6:10 6:4", "{s}");
        }
    });
}

// ---------------------------------------------------------------- outputs

pipeline! {
    fn before_and_behind(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let up = xs >> inc.on(a);
        let many = up >> upto.flat().on(b) >> id.on(c);
        let more = many >> twice.flat().on(a);
        (up, many, more)
    }
}

vectors! {
    outputs_before_and_behind: |a, b, c| before_and_behind([1, -1, 2], a, b, c)
        => [up, many, more] "2 0 3 | 0 1 0 1 2 | 0 0 1 1 0 0 1 1 2 2";
}

#[test]
fn outputs_in_any_order() {
    within(60, || {
        for (name, [a, b, c]) in pool_sets() {
            for buffer in [1, 10, 100] {
                let start = || {
                    let p =
                        before_and_behind((0..300).map(|x| x % 7), a.clone(), b.clone(), c.clone());
                    p.buffer(buffer).start().unwrap()
                };
                let items: i64 = (0..300).map(|x| x % 7 + 1).sum();
                let mut run = start();
                assert_eq!(
                    run.more.by_ref().count() as i64,
                    2 * items,
                    "{name}, buffer {buffer}"
                );
                assert_eq!(run.up.by_ref().count(), 300, "{name}, buffer {buffer}");
                assert_eq!(
                    run.many.by_ref().count() as i64,
                    items,
                    "{name}, buffer {buffer}"
                );
                let mut run = start();
                assert_eq!(run.up.by_ref().count(), 300, "{name}, buffer {buffer}");
                assert_eq!(
                    run.many.by_ref().count() as i64,
                    items,
                    "{name}, buffer {buffer}"
                );
                assert_eq!(
                    run.more.by_ref().count() as i64,
                    2 * items,
                    "{name}, buffer {buffer}"
                );
                let mut run = start();
                drop(run.many);
                assert_eq!(
                    run.more.by_ref().take(50).count(),
                    50,
                    "{name}, buffer {buffer}"
                );
                assert_eq!(run.up.by_ref().count(), 300, "{name}, buffer {buffer}");
                assert_eq!(
                    run.more.by_ref().count() as i64,
                    2 * items - 50,
                    "{name}, buffer {buffer}"
                );
            }
        }
    });
}

#[test]
fn elements_are_prompt() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let (tx, rx) = mpsc::channel();
            let mut run = tuned!(s, ranges(rx, a, b)).start().unwrap();
            for n in 1..10 {
                tx.send(n).unwrap();
                let want = line((0..n).map(Ok));
                assert_eq!(line(run.by_ref().take(n as usize)), want, "{s}");
            }
        }
    });
}

pipeline! {
    fn received(xs: Stream<mpsc::Receiver<i64>>, a: Pool) -> Stream<i64> {
        xs >> (|rx: mpsc::Receiver<i64>| rx).flat().on(a)
    }
}

/// An element comes out while its iterator waits for the next one.
#[test]
fn a_slow_iterator_holds_nothing_back() {
    within(20, || {
        for pool in [Pool::threads(2), Pool::rayon()] {
            let (tx, rx) = mpsc::channel();
            let (ty, ry) = mpsc::channel();
            let mut run = received([rx, ry], pool).start().unwrap();
            for n in 0..10 {
                tx.send(n).unwrap();
                assert_eq!(item(&run.next().unwrap()), n.to_string());
            }
            drop(tx);
            ty.send(10).unwrap();
            assert_eq!(item(&run.next().unwrap()), "10");
            thread::spawn(move || drop(ty));
            assert_eq!(line(run), "");
        }
    });
}

#[test]
fn sources_are_pulled_lazily() {
    within(30, || {
        let (xs, pulled) = counted(std::iter::repeat(3));
        let mut run = ranges(xs, Pool::rayon(), Pool::rayon())
            .inline()
            .start()
            .unwrap();
        for n in 1..10usize {
            assert!(run.next().is_some());
            assert_eq!(pulled.load(SeqCst), n.div_ceil(3));
        }
        for s in schedules() {
            let buffer = s.buffer.unwrap_or(10);
            let [a, b, _] = s.pools();
            let (xs, pulled) = counted(std::iter::repeat(1000));
            let mut run = tuned!(s, ranges(xs, a, b)).buffer(buffer).start().unwrap();
            assert_eq!(run.by_ref().take(1500).count(), 1500, "{s}");
            assert!(pulled.load(SeqCst) <= 2 + buffer, "pulled {pulled:?}; {s}");
        }
    });
}

#[test]
fn stop_gives_every_element_of_what_was_taken() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            for taken in [0, 1, 50] {
                let (xs, pulled) = counted(std::iter::repeat(7));
                let mut run = ranges(xs, a.clone(), b.clone()).buffer(10).start().unwrap();
                let mut seen = run.by_ref().take(taken).count();
                run.handle().stop();
                seen += run.count();
                assert_eq!(seen, 7 * pulled.load(SeqCst), "{name}");
            }
        }
    });
}

pipeline! {
    fn told(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> upto.flat().on(a) >> even.filter().on(b) >> add.fold().on(a)
    }
}

#[test]
fn the_report_counts_elements() {
    within(20, || {
        for (name, [a, b, _]) in pool_sets() {
            let report = told([3, 0, 2], a.clone(), b.clone()).run();
            assert_eq!(counts(&report, "upto"), [3, 5, 0, 0], "{name}");
            assert_eq!(counts(&report, "even"), [5, 3, 0, 2], "{name}");
            assert_eq!(counts(&report, "add")[0], 3, "{name}");
        }
    });
}

/// Whether an iterator panics while it is poured or before that, among the items that are taken ahead, counts alike.
#[test]
fn the_report_counts_elements_before_a_panic() {
    within(60, || {
        quiet();
        let panics = |n| if n % 250 == 0 { 3 } else { 1 };
        let p = |a, b| minefield((1..=1000).map(panics), a, b);
        let report = p(Pool::rayon(), Pool::rayon()).inline().run();
        assert_eq!(counts(&report, "mined"), [1000, 1004, 4, 0]);
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, p(a, b)).start().unwrap();
            let report = run.join().unwrap();
            assert_eq!(counts(&report, "mined"), [1000, 1004, 4, 0], "{s}");
        }
    });
}
