//! Routes: `match` on a stream sends each item down one arm, and its value is what the arms give, in input order.
//!
//! A fault is written `!node#position`.

#[macro_use]
mod common;

use std::ops::Range;
use std::sync::{Arc, Mutex, mpsc};

use common::*;
use papy::prelude::*;
use papy::source::fallible;

#[derive(Debug, Clone)]
enum Shape {
    Circle(i64),
    Rect { w: i64, h: i64 },
    Label(&'static str, i64),
    Empty,
}

use Shape::{Circle, Empty, Label, Rect};

fn shapes() -> [Shape; 6] {
    [
        Circle(2),
        Rect { w: 3, h: 4 },
        Empty,
        Label("l", 7),
        Rect { w: 5, h: 5 },
        Circle(0),
    ]
}

#[worker]
fn shape(x: i64) -> Result<Shape, String> {
    Ok(match x {
        0 => Empty,
        1..10 => Circle(x),
        10..100 => Rect {
            w: x / 10,
            h: x % 10,
        },
        100.. => Label("large", x),
        _ => return Err(format!("{x}")),
    })
}

#[worker]
fn upto(x: i64) -> Range<i64> {
    0..x
}

#[worker]
fn group(g: Vec<i64>) -> Vec<i64> {
    g
}

#[worker]
fn toiling(x: i64) -> i64 {
    toil(x)
}

// ---------------------------------------------------------------- patterns

pipeline! {
    fn variants(shapes: Stream<Shape>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let sizes = match shapes >> (|s: Shape| s).on(a) {
            Shape::Circle(r) => r >> sqr.on(b) >> (|x: i64| 3 * x).on(c),
            Shape::Rect { w, h } => (w, h) >> (|w: i64, h: i64| w * h).on(c),
            Shape::Label(text, size) => (size, text >> (|text: &str| text.len() as i64).on(a)) >> sum.on(b),
            Shape::Empty => skip,
        };
        sizes
    }
}

pipeline! {
    fn input_itself(shapes: Stream<Shape>, a: Pool, b: Pool) -> Stream<i64> {
        let sizes = match shapes {
            Circle(size) | Label(_, size) => size >> inc.on(a),
            Rect { w, h: 4 } => w,
            _ => skip,
        };
        sizes >> neg.on(b)
    }
}

pipeline! {
    fn numbers(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        match xs >> id.on(a) {
            0 => skip,
            n @ (1 | 3) => n >> inc.on(b),
            n @ 2..=9 => n >> dbl.on(c),
            n if n < 0 => n >> neg.on(a),
            n => n >> sqr.on(b),
        }
    }
}

#[derive(Debug, Clone)]
struct Point {
    x: i64,
    y: i64,
}

fn points() -> Vec<Point> {
    [(1, 0), (0, 2), (-3, 4), (5, 6)]
        .map(|(x, y)| Point { x, y })
        .into()
}

pipeline! {
    fn structs(points: Stream<Point>, a: Pool, b: Pool) -> Stream<i64> {
        let all = match points {
            Point { x, y: 0 } => x >> inc.on(a),
            Point { x: 0, y } => y >> dbl.on(b),
            Point { x, .. } if x < 0 => x >> neg,
            p => (p.x >> id.on(a), p.y) >> sum.on(b),
        };
        all
    }
}

pipeline! {
    fn tuples(xs: Stream<(i64, &'static str)>, a: Pool, b: Pool) -> Stream<String> {
        let all = match xs {
            (0, _) => skip,
            (n, "neg") => n >> neg.on(a) >> (|n: i64| n.to_string()),
            (_, text) if text.is_empty() => skip,
            (n, text) => (text, n) >> (|text: &str, n: i64| format!("{text}{n}")).on(b),
        };
        all
    }
}

pipeline! {
    fn results(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<String> {
        let all = match xs >> (|x: i64| inv(x).map(Some)).on(a) {
            Ok(Some(x)) if x > 5 => x >> inc.on(b) >> (|x: i64| x.to_string()),
            Ok(None) => skip,
            Ok(Some(x)) => x >> (|x: i64| format!("<{x}>")),
            Err(e) => e >> (|e: DivByZero| e.to_string()).on(b),
        };
        all
    }
}

struct Unique(i64);

pipeline! {
    fn moved(xs: Stream<Option<Unique>>, a: Pool, b: Pool) -> Stream<i64> {
        let all = match xs >> (|x: Option<Unique>| x).on(a) {
            Some(x) if x.0 > 2 => x >> (|x: Unique| x.0).on(b),
            Some(Unique(x)) => x >> neg,
            None => skip,
        };
        all
    }
}

pipeline! {
    fn used_twice(xs: Stream<Option<i64>>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let all = match xs {
            Some(x) => (x >> inc.on(a), x, x >> dbl.on(b)) >> cat3.on(a),
            None => skip,
        };
        all
    }
}

vectors! {
    enum_variants: |a, b, c| variants(shapes(), a, b, c) => "12 12 8 25 0";
    nothing_to_route: |a, b, c| variants(Vec::new(), a, b, c) => "";
    alternatives_and_bare_bindings: |a, b, c| input_itself(shapes(), a, b) => "-3 -3 -8 -1";
    literals_ranges_and_guards: |a, b, c| numbers([0, 1, 2, 3, -4, 5, 0, 10], a, b, c) => "2 4 4 4 10 100";
    every_item_is_skipped: |a, b, c| numbers([0, 0, 0], a, b, c) => "";
    structs_and_fields: |a, b, c| structs(points(), a, b) => "2 4 3 11";
    tuples_and_texts: |a, b, c| tuples([(1, "a"), (0, "b"), (2, "neg"), (3, ""), (4, "d")], a, b) => r#""a1" "-2" "d4""#;
    results_are_values: |a, b, c| results([1, 0, 5], a, b) => r#""11" "division by zero" "<2>""#;
    items_need_not_be_clone: |a, b, c| moved([Some(Unique(1)), None, Some(Unique(3))], a, b) => "-1 3";
    a_name_used_twice_is_a_fork: |a, b, c| used_twice([Some(1), None, Some(2)], a, b) => "[2,1,2] [3,2,4]";
}

pipeline! {
    fn lent<'a>(shapes: Stream<&'a Shape>, words: Stream<&'a str>, a: Pool) -> (Stream<i64>, Stream<&'a str>) {
        let sizes = match shapes {
            Circle(r) => r >> (|r: &i64| *r + 1).on(a),
            Rect { w, h } => (w, h) >> (|w: &i64, h: &i64| w * h),
            _ => skip,
        };
        let kept = match words {
            "" | "the" => skip,
            word if word.len() > 4 => word >> (|word: &'a str| &word[..4]).on(a),
            word => word,
        };
        (sizes, kept)
    }
}

#[test]
fn borrowed_items() {
    within(20, || {
        let (shapes, text) = (shapes(), String::from("the quick brown  fox"));
        for (name, [a, ..]) in pool_sets() {
            let p = || lent(&shapes, text.split(' '), a.clone());
            let want = r#"3 12 25 1 | "quic" "brow" "fox""#;
            assert_eq!(show(p().collect()), want, "{name}");
            assert_eq!(show(p().inline().collect()), want, "{name}");
        }
    });
}

// ---------------------------------------------------------------- arms

pipeline! {
    fn as_rustfmt_writes_it(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        let all = match xs >> shape {
            Shape::Circle(r) => {
                r >> inc.on(a) >> dbl.on(b) >> inc.on(a) >> dbl.on(b) >> inc.on(a)
            }
            Shape::Rect { w, h } if w == h => w,
            Shape::Rect { w, h } => {
                (w, h) >> sum.on(b)
            }
            Shape::Label(..) | Shape::Empty => {
                skip
            }
        };
        all
    }
}

pipeline! {
    fn values_in_arms(xs: Stream<i64>, floor: i64, by: i64, a: Pool, b: Pool) -> Stream<i64> {
        let ceiling: i64 = 10 * floor;
        let all = match xs >> id.on(a) {
            n if n < floor => skip,
            n if n > ceiling => n >> (|n: i64| n - ceiling).on(b),
            n => n >> (|n: i64| n * by + floor).on(a) >> boom(at = ceiling + 1),
        };
        all
    }
}

pipeline! {
    fn nested(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let all = match xs >> shape.on(a) {
            Circle(r) => match r >> (|r: i64| r - 3).on(b) {
                0 => skip,
                r if r < 0 => r >> neg.on(c),
                r => r,
            },
            Rect { w, h } => match (w, h) >> (|w: i64, h: i64| (w, h)) {
                (w, 0) => w >> sqr.on(b),
                (w, h) => (w, h) >> sum.on(c),
            },
            Label(_, size) => size >> inc.on(a),
            Empty => skip,
        };
        all
    }
}

pipeline! {
    fn serials_in_arms(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let all = match xs >> toiling.on(a) {
            n if n % 2 == 0 => n >> running.serial().on(b) >> toiling.on(a),
            n => n >> toiling.on(c) >> running(state = 1000).serial().on(b),
        };
        all >> id.on(c)
    }
}

pipeline! {
    fn filters_in_arms(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        let all = match xs {
            n if n < 10 => n >> even.filter().on(a) >> dbl.on(b),
            n => n >> (|n: i64| (n != 11).then_some(n)).filter().on(b),
        };
        all
    }
}

pipeline! {
    fn route_of_a_route(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        let shapes = match xs >> shape {
            Circle(r) => r >> (|r: i64| Rect { w: r, h: 1 }).on(a),
            Rect { w, h } => (w, h) >> (|w: i64, h: i64| Circle(w * h)).on(b),
            Label(text, size) => (text, size) >> (|text: &'static str, size: i64| Label(text, size)),
            Empty => skip,
        };
        let sizes = match shapes {
            Circle(r) => r >> neg.on(b),
            Rect { w, .. } => w >> inc.on(a),
            Label(..) => skip,
            Empty => skip,
        };
        sizes
    }
}

vectors! {
    arms_in_blocks: |a, b, c| as_rustfmt_writes_it([1, 22, 34, 0, 100, 2], a, b) => "11 2 7 15";
    values_in_guards_and_closures: |a, b, c| values_in_arms([1, 2, 15, 20, 21, 30, 9], 2, 2, a, b)
        => "6 32 42 1 10 20";
    routes_in_routes: |a, b, c| nested([1, 3, 5, 40, 0, 23, 100], a, b, c) => "2 2 16 5 101";
    serial_nodes_see_their_arm_alone: |a, b, c| serials_in_arms(1..=8, a, b, c)
        => "1001 2 1004 6 1009 12 1016 20";
    filters_make_holes: |a, b, c| filters_in_arms([1, 2, 10, 11, 12, 3, 4], a, b) => "4 10 12 8";
    a_route_of_a_route: |a, b, c| route_of_a_route([4, 23, 0, 500, 5], a, b) => "5 -6 6";
}

// ---------------------------------------------------------------- joins and order

pipeline! {
    fn joined_outside(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let tens = xs >> (|x: i64| 10 * x).on(a);
        let all = match xs >> id.on(b) {
            n if n % 3 == 0 => (n, tens) >> cat.on(c),
            n if n % 3 == 1 => (ys, n >> neg.on(c), tens) >> cat3.on(a),
            _ => skip,
        };
        all
    }
}

pipeline! {
    fn joined_behind(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<Vec<i64>> {
        let all = match xs >> toiling.on(a) {
            0 => skip,
            n if n % 2 == 0 => n >> toiling.on(b) >> inc.on(a),
            n => n >> dbl.on(c),
        };
        (xs >> toiling.on(c), all) >> cat.on(b)
    }
}

pipeline! {
    fn consumed_behind(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let all = match xs {
            0 => skip,
            n if n < 0 => n >> neg.on(a),
            n => n,
        };
        all >> group.consume(2).on(b)
    }
}

pipeline! {
    fn outputs_beside(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let up = xs >> inc.on(a);
        let all = match up {
            n if n % 2 == 0 => n >> dbl.on(b),
            _ => skip,
        };
        let total = all >> add.fold().on(c);
        (all, up, total)
    }
}

vectors! {
    arms_may_join_streams_from_outside: |a, b, c| joined_outside(0..6, 100..106, a, b, c)
        => "[0,0] [101,-1,10] [3,30] [104,-4,40]";
    the_value_keeps_the_slots: |a, b, c| joined_behind([1, 2, 0, 3, 4, 5], a, b, c)
        => "[1,2] [2,3] [3,6] [4,5] [5,10]";
    groups_behind_a_route_pass_over_what_was_skipped: |a, b, c| consumed_behind([1, 0, -2, 0, 0, 3], a, b) => "[1,2] [3]";
    outputs_beside_a_route: |a, b, c| outputs_beside([1, 2, 3], a, b, c) => [all, up, total] "4 8 | 2 3 4 | 12";
}

#[test]
fn results_come_in_input_order() {
    within(60, || {
        let want: Vec<_> = (0..200)
            .filter(|x| *x != 0)
            .map(|x| Ok(vec![x, if x % 2 == 0 { x + 1 } else { 2 * x }]))
            .collect();
        let want = show(want);
        for s in schedules().into_iter().filter(|s| s.buffer != Some(1)) {
            let [a, b, c] = s.pools();
            assert_eq!(
                show(tuned!(s, joined_behind(0..200, a, b, c)).collect()),
                want,
                "{s}"
            );
            let [a, b, c] = s.pools();
            assert_eq!(
                line(tuned!(s, joined_behind(0..200, a, b, c)).start().unwrap()),
                want,
                "{s}"
            );
        }
    });
}

#[test]
fn positions_are_those_of_source_items() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let run = tuned!(s, numbers([0, 1, -4, 0, 10], a, b, c))
                .start()
                .unwrap();
            assert_eq!(placed(run.out.indexed()), "1:2 2:4 4:100", "{s}");
        }
    });
}

// ---------------------------------------------------------------- faults

/// Panics on 2.
fn check(x: i64) -> bool {
    assert!(x != 2, "on purpose");
    x > 2
}

pipeline! {
    fn failing(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let all = match xs >> shape.on(a) {
            Circle(r) => r >> boom(at = 5).on(b) >> inc,
            Rect { w, h } => (w >> inv.on(c), h >> inv.on(a)) >> sum.on(b),
            Label(_, size) => size,
            Empty => skip,
        };
        all
    }
}

pipeline! {
    fn outside_faults(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let risky = xs >> inv.on(a);
        let all = match xs >> boom(at = 7).on(b) {
            n if n >= 0 && n % 2 == 1 => (n, risky) >> cat.on(a),
            n if n < 0 => skip,
            n => (n, n) >> cat.on(b),
        };
        all
    }
}

pipeline! {
    fn outside_faults_taken(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> Stream<Vec<i64>> {
        let risky = ys >> inv.on(a);
        let some = ys >> even.filter().on(b);
        let all = match xs >> id.on(b) {
            0 => skip,
            1 => skip,
            n @ 2..10 => (n, risky) >> cat.on(b),
            n => (some, n, risky) >> cat3.on(a),
        };
        all
    }
}

pipeline! {
    fn guarded(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        let all = match xs >> id.on(a) {
            n if check(n) => n >> inc.on(b),
            n => n >> neg.on(a),
        };
        all
    }
}

vectors! {
    a_fault_before_passes_once: |a, b, c| failing([1, -1, 11, 100], a, b, c) => "2 !shape#1 20 100";
    a_fault_in_an_arm_keeps_its_place: |a, b, c| failing([5, 20, 0, 12, 6], a, b, c)
        => "!boom#0[Panic] !inv#2#1 15 7";
    a_failed_input_passes_once: |a, b, c| failing(fallible([Ok(1), Err("bad"), Ok(100)]), a, b, c) => "2 !xs#1[Input] 100";
    a_fault_of_an_arm_that_is_not_taken: |a, b, c| outside_faults([1, 0, 5, -1, 7, 0], a, b)
        => "[1,10] [0,0] [5,2] !boom#4[Panic] [0,0]";
    a_fault_of_an_arm_that_is_taken: |a, b, c| outside_faults_taken([0, 1, 2, 3, 10, 11, 12], [0, 5, 0, 5, 10, 0, 5], a, b)
        => "!inv#2 [3,2] [10,10,1] !inv#5";
}

/// A panic in a guard costs its own item alone. Which node it is told at is left open.
#[test]
fn a_panic_in_a_guard_is_a_fault_in_place() {
    within(60, || {
        quiet();
        for s in schedules() {
            let make = || {
                let [a, b, _] = s.pools();
                tuned!(s, guarded([1, 2, 3, 2, 4], a, b))
            };
            let want = "-1 !Panic 4 !Panic 5";
            assert_eq!(kinds(make().inline().collect()), want, "inline; {s}");
            assert_eq!(kinds(make().collect()), want, "collected; {s}");
            let run = make().start().unwrap();
            let faults: Vec<_> = run
                .all
                .indexed()
                .filter_map(|(at, x)| x.is_err().then_some(at))
                .collect();
            assert_eq!(faults, [1, 3], "started; {s}");
        }
    });
}

// ---------------------------------------------------------------- sinks

#[worker]
fn keep(x: i64, #[param] to: &Mutex<Vec<i64>>) {
    to.lock().unwrap().push(x);
}

type Kept = Arc<Mutex<Vec<i64>>>;

pipeline! {
    fn into_sinks(xs: Stream<i64>, circles: Kept, areas: Kept, a: Pool, b: Pool) {
        match xs >> shape.on(a) {
            Circle(r) => r >> inc.on(b) >> keep(to = circles).serial(),
            Rect { w, h } => {
                (w, h) >> (|w: i64, h: i64| w * h).on(a) >> keep(to = areas).serial().on(b)
            }
            _ => skip,
        }
    }
}

pipeline! {
    fn sinks_and_output(xs: Stream<i64>, many: Kept, few: Kept, a: Pool, b: Pool) -> Stream<i64> {
        match xs >> id.on(a) {
            n if n < 0 => skip,
            n if n % 3 == 0 => n >> upto.flat().on(b) >> keep(to = many).serial(),
            n if n % 3 == 1 => n >> add.fold().on(b) >> keep(to = few).serial(),
            n => n >> (|g: Vec<i64>| g.iter().sum::<i64>()).consume(2).on(a) >> keep(to = few).serial(),
        }
        xs >> inc.on(b)
    }
}

#[test]
fn arms_may_end_in_sinks() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            let (circles, areas) = (Kept::default(), Kept::default());
            let p = || {
                into_sinks(
                    [1, 23, 0, 2, -1, 45, 100, 3],
                    circles.clone(),
                    areas.clone(),
                    a.clone(),
                    b.clone(),
                )
            };
            let take = || [&circles, &areas].map(|kept| std::mem::take(&mut *kept.lock().unwrap()));
            let report = p().run();
            assert_eq!(take(), [vec![2, 3, 4], vec![6, 20]], "{name}");
            assert_eq!(counts(&report, "shape"), [8, 7, 1, 0], "{name}");
            assert_eq!(
                (counts(&report, "keep")[0], counts(&report, "keep#2")[0]),
                (3, 2),
                "{name}"
            );
            p().inline().run();
            assert_eq!(take(), [vec![2, 3, 4], vec![6, 20]], "{name}");
            p().start().unwrap().join().unwrap();
            assert_eq!(take(), [vec![2, 3, 4], vec![6, 20]], "{name}");
        }
    });
}

