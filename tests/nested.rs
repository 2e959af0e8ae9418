//! Pipelines as nodes: `other(a, v = x).pipeline()` joins the run of its host.
//!
//! A fault is written `!node#position`; a node of a pipeline `inner` is `inner/node`.

#[macro_use]
mod common;

use std::fmt::Debug;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};

use common::*;
use papy::prelude::*;
use papy::source::fallible;

#[worker]
fn pair(x: i64) -> [i64; 2] {
    [x, -x]
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
fn upto(x: i64) -> Range<i64> {
    0..x
}

// ---------------------------------------------------------------- the pipelines that are nodes

pipeline! {
    fn scaled(xs: Stream<i64>, by: i64) -> Stream<i64> {
        let tenth = xs >> inv;
        tenth >> (|x: i64| x * by)
    }
}

pipeline! {
    fn pooled(xs: Stream<i64>, first: Pool, second: Pool) -> Stream<i64> {
        xs >> inc.on(first) >> running.serial().on(second) >> boom(at = 5).on(first)
    }
}

pipeline! {
    fn own_pool(xs: Stream<i64>) -> Stream<i64> {
        let own: Pool = Pool::threads(2);
        xs >> inc >> dbl.on(own)
    }
}

pipeline! {
    fn both_ways(xs: Stream<i64>, by: i64) -> (Stream<i64>, Stream<String>) {
        let up = xs >> (|x: i64| x + by);
        let text = up >> (|x: i64| format!("<{x}>"));
        (up, text)
    }
}

pipeline! {
    fn weighed(left: Stream<i64>, weight: i64, right: Stream<i64>) -> Stream<i64> {
        (left, right) >> (|l: i64, r: i64| weight * l - r).named("weigh")
    }
}

pipeline! {
    fn joined(xs: Stream<i64>, ys: Stream<i64>) -> Stream<Vec<i64>> {
        (xs, ys) >> cat
    }
}

pipeline! {
    fn evens(xs: Stream<i64>) -> Stream<i64> {
        xs >> even.filter()
    }
}

pipeline! {
    fn middle(xs: Stream<i64>, by: i64) -> Stream<i64> {
        let small = scaled(xs, by = by + 1).pipeline();
        small >> inc
    }
}

pipeline! {
    fn outer(xs: Stream<i64>) -> Stream<i64> {
        xs >> middle(by = 9).pipeline() >> dbl
    }
}

// ---------------------------------------------------------------- forms

pipeline! {
    fn called(xs: Stream<i64>, by: i64, a: Pool, b: Pool) -> Stream<i64> {
        let up = xs >> id.on(a);
        let some = scaled(up, by = 2 * by).pipeline();
        some >> inc.on(b)
    }
}

pipeline! {
    fn chained(xs: Stream<i64>, by: i64, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(a) >> scaled(by = by).pipeline() >> inc.on(b)
    }
}

pipeline! {
    fn at_the_ends(xs: Stream<i64>) -> Stream<i64> {
        scaled(xs, by = 3).pipeline()
    }
}

pipeline! {
    fn several_outputs(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<String>, Stream<String>) {
        let (numbers, texts) = both_ways(xs >> inv.on(a), by = 100).pipeline();
        let joined = (numbers, texts) >> (|n: i64, text: String| format!("{n}{text}")).on(b);
        (numbers, texts, joined)
    }
}

pipeline! {
    fn one_of_two(xs: Stream<i64>) -> Stream<String> {
        let (_, texts) = both_ways(xs, by = 1).pipeline();
        texts
    }
}

pipeline! {
    fn several_inputs(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> (Stream<i64>, Stream<i64>) {
        let called = weighed(xs >> inc.on(a), ys, weight = 10).pipeline();
        let chained = (ys, xs) >> weighed(weight = 100).pipeline();
        (called, chained)
    }
}

pipeline! {
    fn one_stream_twice(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        let up = xs >> inc.on(a);
        weighed(up, up, weight = 3).pipeline()
    }
}

pipeline! {
    fn fanned(xs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        xs >> (scaled(by = 1).pipeline(), inc.on(a), scaled(by = 2).pipeline()) >> cat3
    }
}

pipeline! {
    fn without_parentheses(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> own_pool.pipeline() >> inc.on(a)
    }
}

vectors! {
    called_with_streams: |a, b, c| called([1, 0, 5], 2, a, b) => "41 !scaled/inv#1 9";
    behind_a_stream: |a, b, c| chained([1, 0, 5], 2, a, b) => "21 !scaled/inv#1 5";
    as_the_whole_of_a_pipeline: |a, b, c| at_the_ends([1, 0, 5]) => "30 !scaled/inv#1 6";
    of_no_item: |a, b, c| called(Vec::new(), 2, a, b) => "";
    a_failed_input: |a, b, c| called(fallible([Ok(1), Err("bad")]), 2, a, b) => "41 !xs#1[Input]";
    several_outputs_are_taken_apart: |a, b, c| several_outputs([1, 0, 5], a, b)
        => [numbers, texts, joined] r#"110 !inv#1 102 | "<110>" !inv#1 "<102>" | "110<110>" !inv#1 "102<102>""#;
    an_output_may_be_left: |a, b, c| one_of_two([1, 2]) => r#""<2>" "<3>""#;
    several_inputs_in_both_forms: |a, b, c| several_inputs([1, 2], [5, 6], a) => [called, chained] "15 24 | 499 598";
    one_stream_for_two_inputs: |a, b, c| one_stream_twice([1, 2], a) => "4 6";
    in_a_fan: |a, b, c| fanned([1, 0, 5], a) => "[10,2,20] !scaled/inv#1+scaled#2/inv#1 [2,6,4]";
    a_pipeline_without_values: |a, b, c| without_parentheses([1, 2], a) => "5 7";
}

#[test]
fn a_pipeline_that_is_a_node_also_runs_alone() {
    within(20, || {
        assert_eq!(show(scaled([1, 0, 5], 3).collect()), "30 !inv#1 6");
        let (up, text) = both_ways([1], 1).collect();
        assert_eq!([show(up), show(text)], ["2", r#""<2>""#]);
        assert_eq!(show(outer([5]).collect()), "42");
    });
}

// ---------------------------------------------------------------- names

pipeline! {
    fn twice(xs: Stream<i64>, a: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let first = xs >> inv.on(a);
        let second = scaled(xs, by = 1).pipeline();
        let third = scaled(xs, by = 2).pipeline();
        (first, second, third)
    }
}

pipeline! {
    fn named(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let own = scaled(xs, by = 1).pipeline().named("mine");
        let other = xs >> scaled(by = 2).named("yours").pipeline();
        (own, other)
    }
}

pipeline! {
    fn three_deep(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> boom(at = 9).on(a) >> outer().pipeline() >> (|x: i64| 1000 / (x - 42)).on(a)
    }
}

pipeline! {
    fn named_inside(xs: Stream<i64>, ys: Stream<i64>) -> Stream<i64> {
        weighed(xs, ys >> inv, weight = 1).pipeline()
    }
}

vectors! {
    used_twice: |a, b, c| twice([1, 0], a) => [first, second, third] "10 !inv#1 | 10 !scaled/inv#1 | 20 !scaled#2/inv#1";
    named_by_the_host: |a, b, c| named([1, 0]) => [own, other] "10 !mine/inv#1 | 20 !yours/inv#1";
    faults_know_every_level: |a, b, c| three_deep([1, 0, 9, 5], a)
        => "6 !outer/middle/scaled/inv#1 !boom#2[Panic] !closure#3[Panic]";
    joins_inside_are_unequal_inside: |a, b, c| named_inside([1, 2], [1]) => "-9 !weighed/weigh#1[Unequal]";
}

#[test]
fn the_report_has_the_nodes_of_every_level() {
    within(30, || {
        quiet();
        for (name, [a, ..]) in pool_sets() {
            for report in [
                three_deep([1, 0, 9, 2], a.clone()).run(),
                three_deep([1, 0, 9, 2], a.clone()).inline().run(),
                three_deep([1, 0, 9, 2], a.clone())
                    .start()
                    .unwrap()
                    .join()
                    .unwrap(),
            ] {
                assert_eq!(position(&report, "xs"), 4, "{name}");
                assert_eq!(counts(&report, "boom"), [4, 3, 1, 0], "{name}");
                assert_eq!(
                    counts(&report, "outer/middle/scaled/inv"),
                    [3, 2, 1, 0],
                    "{name}"
                );
                assert_eq!(
                    counts(&report, "outer/middle/scaled/closure"),
                    [2, 2, 0, 0],
                    "{name}"
                );
                assert_eq!(counts(&report, "outer/middle/inc"), [2, 2, 0, 0], "{name}");
                assert_eq!(counts(&report, "outer/dbl"), [2, 2, 0, 0], "{name}");
                assert_eq!(counts(&report, "closure"), [2, 2, 0, 0], "{name}");
            }
            let report = twice([1, 0, 5], a.clone()).run();
            assert_eq!(counts(&report, "inv"), [3, 2, 1, 0], "{name}");
            assert_eq!(counts(&report, "scaled/inv"), [3, 2, 1, 0], "{name}");
            assert_eq!(counts(&report, "scaled#2/closure"), [2, 2, 0, 0], "{name}");
        }
    });
}

// ---------------------------------------------------------------- slots, order, pools

pipeline! {
    fn joined_with_the_host(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let inside = pooled(xs >> id.on(c), first = a, second = b).pipeline();
        (inside, xs) >> cat.on(c)
    }
}

pipeline! {
    fn holes_inside(xs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        let some = xs >> evens().pipeline();
        (some, xs >> inv.on(a)) >> cat
    }
}

pipeline! {
    fn holes_outside(xs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        let some = xs >> even.filter().on(a);
        joined(some, xs >> own_pool().pipeline()).pipeline()
    }
}

pipeline! {
    fn side_by_side(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = pooled(xs, first = a, second = b).pipeline();
        let r = pooled(l >> id, second = a, first = b).pipeline();
        (l, r)
    }
}

vectors! {
    an_inner_output_is_aligned_with_the_hosts_streams: |a, b, c| joined_with_the_host([1, 2, 3], a, b, c)
        => "[2,1] !pooled/boom#1[Panic] [9,3]";
    holes_of_an_inner_pipeline: |a, b, c| holes_inside([1, 2, 0, 5, 10], a) => "[2,5] !inv#2 [10,1]";
    holes_that_go_in: |a, b, c| holes_outside([1, 2, 3, 4], a) => "[2,6] [4,10]";
    each_has_its_own_state: |a, b, c| side_by_side([0, 1, 2], a, b)
        => [l, r] "1 3 6 | 2 6 13";
}

#[test]
fn positions_are_those_of_the_hosts_input() {
    within(30, || {
        for s in schedules() {
            let [a, ..] = s.pools();
            let run = tuned!(s, three_deep([1, 0, 2], a)).start().unwrap();
            let want = "0:6 1:!outer/middle/scaled/inv#1 2:16";
            assert_eq!(placed(run.out.indexed()), want, "{s}");
        }
    });
}

// ---------------------------------------------------------------- values

static MADE: AtomicUsize = AtomicUsize::new(0);

fn made() -> usize {
    MADE.fetch_add(1, SeqCst) + 1
}

pipeline! {
    fn numbered(xs: Stream<i64>, names: Vec<&'static str>, step: i64) -> Stream<String> {
        let n: usize = made();
        xs >> (|x: i64| format!("{n}{}{}", names[x as usize], x * step))
    }
}

pipeline! {
    fn given_values(xs: Stream<i64>, names: Vec<&'static str>) -> Stream<String> {
        let step: i64 = names.len() as i64;
        numbered(xs, step = step + 1, names = names).pipeline()
    }
}

#[test]
fn values_are_given_by_name_and_evaluated_once() {
    within(20, || {
        let before = MADE.load(SeqCst);
        let built = given_values(vec![0, 1, 1], vec!["a", "b"]);
        assert_eq!(MADE.load(SeqCst), before + 1);
        let n = before + 1;
        assert_eq!(show(built.collect()), format!(r#""{n}a0" "{n}b3" "{n}b3""#));
        assert_eq!(MADE.load(SeqCst), before + 1);
    });
}

// ---------------------------------------------------------------- generics, lifetimes, modules

pipeline! {
    fn labelled<T: Debug + Send + Sync + 'static>(xs: Stream<T>, label: String) -> Stream<String> {
        xs >> (|x: T| format!("{label}{x:?}"))
    }
}

pipeline! {
    fn labelled_things<U: Debug + Send + Sync + 'static>(xs: Stream<i64>, us: Stream<U>) -> (Stream<String>, Stream<String>, Stream<String>) {
        let inferred = labelled(xs, label = "x".to_owned()).pipeline();
        let told = labelled::<char>(xs >> (|x: i64| x.to_string().remove(0)), label = "c".to_owned()).pipeline();
        let passed_on = us >> labelled::<U>(label = "u".to_owned()).pipeline();
        (inferred, told, passed_on)
    }
}

pipeline! {
    fn kept_words<'a>(lines: Stream<&'a str>, stop: &'a str) -> Stream<&'a str> {
        lines >> (|line: &'a str| line.split(' ').next()).filter() >> (|word: &'a str| (word != stop).then_some(word)).filter()
    }
}

pipeline! {
    fn first_words<'a>(lines: Stream<&'a str>, stop: &'a str) -> Stream<(&'a str, &'a str)> {
        let words = lines >> kept_words(stop = stop).pipeline();
        (words, lines) >> (|word: &'a str, line: &'a str| (word, line))
    }
}

mod nook {
    pub mod deep {
        use papy::prelude::*;

        pipeline! {
            /// Increments, far away.
            pub fn far(xs: Stream<i64>) -> Stream<i64> {
                xs >> crate::inv >> (|x: i64| x + 1)
            }
        }
    }

    pub mod beside {
        use papy::prelude::*;

        pipeline! {
            pub(crate) fn through(xs: Stream<i64>) -> Stream<i64> {
                super::deep::far(xs).pipeline()
            }
        }
    }
}

use nook::deep;

pipeline! {
    fn from_modules(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let l = nook::beside::through(xs).pipeline();
        let r = xs >> deep::far().pipeline() >> dbl;
        (l, r)
    }
}

vectors! {
    generic_pipelines: |a, b, c| labelled_things([1, 23], ["s"; 2])
        => [inferred, told, passed_on] r#""x1" "x23" | "c'1'" "c'2'" | "u\"s\"" "u\"s\"""#;
    pipelines_in_other_modules: |a, b, c| from_modules([1, 0])
        => [l, r] "11 !through/far/inv#1 | 22 !far/inv#1";
}

#[test]
fn borrowing_pipelines() {
    within(20, || {
        let (text, stop) = (String::from("a 1\nb 2\nc 3"), String::from("b"));
        let want = r#"("a","a 1") ("c","c 3")"#;
        assert_eq!(show(first_words(text.lines(), &stop).collect()), want);
        assert_eq!(
            show(first_words(text.lines(), &stop).inline().collect()),
            want
        );
        let mut seen = Vec::new();
        first_words(text.lines(), &stop)
            .stride(2)
            .for_each(|word| seen.push(word));
        assert_eq!(show(seen), want);
    });
}

// ---------------------------------------------------------------- rates and lineages

pipeline! {
    fn widened(xs: Stream<i64>, pool: Pool) -> Stream<i64> {
        xs >> pair.produce(2).on(pool)
    }
}

pipeline! {
    fn narrowed(xs: Stream<i64>, pool: Pool) -> Stream<i64> {
        xs >> group_sum.consume(2).on(pool)
    }
}

pipeline! {
    fn one_to_two(xs: Stream<i64>, ys: Stream<i64>) -> Stream<Vec<i64>> {
        (xs >> pair.produce(2), ys) >> cat
    }
}

pipeline! {
    fn spread(xs: Stream<i64>, pool: Pool) -> (Stream<i64>, Stream<i64>) {
        let many = xs >> upto.flat().on(pool);
        let more = many >> inc;
        (many, more)
    }
}

pipeline! {
    fn totals(xs: Stream<i64>, pool: Pool) -> (Stream<i64>, Stream<i64>) {
        let total = xs >> add.fold().on(pool);
        let negative = total >> neg;
        (total, negative)
    }
}

pipeline! {
    fn sorted_out(xs: Stream<i64>, pool: Pool) -> Stream<i64> {
        let all = match xs {
            0 => skip,
            n if n < 0 => n >> neg.on(pool),
            n => n >> inv,
        };
        all
    }
}

pipeline! {
    fn merged(xs: Stream<i64>) -> Stream<i64> {
        merge(xs >> inc, xs >> dbl)
    }
}

pipeline! {
    fn joined_at_two(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let wide = widened(xs, pool = a).pipeline();
        (wide, xs >> inc.repeat(2).on(b)) >> cat
    }
}

pipeline! {
    fn there_and_back(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let back = xs >> widened(pool = a).pipeline() >> inc.on(b) >> narrowed(pool = b).pipeline();
        (back, xs) >> cat.on(a)
    }
}

pipeline! {
    fn inputs_of_two_rates(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> (Stream<Vec<i64>>, Stream<Vec<i64>>) {
        let apart = one_to_two(xs, ys).pipeline();
        let own = one_to_two(xs, xs >> widened(pool = a).pipeline()).pipeline();
        (apart, own)
    }
}

pipeline! {
    fn flat_inside(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<i64>) {
        let (many, more) = spread(xs, pool = a).pipeline();
        let both = (more, many >> neg.on(b)) >> cat;
        let total = many >> add.fold().on(b);
        (both, total)
    }
}

pipeline! {
    fn fold_inside(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<Vec<i64>>, Stream<i64>) {
        let (total, negative) = xs >> inv.on(b) >> totals(pool = a).pipeline();
        let both = (negative, total >> inc.on(b)) >> cat;
        let elements = total >> upto.flat().on(a);
        (both, elements)
    }
}

pipeline! {
    fn route_inside(xs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        (sorted_out(xs, pool = a).pipeline(), xs) >> cat.on(a)
    }
}

pipeline! {
    fn merge_inside(xs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        let both = merged(xs >> id.on(a)).pipeline();
        (both, xs >> widened(pool = a).pipeline()) >> cat
    }
}

vectors! {
    rates_inside_are_known_outside: |a, b, c| joined_at_two([1, 2], a, b) => "[1,2] [-1,2] [2,3] [-2,3]";
    rates_of_two_pipelines_balance: |a, b, c| there_and_back([1, 2, 3], a, b) => "[2,1] [2,2] [2,3]";
    inputs_of_different_rates: |a, b, c| inputs_of_two_rates([1, 2], 5..9, a)
        => [apart, own] "[1,5] [-1,6] [2,7] [-2,8] | [1,1] [-1,-1] [2,2] [-2,-2]";
    a_lineage_that_begins_inside: |a, b, c| flat_inside([2, 0, 1], a, b) => [both, total] "[1,0] [2,-1] [1,0] | 1";
    a_fold_inside: |a, b, c| fold_inside([5, 0, 10], a, b) => [both, elements] "!inv#1 [-3,4] | !inv#1 0 1 2";
    a_route_inside: |a, b, c| route_inside([1, 0, -7, 5], a) => "[10,1] [7,-7] [2,5]";
    a_merge_inside: |a, b, c| merge_inside([1, 2], a) => "[2,1] [2,-1] [3,2] [4,-2]";
}

pipeline! {
    fn incomplete_inside(xs: Stream<i64>) -> Stream<i64> {
        let sums = pairs_of(xs).pipeline();
        sums >> inc
    }
}

pipeline! {
    fn pairs_of(xs: Stream<i64>) -> Stream<i64> {
        xs >> two_sum.consume(2)
    }
}

vectors! {
    an_incomplete_group_inside: |a, b, c| incomplete_inside([1, 2, 3]) => "4 !pairs_of/two_sum#2[Incomplete]";
}

// ---------------------------------------------------------------- sinks

#[worker]
fn keep(x: i64, #[param] to: &Mutex<Vec<i64>>) {
    to.lock().unwrap().push(x);
}

pipeline! {
    fn kept(xs: Stream<i64>, to: Arc<Mutex<Vec<i64>>>) {
        xs >> inv >> keep(to = to).serial();
    }
}

pipeline! {
    fn kept_on_the_way(xs: Stream<i64>, to: Arc<Mutex<Vec<i64>>>) -> Stream<i64> {
        let up = xs >> inc;
        up >> keep(to = to).serial();
        up
    }
}

pipeline! {
    fn sinks_inside(xs: Stream<i64>, l: Arc<Mutex<Vec<i64>>>, r: Arc<Mutex<Vec<i64>>>) -> Stream<i64> {
        kept(xs, to = l).pipeline();
        xs >> kept_on_the_way(to = r).pipeline() >> dbl
    }
}

#[test]
fn sinks_stand_inside() {
    within(30, || {
        let (l, r) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Mutex::new(Vec::new())),
        );
        let take = || [&l, &r].map(|kept| std::mem::take(&mut *kept.lock().unwrap()));
        let p = || sinks_inside([1, 0, 5], l.clone(), r.clone());
        assert_eq!(show(p().collect()), "4 2 12");
        assert_eq!(take(), [vec![10, 2], vec![2, 1, 6]]);
        assert_eq!(show(p().inline().collect()), "4 2 12");
        assert_eq!(take(), [vec![10, 2], vec![2, 1, 6]]);
        let report = p().start().unwrap().join().unwrap();
        assert_eq!(take(), [vec![10, 2], vec![2, 1, 6]]);
        assert_eq!(counts(&report, "kept/inv"), [3, 2, 1, 0]);
        assert_eq!(counts(&report, "kept/keep")[0], 2);
        assert_eq!(counts(&report, "kept_on_the_way/keep")[0], 3);
    });
}

// ---------------------------------------------------------------- one run

#[test]
fn results_are_prompt() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (tx, rx) = mpsc::channel();
            let mut run = tuned!(s, joined_with_the_host(rx, a, b, c))
                .start()
                .unwrap();
            let mut sum = 0;
            for n in 10..30 {
                tx.send(n).unwrap();
                sum += n + 1;
                assert_eq!(item(&run.next().unwrap()), format!("[{sum},{n}]"), "{s}");
            }
            drop(tx);
            assert!(run.next().is_none(), "{s}");
        }
    });
}

/// One buffer for the whole: an inner pipeline adds none of its own.
#[test]
fn sources_are_pulled_at_most_buffer_ahead() {
    within(30, || {
        for s in schedules() {
            let buffer = s.buffer.unwrap_or(10);
            let [a, b, c] = s.pools();
            let (xs, pulled) = counted(10..);
            let mut run = tuned!(s, joined_with_the_host(xs, a, b, c))
                .buffer(buffer)
                .start()
                .unwrap();
            assert_eq!(run.by_ref().take(20).count(), 20, "{s}");
            assert!(pulled.load(SeqCst) <= 20 + buffer, "pulled {pulled:?}; {s}");
            promptly("drop", || drop(run));
        }
    });
}

#[test]
fn on_fault_stop_sees_faults_inside() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let p = called((0..).map(|x| 5 - x), 1, a, b).on_fault(OnFault::Stop);
            let want = "5 5 7 11 21 !scaled/inv#5";
            assert_eq!(line(tuned!(s, p).start().unwrap()), want, "{s}");
        }
    });
}
