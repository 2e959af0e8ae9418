//! The rules of pipelines as vectors: input, topology, exact output, under every schedule.
//!
//! A fault is written `!node#position`. The number in a test's name is the rule's.

#[macro_use]
mod common;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use common::*;
use papy::prelude::*;

/// No items.
fn none() -> Vec<i64> {
    Vec::new()
}

// ---------------------------------------------------------------- 1. the master rule

pipeline! {
    fn weave(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<Vec<i64>>, Stream<i64>, Stream<i64>) {
        let up = xs >> inc.on(a);
        let kept = up >> even.on(b).filter() >> inv.on(c);
        let totals = up >> running.on(c).serial();
        let pairs = (kept, ys >> boom(at = 7).on(b)) >> sum.on(a);
        let rows = (totals, pairs, up) >> cat3.on(b);
        let total = pairs >> add.fold().on(a);
        (rows, pairs, total)
    }
}

#[test]
fn s01_schedules_do_not_show() {
    within(60, || {
        quiet();
        let [a, b, c] = [(); 3].map(|()| Pool::inline());
        let want = show(weave(-20..20, 0..40, a, b, c).inline().collect());
        assert!(
            want.contains("!inv#19") && want.contains("!boom#7[Panic]"),
            "{want}"
        );
        matrix!(|a, b, c| weave(-20..20, 0..40, a, b, c) => [rows, pairs, total] want.clone());
    });
}

pipeline! {
    fn risky(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> boom(at = 5).on(b) >> inc.on(c)
    }
}

vectors! {
    s03_one_slot_per_evaluation: |a, b, c| risky([1, 0, 2, 5, 0, 10], a, b, c)
        => "11 !inv#1 !boom#2[Panic] 3 !inv#4 2";
}

// ---------------------------------------------------------------- 2. workers

#[worker]
fn scaled(x: i64, y: i64, #[param] by: i64) -> i64 {
    (x - y) * by
}

pipeline! {
    fn bound(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> Stream<i64> {
        (xs, ys) >> scaled(by = 100).on(a)
    }
}

#[worker]
fn inc_dbl(x: i64) -> i64 {
    dbl(inc(x))
}

#[worker]
fn dbl_inc(x: i64) -> i64 {
    inc(dbl(x))
}

pipeline! {
    fn composed(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>) {
        let p = xs >> inc.on(a) >> dbl.on(b);
        let q = xs >> dbl.on(c) >> inc.on(a);
        let r = xs >> inc_dbl.on(b);
        let s = xs >> dbl_inc.on(c);
        (p, q, r, s)
    }
}

#[test]
fn s05_composition() {
    within(60, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (p, q, r, t) = tuned!(s, composed([3], a, b, c)).collect();
            assert_eq!(
                [show(p), show(q), show(r), show(t)],
                ["8", "7", "8", "7"],
                "{s}"
            );
        }
    });
}

#[worker]
fn w(x: i64) -> Result<i64, DivByZero> {
    inv(inc(x)).map(dbl)
}

pipeline! {
    fn as_one(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> w.on(a)
    }
}

pipeline! {
    fn as_three(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> inv.on(b) >> dbl.on(c)
    }
}

#[worker]
fn as_data(_x: i64) -> std::fmt::Error {
    std::fmt::Error
}

pipeline! {
    fn data(xs: Stream<i64>, a: Pool) -> Stream<std::fmt::Error> {
        xs >> as_data.on(a)
    }
}

pipeline! {
    fn panics(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> boom(at = 2).on(a)
    }
}

vectors! {
    s04_ports_then_arguments: |a, b, c| bound([1, 2, 3], [3, 2, 1], a) => "-200 0 200";
    s06_composition_fails_as_one: |a, b, c| as_one([-1, 0], a) => "!w#0 20";
    s06_composition_fails_as_three: |a, b, c| as_three([-1, 0], a, b, c) => "!inv#0 20";
    s08_error_as_data: |a, b, c| data([1, 2], a) => "Error Error";
    s08_panic_is_a_fault: |a, b, c| panics([1, 2, 3], a) => "1 !boom#1[Panic] 3";
    s08_every_call_panics: |a, b, c| panics([2; 9], a) => "!boom#0[Panic] !boom#1[Panic] !boom#2[Panic] \
        !boom#3[Panic] !boom#4[Panic] !boom#5[Panic] !boom#6[Panic] !boom#7[Panic] !boom#8[Panic]";
}

#[test]
fn s08_panic_keeps_its_message() {
    within(20, || {
        quiet();
        let results = panics([2], Pool::rayon()).collect();
        let fault = results[0].as_ref().unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Panic);
        assert!(fault.to_string().contains("on purpose: 2"), "{fault}");
    });
}