#[test]
fn arms_that_end_in_sinks_may_change_the_rate() {
    within(30, || {
        for (name, [a, b, _]) in pool_sets() {
            let (many, few) = (Kept::default(), Kept::default());
            let xs = [3, 1, -9, 2, 0, 5, 4, 8];
            let results =
                sinks_and_output(xs, many.clone(), few.clone(), a.clone(), b.clone()).collect();
            assert_eq!(show(results), "4 2 -8 3 1 6 5 9", "{name}");
            assert_eq!(*many.lock().unwrap(), [0, 1, 2], "{name}");
            let mut few = few.lock().unwrap().clone();
            few.sort_unstable();
            assert_eq!(few, [5, 7, 8], "{name}");
        }
    });
}

// ---------------------------------------------------------------- running

#[test]
fn results_are_prompt() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let (tx, rx) = mpsc::channel();
            let mut run = tuned!(s, numbers(rx, a, b, c)).start().unwrap();
            for n in 10..18 {
                tx.send(0).unwrap();
                tx.send(-n).unwrap();
                assert_eq!(item(&run.next().unwrap()), n.to_string(), "{s}");
                tx.send(n).unwrap();
                assert_eq!(item(&run.next().unwrap()), (n * n).to_string(), "{s}");
            }
            drop(tx);
            assert!(run.next().is_none(), "{s}");
        }
    });
}