// ---------------------------------------------------------------- 3. topology

pipeline! {
    fn chain(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> dbl.on(b) >> sqr.on(c)
    }
}

pipeline! {
    fn chain_serial(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> dbl.on(b).serial() >> sqr.on(c)
    }
}

pipeline! {
    fn chain_of_serials(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inc.serial().on(a) >> dbl.serial().on(b) >> sqr.serial().on(c)
    }
}

pipeline! {
    fn fork(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>) {
        let up = xs >> inc.on(a);
        let l = up >> dbl.on(b);
        let r = up >> sqr.on(c);
        (l, r)
    }
}

pipeline! {
    fn fork_serial(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>) {
        let up = xs >> inc.on(a).serial();
        let l = up >> dbl.on(b);
        let r = up >> sqr.on(c).serial();
        (l, r)
    }
}

pipeline! {
    fn diamond(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let up = xs >> inc.on(a);
        let l = up >> dbl.on(b);
        let r = up >> sqr.on(c);
        (l, r) >> cat.on(a)
    }
}

pipeline! {
    fn diamond_serial(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let up = xs >> inc.on(a);
        let l = up >> dbl.on(b).serial();
        let r = up >> sqr.on(c);
        (l, r) >> cat.on(a).serial()
    }
}

pipeline! {
    fn diamond_swapped(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let up = xs >> inc.on(a);
        let l = up >> dbl.on(b);
        let r = up >> sqr.on(c);
        (r, l) >> cat.on(a)
    }
}

pipeline! {
    fn inputs_swapped(xs: Stream<i64>, ys: Stream<i64>, zs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        cat3(zs >> id.on(a), xs >> id.on(b), ys).on(c)
    }
}

pipeline! {
    fn unequal_paths(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let up = xs >> inc.on(a);
        (up >> dbl.on(b) >> dbl.on(c), up) >> cat.on(a)
    }
}

pipeline! {
    fn unequal_paths_serial(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let up = xs >> inc.serial();
        (up >> dbl.on(b).stride(3) >> dbl.on(c).stride(3), up) >> cat.serial().on(a)
    }
}

pipeline! {
    fn nested(s: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let j = sum(inc(s).on(a), dbl(s).on(b)).on(c);
        (j, sqr(s).on(a)) >> cat.on(b)
    }
}

pipeline! {
    fn apart(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> inc.on(a);
        let r = ys >> dbl.on(b);
        (l, r)
    }
}

pipeline! {
    fn twice(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let up = xs >> inc.on(a);
        (up, up) >> cat.on(b)
    }
}

pipeline! {
    fn itself(xs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        (xs, xs) >> cat.on(a)
    }
}

vectors! {
    s10_chain: |a, b, c| chain([1, 2, 3, 4], a, b, c) => "16 36 64 100";
    s10_chain_serial: |a, b, c| chain_serial([1, 2, 3, 4], a, b, c) => "16 36 64 100";
    s10_chain_of_serials: |a, b, c| chain_of_serials([1, 2, 3, 4], a, b, c) => "16 36 64 100";
    s11_fork: |a, b, c| fork([1, 2, 3], a, b, c) => [l, r] "4 6 8 | 4 9 16";
    s11_fork_serial: |a, b, c| fork_serial([1, 2, 3], a, b, c) => [l, r] "4 6 8 | 4 9 16";
    s12_diamond: |a, b, c| diamond([1, 2, 3], a, b, c) => "[4,4] [6,9] [8,16]";
    s12_diamond_serial: |a, b, c| diamond_serial([1, 2, 3], a, b, c) => "[4,4] [6,9] [8,16]";
    s13_written_order: |a, b, c| diamond_swapped([1, 2, 3], a, b, c) => "[4,4] [9,6] [16,8]";
    s13_written_order_of_inputs: |a, b, c| inputs_swapped([1, 2], [3, 4], [5, 6], a, b, c) => "[5,1,3] [6,2,4]";
    s14_unequal_paths: |a, b, c| unequal_paths(1..=5, a, b, c) => "[8,2] [12,3] [16,4] [20,5] [24,6]";
    s14_unequal_paths_serial: |a, b, c| unequal_paths_serial(1..=5, a, b, c) => "[8,2] [12,3] [16,4] [20,5] [24,6]";
    s15_nesting: |a, b, c| nested(1..=5, a, b, c) => "[4,1] [7,4] [10,9] [13,16] [16,25]";
    s16_disconnected: |a, b, c| apart([1, 2], [3, 4], a, b) => [l, r] "2 3 | 6 8";
    s19_two_ports_of_one_join: |a, b, c| twice([1, 2], a, b) => "[2,2] [3,3]";
    s19_input_to_two_ports: |a, b, c| itself([1, 2], a) => "[1,1] [2,2]";
    s21_lengths_differ: |a, b, c| apart(1..=5, [5, 10], a, b) => [l, r] "2 3 4 5 6 | 10 20";
    s21_first_is_shorter: |a, b, c| apart([1, 2], 1..=5, a, b) => [l, r] "2 3 | 2 4 6 8 10";
    s21_one_is_empty: |a, b, c| apart(none(), [1, 2], a, b) => [l, r] " | 2 4";
}

#[test]
fn s16_shared_iterator() {
    within(20, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let shared = Arc::new(Mutex::new(0..20i64));
            let (xs, ys) = (shared.clone(), shared);
            let xs = std::iter::from_fn(move || xs.lock().unwrap().next());
            let ys = std::iter::from_fn(move || ys.lock().unwrap().next());
            let (l, r) = tuned!(s, apart(xs, ys, a, b)).collect();
            let seen = sorted(l)
                .into_iter()
                .map(|x| x - 1)
                .chain(sorted(r).into_iter().map(|x| x / 2));
            assert_eq!(seen.collect::<HashSet<_>>().len(), 20, "{s}");
        }
    });
}

#[test]
fn s20_one_output_to_its_end_then_the_other() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            for buffer in [1, 10, 100] {
                let start = || {
                    fork(0..2000, a.clone(), b.clone(), c.clone())
                        .buffer(buffer)
                        .start()
                        .unwrap()
                };
                let mut run = start();
                assert_eq!(
                    run.l.by_ref().map(Result::unwrap).sum::<i64>(),
                    2000 * 2001,
                    "{name}"
                );
                assert_eq!(run.r.by_ref().count(), 2000, "{name}");
                let mut run = start();
                assert_eq!(run.r.by_ref().count(), 2000, "{name}");
                assert_eq!(
                    run.l.by_ref().map(Result::unwrap).sum::<i64>(),
                    2000 * 2001,
                    "{name}"
                );
            }
        }
    });
}

// ---------------------------------------------------------------- 4. inputs

pipeline! {
    fn zip2(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> id.on(a), ys >> id.on(b)) >> cat.on(c)
    }
}

pipeline! {
    fn zip2_serial(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> id.on(a).serial(), ys >> id.on(b)) >> cat.on(c).serial()
    }
}

pipeline! {
    fn zip2_bare(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        (xs, ys) >> cat.on(a)
    }
}

pipeline! {
    fn zip3(xs: Stream<i64>, ys: Stream<i64>, zs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> id.on(a), ys >> id.on(b), zs >> id.on(c)) >> cat3.on(a)
    }
}

pipeline! {
    fn folded(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> add.fold().on(b)
    }
}

pipeline! {
    fn filtered(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let some = xs >> even.filter().on(a);
        (some, xs >> inc.on(b)) >> cat
    }
}

pipeline! {
    fn one(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> inc.on(a)
    }
}

vectors! {
    s22_empty_chain: |a, b, c| chain(none(), a, b, c) => "";
    s22_empty_serial: |a, b, c| chain_of_serials(none(), a, b, c) => "";
    s22_empty_fork: |a, b, c| fork(none(), a, b, c) => [l, r] " | ";
    s22_empty_diamond: |a, b, c| diamond_serial(none(), a, b, c) => "";
    s22_empty_inputs: |a, b, c| zip3(none(), none(), none(), a, b, c) => "";
    s22_empty_apart: |a, b, c| apart(none(), none(), a, b) => [l, r] " | ";
    s22_empty_fold: |a, b, c| folded(none(), a, b) => "0";
    s22_empty_filter: |a, b, c| filtered(none(), a, b) => "";

    s23_longer_first: |a, b, c| zip2(1..=5, [10, 20, 30], a, b, c) => "[1,10] [2,20] [3,30] !cat#3[Unequal]";
    s23_longer_second: |a, b, c| zip2([1, 2, 3], (1..=5).map(|x| x * 10), a, b, c)
        => "[1,10] [2,20] [3,30] !cat#3[Unequal]";
    s23_serial: |a, b, c| zip2_serial(1..=5, [10, 20, 30], a, b, c) => "[1,10] [2,20] [3,30] !cat#3[Unequal]";
    s23_bare: |a, b, c| zip2_bare(1..=5, [10, 20, 30], a) => "[1,10] [2,20] [3,30] !cat#3[Unequal]";
    s23_three: |a, b, c| zip3(1..=4, [10, 20], [100, 200, 300], a, b, c) => "[1,10,100] [2,20,200] !cat3#2[Unequal]";
    s23_one_is_empty: |a, b, c| zip2([1, 2], none(), a, b, c) => "!cat#0[Unequal]";
    s24_longer_is_endless: |a, b, c| zip2([1, 2, 3], 0.., a, b, c) => "[1,0] [2,1] [3,2] !cat#3[Unequal]";
    s24_endless_is_first: |a, b, c| zip2_serial(0.., [1, 2, 3], a, b, c) => "[0,1] [1,2] [2,3] !cat#3[Unequal]";

    s26_failing_items: |a, b, c| chain(papy::source::fallible([Ok(1), Err("bad"), Ok(3)]), a, b, c)
        => "16 !xs#1[Input] 64";
    s26_input_panics: |a, b, c| chain((0..).inspect(|&x| { assert!(x < 2, "on purpose"); }), a, b, c)
        => "4 16 !xs#2[Input]";
    s26_input_panics_at_once: |a, b, c| chain((0..).inspect(|&x| { assert!(x < 0, "on purpose"); }), a, b, c)
        => "!xs#0[Input]";
    s26_input_panics_before_a_fork: |a, b, c| fork((0..).inspect(|&x| { assert!(x < 2, "on purpose"); }), a, b, c)
        => [l, r] "2 4 !xs#2[Input] | 1 4 !xs#2[Input]";
    s26_input_panics_before_a_join: |a, b, c| zip2((0..).inspect(|&x| { assert!(x < 2, "on purpose"); }), 5..8, a, b, c)
        => "[0,5] [1,6] !xs#2[Input]";
    s26_input_panics_before_a_fold: |a, b, c| folded((1..).inspect(|&x| { assert!(x < 3, "on purpose"); }), a, b)
        => "!xs#2[Input] 15";
}