#[test]
fn the_report_counts_what_went_down_each_arm() {
    within(20, || {
        quiet();
        for (name, [a, b, c]) in pool_sets() {
            let xs = [1, 20, 5, 0, 12, -1, 100, 6];
            let report = failing(xs, a.clone(), b.clone(), c.clone()).run();
            assert_eq!(counts(&report, "shape"), [8, 7, 1, 0], "{name}");
            assert_eq!(counts(&report, "boom"), [3, 2, 1, 0], "{name}");
            assert_eq!(counts(&report, "inc"), [2, 2, 0, 0], "{name}");
            assert_eq!(counts(&report, "inv"), [2, 2, 0, 0], "{name}");
            assert_eq!(counts(&report, "inv#2"), [2, 1, 1, 0], "{name}");
            assert_eq!(counts(&report, "sum"), [1, 1, 0, 0], "{name}");
        }
    });
}

#[test]
fn on_fault_stop_ends_a_route_at_its_first_fault() {
    within(30, || {
        for s in schedules() {
            let [a, b, c] = s.pools();
            let p = failing((1..).map(|x| 4 - x), a, b, c).on_fault(OnFault::Stop);
            assert_eq!(line(tuned!(s, p).start().unwrap()), "4 3 2 !shape#4", "{s}");
        }
    });
}