#[test]
fn s23_message_names_both_inputs() {
    within(20, || {
        let results = zip2(
            1..=5,
            [10, 20, 30],
            Pool::rayon(),
            Pool::rayon(),
            Pool::rayon(),
        )
        .collect();
        let text = results[3].as_ref().unwrap_err().to_string();
        assert!(
            text.contains("xs") && text.contains("ys") && text.contains('3'),
            "{text}"
        );
    });
}

#[test]
fn s24_endless_input_is_pulled_within_bounds() {
    within(20, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (ys, pulled) = counted(0..);
            let _ = tuned!(s, zip2([1, 2, 3], ys, a, b, c)).collect();
            let bound = 3 + s.buffer.unwrap_or(4096) + 1;
            assert!(pulled.load(SeqCst) <= bound, "pulled {pulled:?}, {s}");
        }
    });
}

#[test]
fn s25_nothing_is_pulled_before_the_start() {
    within(20, || {
        let (xs, pulled) = counted(0..);
        let built = one(xs, Pool::rayon());
        assert_eq!(pulled.load(SeqCst), 0);
        drop(built);
        assert_eq!(pulled.load(SeqCst), 0);
    });
}

#[test]
fn s25_inline_pulls_one_for_one() {
    within(20, || {
        let (xs, pulled) = counted(0..);
        let mut run = one(xs, Pool::rayon()).inline().start().unwrap();
        assert_eq!(pulled.load(SeqCst), 0);
        for n in 1..=5 {
            assert_eq!(run.next().unwrap().unwrap(), n as i64);
            assert_eq!(pulled.load(SeqCst), n);
        }
    });
}

#[test]
fn s25_endless_input_is_lazy() {
    within(30, || {
        for s in schedules() {
            let [a, ..] = s.pools();
            let (xs, pulled) = counted(0..);
            let mut run = tuned!(s, one(xs, a)).start().unwrap();
            let text = line(run.by_ref().take(5));
            assert_eq!(text, "1 2 3 4 5", "{s}");
            assert!(
                pulled.load(SeqCst) <= 5 + s.buffer.unwrap_or(4096),
                "pulled {pulled:?}, {s}"
            );
        }
    });
}

// ---------------------------------------------------------------- 6. pools, stride, order

pipeline! {
    fn shared(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let l = xs >> inc.on(a) >> id >> dbl.on(b) >> id.serial() >> sqr.on(a);
        let r = xs >> neg.on(b) >> neg.on(a).serial() >> inc.on(b);
        (l, r) >> cat.on(a)
    }
}

pipeline! {
    fn both_on_one(ls: Stream<i64>, rs: Stream<i64>, a: Pool) -> Stream<Vec<i64>> {
        (ls >> id.on(a), rs >> neg.on(a)) >> cat.on(a)
    }
}

pipeline! {
    fn strides(xs: Stream<i64>, s: usize, t: usize, u: usize, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let up = xs >> inc.on(a).stride(s);
        (up >> dbl.on(b).stride(t) >> dbl.on(c).stride(u), up) >> cat.on(a)
    }
}

#[worker]
fn toiling(x: i64) -> i64 {
    toil(x)
}

#[worker]
fn toiling_on_tens(x: i64) -> Result<i64, String> {
    if toil(x) % 10 == 0 {
        Err(format!("{x}"))
    } else {
        Ok(x)
    }
}

pipeline! {
    fn ordered(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> toiling.on(a).spawn(2) >> toiling.on(b).spawn(1) >> toiling.on(c)
    }
}

pipeline! {
    fn unordered(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> toiling_on_tens.on(a).unordered() >> id.on(b)
    }
}

pipeline! {
    fn order_restored(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> toiling_on_tens.on(a).unordered() >> id.on(b).ordered()
    }
}

pipeline! {
    fn unordered_join(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let slow = xs >> toiling.on(a).unordered();
        (slow, xs >> id.on(b)) >> cat
    }
}

pipeline! {
    fn unordered_serial(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> toiling.on(a).unordered() >> running.on(b).serial()
    }
}

pipeline! {
    fn gated(xs: Stream<i64>, gate: Arc<Gate>, a: Pool) -> Stream<i64> {
        xs >> first_waits(gate = gate).on(a).stride(1).unordered()
    }
}

#[worker]
fn first_waits(x: i64, #[param] gate: &Gate) -> i64 {
    if x == 0 {
        gate.pass();
    }
    x
}

vectors! {
    s41_shared_pools: |a, b, c| shared(0..5, a, b) => "[4,1] [16,2] [36,3] [64,4] [100,5]";
    s45_small_buffers: |a, b, c| both_on_one(0..9, 0..9, a)
        => "[0,0] [1,-1] [2,-2] [3,-3] [4,-4] [5,-5] [6,-6] [7,-7] [8,-8]";
    s49_order_is_kept: |a, b, c| ordered(0..12, a, b, c) => "0 1 2 3 4 5 6 7 8 9 10 11";
    s50_order_is_restored: |a, b, c| order_restored(9..13, a, b) => "9 !toiling_on_tens#1 11 12";
}

pipeline! {
    fn carry(xs: Stream<Live>, a: Pool, b: Pool) -> Stream<Live> {
        xs >> (|x| x).on(a) >> (|x: Live| x).on(b)
    }
}

#[test]
fn s42_items_in_flight_are_bounded() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            for (stride, buffer) in [(1, 1), (1, 8), (2, 8), (4, 16)] {
                let tally = Tally::new();
                let mine = tally.clone();
                let xs = (0..300).map(move |n| mine.item(n));
                let run = carry(xs, a.clone(), b.clone())
                    .stride(stride)
                    .buffer(buffer)
                    .start()
                    .unwrap();
                let mut count = 0;
                for x in run {
                    drop(x);
                    count += 1;
                }
                assert_eq!((count, tally.live()), (300, 0), "{name}");
                let bound = buffer + 3 * stride + 1; // one stride for each region and the source, the one being read
                assert!(
                    tally.peak() <= bound,
                    "{} items at once, {name}, stride {stride}, buffer {buffer}",
                    tally.peak()
                );
            }
        }
    });
}

#[test]
fn s45_one_of_two_outputs_for_ever() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            let mut run = fork(0.., a.clone(), b.clone(), c.clone())
                .buffer(1)
                .start()
                .unwrap();
            assert_eq!(run.l.by_ref().take(1000).count(), 1000, "{name}");
            let mut run = apart(0.., 0.., a.clone(), b.clone())
                .buffer(1)
                .start()
                .unwrap();
            assert_eq!(run.r.by_ref().take(1000).count(), 1000, "{name}");
            assert_eq!(line(run.l.by_ref().take(2)), "1 2", "{name}");
        }
    });
}

#[test]
fn s46_mixed_strides() {
    within(30, || {
        let want = show(
            strides(
                0..17,
                1,
                1,
                1,
                Pool::inline(),
                Pool::inline(),
                Pool::inline(),
            )
            .inline()
            .collect(),
        );
        for (name, [a, b, c]) in pool_sets() {
            for n in 0..5 * 5 * 5 {
                let (s, t, u) = (n % 5, n / 5 % 5, n / 25);
                let p = strides(0..17, s, t, u, a.clone(), b.clone(), c.clone());
                assert_eq!(show(p.collect()), want, "{name}, strides {s}, {t}, {u}");
            }
        }
    });
}

#[test]
fn s48_zero_means_one() {
    within(20, || {
        let rayon = Pool::rayon;
        assert_eq!(show(one([1, 2], rayon()).stride(0).collect()), "2 3");
        assert_eq!(show(one([1, 2], rayon()).buffer(0).collect()), "2 3");
        assert_eq!(
            show(strides([1], 0, 0, 0, rayon(), rayon(), rayon()).collect()),
            "[8,2]"
        );
        assert_eq!(show(one([1, 2], Pool::threads(0)).collect()), "2 3");
    });
}

#[test]
fn s50_unordered_is_the_same_multiset() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, unordered(0..50, a, b)).start().unwrap();
            let (values, faults): (Vec<_>, Vec<_>) = run.partition(Result::is_ok);
            let faults: HashSet<_> = faults.iter().map(item).collect();
            let want = [0, 10, 20, 30, 40].map(|n| format!("!toiling_on_tens#{n}"));
            assert_eq!(faults, HashSet::from(want), "{s}");
            let want: Vec<i64> = (0..50).filter(|n| n % 10 != 0).collect();
            assert_eq!(sorted(values), want, "{s}");
        }
    });
}

#[test]
fn s50_unordered_overtakes() {
    within(20, || {
        let gate = Gate::new();
        let mut run = gated(0..3, gate.clone(), Pool::threads(3)).start().unwrap();
        assert_eq!(sorted(run.by_ref().take(2)), [1, 2]);
        gate.open();
        assert_eq!(line(run), "0");
    });
}

#[test]
fn s51_unordered_join_pairs_by_origin() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let pairs = sorted(tuned!(s, unordered_join(0..50, a, b)).collect());
            let want: Vec<_> = (0..50).map(|n| vec![n, n]).collect();
            assert_eq!(pairs, want, "{s}");
        }
    });
}

#[test]
fn s52_serial_sees_input_order_after_unordered() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let totals = sorted(tuned!(s, unordered_serial(0..50, a, b)).collect());
            let want: Vec<_> = (0..50).map(|n| n * (n + 1) / 2).collect();
            assert_eq!(totals, want, "{s}");
        }
    });
}

// ---------------------------------------------------------------- 7. errors

pipeline! {
    fn passing(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a) >> inc.on(b)
    }
}

pipeline! {
    fn passing_serial(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inv.on(a).serial() >> inc.on(b).serial()
    }
}

#[worker]
fn bad(x: i64) -> Result<i64, String> {
    if x == 0 || x == 5 {
        Err(format!("{x} is bad"))
    } else {
        Ok(x)
    }
}

#[worker]
fn ck(x: i64) -> Result<i64, DivByZero> {
    if x == 0 { Err(DivByZero) } else { Ok(x) }
}

pipeline! {
    fn one_bad_port(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> inv.on(a), xs >> inc.on(b)) >> cat.on(c)
    }
}

pipeline! {
    fn two_bad_ports(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> inv.on(a), xs >> bad.on(b)) >> cat.on(c)
    }
}

pipeline! {
    fn bad_ports_swapped(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        (xs >> bad.on(a), xs >> inv.on(b)) >> cat.on(c)
    }
}

pipeline! {
    fn one_origin(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let up = xs >> ck.on(a);
        (up >> inc.on(b), up >> dbl.on(c)) >> cat.on(a)
    }
}

pipeline! {
    fn origins_once(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let up = xs >> ck.on(a);
        let both = (up, xs >> bad.on(b)) >> sum.on(c);
        (both >> id.on(a), up >> id.on(b), xs >> bad.on(c).named("worse")) >> cat3.on(a)
    }
}

pipeline! {
    fn fault_beside_hole(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        (xs >> even.filter().on(a), xs >> bad.on(b)) >> cat
    }
}

vectors! {
    s53_errors_pass: |a, b, c| passing([1, 0, 5], a, b) => "11 !inv#1 3";
    s53_errors_pass_serial: |a, b, c| passing_serial([1, 0, 5], a, b) => "11 !inv#1 3";
    s54_one_bad_port: |a, b, c| one_bad_port([1, 0, 5], a, b, c) => "[10,2] !inv#1 [2,6]";
    s54_two_bad_ports: |a, b, c| two_bad_ports([1, 0, 5], a, b, c) => "[10,1] !inv#1+bad#1 !bad#2";
    s54_bad_ports_swapped: |a, b, c| bad_ports_swapped([1, 0, 5], a, b, c) => "[1,10] !bad#1+inv#1 !bad#2";
    s54_fault_wins_over_hole: |a, b, c| fault_beside_hole([1, 2, 5, 0], a, b) => "[2,2] !bad#2 !bad#3";
    s55_one_origin: |a, b, c| one_origin([1, 0, 5], a, b, c) => "[2,2] !ck#1 [6,10]";
    s55_each_origin_once: |a, b, c| origins_once([1, 0, 5], a, b, c) => "[2,1,1] !ck#1+bad#1+worse#1 !bad#2+worse#2";
}

#[test]
fn s56_what_a_fault_carries() {
    within(20, || {
        for results in [
            passing([1, 0], Pool::rayon(), Pool::rayon()).collect(),
            passing([1, 0], Pool::inline(), Pool::inline())
                .inline()
                .collect(),
        ] {
            let fault = results[1].as_ref().unwrap_err();
            assert_eq!((fault.node(), fault.input()), ("inv", 1));
            assert_eq!((fault.kind(), fault.attempts()), (FaultKind::Error, 1));
            assert_eq!(fault.others().count(), 0);
            assert_eq!(fault.downcast_ref::<DivByZero>(), Some(&DivByZero));
            assert!(fault.downcast_ref::<std::fmt::Error>().is_none());
            let source = std::error::Error::source(fault).expect("a source");
            assert_eq!(source.to_string(), "division by zero");
            let text = fault.to_string();
            assert!(
                text.contains("inv") && text.contains('1') && text.contains("division by zero"),
                "{text}"
            );
            assert_eq!(fault.clone().to_string(), text);
        }
    });
}

#[test]
fn s57_faults_are_counted() {
    within(20, || {
        let mut run = passing([1, 0, 5, 0], Pool::rayon(), Pool::threads(2))
            .start()
            .unwrap();
        assert_eq!(run.by_ref().filter(Result::is_err).count(), 2);
        let report = run.join().unwrap();
        assert_eq!(counts(&report, "inv"), [4, 2, 2, 0]);
        assert_eq!(counts(&report, "inc"), [2, 2, 0, 0]);
    });
}

#[test]
fn s58_fail_fast() {
    within(30, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let p = || passing([1, 2, 0, 5, 0, 1], a.clone(), b.clone()).on_fault(OnFault::Stop);
            assert_eq!(show(tuned!(s, p()).collect()), "11 6 !inv#2", "{s}");
            assert_eq!(line(tuned!(s, p()).start().unwrap()), "11 6 !inv#2", "{s}");
            assert_eq!(show(p().inline().collect()), "11 6 !inv#2", "{s}");
        }
    });
}

#[test]
fn s58_fail_fast_ends_an_endless_run() {
    within(20, || {
        for (name, [a, b, _]) in pool_sets() {
            let p = passing((0..).map(|x| 100 - x), a.clone(), b.clone()).on_fault(OnFault::Stop);
            let results = p.collect();
            assert_eq!(
                (results.len(), item(&results[100])),
                (101, "!inv#100".into()),
                "{name}"
            );
        }
    });
}

#[worker]
fn hundredth(x: i64) -> Result<i64, String> {
    if x % 100 == 0 {
        Err("hundredth".into())
    } else {
        Ok(x)
    }
}

pipeline! {
    fn volume(xs: Stream<i64>) -> Stream<i64> {
        xs >> hundredth.serial() >> inc.serial()
    }
}

#[test]
fn s59_volume() {
    within(60, || {
        let (mut values, mut sum, mut faults) = (0, 0, 0);
        volume(1..=1_000_000).for_each(|result| match result {
            Ok(x) => {
                values += 1;
                sum += x;
            }
            Err(_) => faults += 1,
        });
        assert_eq!((values, sum, faults), (990_000, 495_000_990_000i64, 10_000));
    });
}

// ---------------------------------------------------------------- 9. tracking

pipeline! {
    fn tracked(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let track = xs >> inv.on(a);
        let rest = track >> inc.on(b);
        (track, rest)
    }
}

pipeline! {
    fn tracked_serial(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let track = xs >> inv.on(a).serial();
        let rest = track >> inc.on(b);
        (track, rest)
    }
}

#[test]
fn s66_a_tracked_node_is_an_output() {
    within(20, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, tracked([1, 0, 5], a, b)).start().unwrap();
            let record: HashMap<u64, String> = run
                .track
                .indexed()
                .map(|(at, result)| (at, item(&result)))
                .collect();
            assert_eq!(line(run.rest), "11 !inv#1 3", "{s}");
            let want = [(0, "10"), (1, "!inv#1"), (2, "2")].map(|(at, text)| (at, text.to_owned()));
            assert_eq!(record, HashMap::from(want), "{s}");
        }
    });
}

#[test]
fn s67_a_serial_node_too() {
    within(20, || {
        for s in schedules() {
            let [a, b, _] = s.pools();
            let run = tuned!(s, tracked_serial([1, 0, 5], a, b)).start().unwrap();
            let mut record: Vec<_> = run
                .track
                .indexed()
                .map(|(at, result)| (at, item(&result)))
                .collect();
            record.sort();
            drop(run.rest);
            let want = [(0, "10"), (1, "!inv#1"), (2, "2")].map(|(at, text)| (at, text.to_owned()));
            assert_eq!(record, want, "{s}");
        }
    });
}

// ---------------------------------------------------------------- 10. life cycle

/// A running pipeline of two nodes over an input that is counted.
macro_rules! running {
    ($items:expr, $buffer:expr) => {{
        let (xs, pulled) = counted($items);
        let run = two(xs, Pool::rayon(), Pool::threads(2))
            .buffer($buffer)
            .start()
            .unwrap();
        (run, pulled)
    }};
}

pipeline! {
    fn two(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> id.on(b)
    }
}

#[test]
fn s69_stop_in_every_state() {
    within(20, || {
        let (mut run, _) = running!(0..40, 4);
        let handle = run.handle();
        run.next();
        handle.stop();
        handle.stop();
        assert!(run.by_ref().count() < 40);
        handle.stop();
        handle.wait();
        assert!(handle.is_finished());
        handle.stop();
        handle.cancel();
        handle.pause();
        handle.resume();
        drop(run);
        handle.stop();
    });
}

#[test]
fn s70_wait() {
    within(20, || {
        let (run, pulled) = running!(0..40, 4);
        let handle = run.handle();
        handle.wait();
        assert_eq!(pulled.load(SeqCst), 40);
        assert!(handle.is_finished());
        handle.wait();
        assert!(handle.wait_timeout(millis(0)).is_some());
        assert_eq!(sorted(run), (1..=40).collect::<Vec<_>>());
    });
}

#[test]
fn s71_pause_and_go_on() {
    within(20, || {
        for buffer in [1, 4, 100] {
            let (mut run, pulled) = running!(0..40, buffer);
            let handle = run.handle();
            let mut seen: Vec<_> = run.by_ref().take(20).collect();
            handle.pause();
            let before = pulled.load(SeqCst);
            while let Poll::Ready(Some(result)) = run.next_timeout(millis(50)) {
                seen.push(result);
            }
            assert_eq!(pulled.load(SeqCst), before);
            handle.resume();
            seen.extend(run);
            assert_eq!(show(seen), line((1..=40).map(Ok)), "buffer {buffer}");
        }
    });
}

#[test]
fn s72_stop_loses_nothing() {
    within(20, || {
        for taken in [0, 1, 19, 500] {
            let (mut run, pulled) = running!(0.., 64);
            let mut seen: Vec<_> = run.by_ref().take(taken).collect();
            run.handle().stop();
            seen.extend(run);
            assert_eq!(seen.len(), pulled.load(SeqCst));
            assert!(seen.len() >= taken);
            assert_eq!(show(seen), line((1..=pulled.load(SeqCst) as i64).map(Ok)));
        }
    });
}

#[test]
fn s72_stop_brings_inputs_level() {
    within(20, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (xs, xs_pulled) = counted(0..);
            let (ys, ys_pulled) = counted(0..);
            let mut run = tuned!(s, zip2(xs, ys, a, b, c)).start().unwrap();
            let mut seen: Vec<_> = run.by_ref().take(7).collect();
            run.handle().stop();
            seen.extend(run);
            assert!(seen.iter().all(Result::is_ok), "{s}: {}", show(seen));
            assert_eq!(
                (xs_pulled.load(SeqCst), ys_pulled.load(SeqCst)),
                (seen.len(), seen.len()),
                "{s}"
            );
        }
    });
}

#[test]
fn s75_reuse() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            for _ in 0..10 {
                assert_eq!(
                    show(two([1, 2, 3], a.clone(), b.clone()).collect()),
                    "2 3 4",
                    "{name}"
                );
                assert_eq!(
                    line(two([4, 5], a.clone(), b.clone()).start().unwrap()),
                    "5 6",
                    "{name}"
                );
                let both = diamond([1, 2, 3], a.clone(), b.clone(), c.clone());
                assert_eq!(show(both.collect()), "[4,4] [6,9] [8,16]", "{name}");
            }
        }
    });
}

#[test]
fn s76_drop_half_way() {
    within(20, || {
        for (name, [a, b, c]) in pool_sets() {
            let mut run = fork(0.., a.clone(), b.clone(), c.clone()).start().unwrap();
            run.l.next();
            run.r.next();
            promptly(name, || drop(run));
        }
    });
}

#[test]
fn s78_report() {
    within(20, || {
        let calls = Arc::new(AtomicUsize::new(0));
        let seen = calls.clone();
        let xs = (0..10).inspect(move |_| {
            seen.fetch_add(1, SeqCst);
        });
        let report = filtered(xs, Pool::rayon(), Pool::threads(2)).run();
        assert_eq!(calls.load(SeqCst), 10);
        assert_eq!(counts(&report, "even"), [10, 5, 0, 5]);
        assert_eq!(counts(&report, "inc"), [10, 10, 0, 0]);
        assert_eq!(counts(&report, "cat"), [5, 5, 0, 0]);
        assert_eq!(position(&report, "xs"), 10);
        assert!(report.elapsed() > std::time::Duration::ZERO);
    });
}
