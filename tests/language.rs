//! Every form of the language, one small pipeline each.

#[macro_use]
mod common;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::{self, Debug, Display};
use std::hash::Hash;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use common::*;
use papy::prelude::*;

/// What a pipeline gives, inline and in parallel.
macro_rules! gives {
    ($make:expr => $want:expr) => {{
        assert_eq!(show($make.inline().collect()), $want, "inline");
        assert_eq!(show($make.collect()), $want, "collected");
        assert_eq!(
            show($make.stride(2).buffer(3).collect()),
            $want,
            "collected, stride 2, buffer 3"
        );
    }};
}

// ---------------------------------------------------------------- header

pipeline! {
    fn one_input(xs: Stream<i64>) -> Stream<i64> {
        xs >> dbl
    }
}

#[test]
fn anything_into_iterator_is_an_input() {
    within(20, || {
        gives!(one_input([1, 2]) => "2 4");
        gives!(one_input(vec![1, 2]) => "2 4");
        gives!(one_input(1..=2) => "2 4");
        gives!(one_input(Some(1)) => "2");
        gives!(one_input((1..3).filter(|x| x % 2 == 0)) => "4");
        gives!(one_input(HashSet::from([4])) => "8");
        gives!(one_input(Box::new(1..3i64) as Box<dyn Iterator<Item = i64> + Send>) => "2 4");
    });
}

#[test]
fn a_single_unnamed_output_is_out() {
    within(20, || {
        let run = one_input([1, 2]).start().unwrap();
        assert_eq!(line(run.out), "2 4");
    });
}

pipeline! {
    fn named_output(xs: Stream<i64>) -> Stream<i64> {
        let doubled = xs >> dbl;
        doubled
    }
}

#[test]
fn a_named_output_has_its_name() {
    within(20, || {
        let run = named_output([1, 2]).start().unwrap();
        assert_eq!(line(run.doubled), "2 4");
        let run = named_output([1, 2]).start().unwrap();
        assert_eq!(line(run), "2 4");
    });
}

pipeline! {
    fn mixed_arguments(by: i64, xs: Stream<i64>, pool: Pool, ys: Stream<i64>, plus: i64) -> Stream<i64> {
        let scaled = xs >> (|x| x * by).on(pool);
        (scaled, ys) >> (|x, y| x + y + plus)
    }
}

#[test]
fn inputs_and_values_in_any_order() {
    within(20, || {
        gives!(mixed_arguments(10, [1, 2], Pool::rayon(), [3, 4], 100) => "113 124");
    });
}

mod nook {
    use papy::prelude::*;

    pipeline! {
        /// Documented, with attributes.
        ///
        /// Twice.
        #[must_use]
        #[allow(dead_code)]
        pub(crate) fn public(xs: Stream<i64>) -> Stream<i64> {
            xs >> super::dbl
        }
    }

    pub mod deep {
        use crate::common::inc;
        use papy::prelude::*;

        pipeline! {
            pub(in crate::nook) fn restricted(xs: Stream<i64>) -> Stream<i64> {
                xs >> inc
            }
        }
    }

    pub fn through(x: i64) -> String {
        super::show(deep::restricted([x]).collect())
    }
}

#[allow(unused_imports)]
use nook::PublicRun;

#[test]
fn visibility_and_docs() {
    within(20, || {
        gives!(nook::public([1, 2]) => "2 4");
        assert_eq!(nook::through(1), "2");
    });
}

pipeline! {
    fn words<'a>(lines: Stream<&'a str>) -> Stream<&'a str> {
        lines >> first_word.filter()
    }
}

#[worker]
fn first_word(line: &str) -> Option<&str> {
    line.split_whitespace().next()
}

#[test]
fn lifetimes() {
    within(20, || {
        let text = String::from("the quick\n\nbrown fox\n");
        gives!(words(text.lines()) => r#""the" "brown""#);
    });
}

pipeline! {
    fn two_lifetimes<'a, 'b: 'a>(xs: Stream<&'a str>, table: &'b HashMap<&'b str, i64>) -> Stream<(&'a str, i64)> {
        xs >> look_up(table = table).filter()
    }
}

#[worker]
fn look_up<'a>(key: &'a str, #[param] table: &HashMap<&str, i64>) -> Option<(&'a str, i64)> {
    Some((key, *table.get(key)?))
}

#[test]
fn borrowed_values() {
    within(20, || {
        let text = String::from("a b c a");
        let table = HashMap::from([("a", 1), ("c", 3)]);
        gives!(two_lifetimes(text.split(' '), &table) => r#"("a",1) ("c",3) ("a",1)"#);
    });
}

pipeline! {
    fn generic<T, U: Debug>(xs: Stream<T>, ys: Stream<U>) -> (Stream<String>, Stream<String>)
    where
        T: Debug + Clone + Send + Sync + 'static,
        U: Send + Sync + 'static,
    {
        let l = xs >> debug;
        let r = ys >> debug;
        (l, r)
    }
}

#[worker]
fn debug<T: Debug>(x: T) -> String {
    format!("{x:?}")
}

#[test]
fn generics() {
    within(20, || {
        gives!(generic([1, 2], ['x']) => r#""1" "2" | "'x'""#);
        gives!(generic([Some(1)], [[0; 2]]) => r#""Some(1)" | "[0,0]""#);
        gives!(generic::<u8, i32>([1], [2]) => r#""1" | "2""#);
    });
}

pipeline! {
    fn of_size<const N: usize>(xs: Stream<[i64; N]>) -> Stream<i64> {
        xs >> total_of
    }
}

#[worker]
fn total_of<const N: usize>(xs: [i64; N]) -> i64 {
    xs.iter().sum()
}

#[test]
fn const_generics() {
    within(20, || {
        gives!(of_size([[1, 2, 3], [4, 5, 6]]) => "6 15");
    });
}

pipeline! {
    fn several(xs: Stream<i64>, ys: Stream<char>) -> (Stream<i64>, Stream<char>, Stream<(i64, char)>) {
        let both = (xs, ys) >> (|x, y| (x, y));
        (xs, ys, both)
    }
}

#[test]
fn several_inputs_and_outputs() {
    within(20, || {
        gives!(several([1, 2], ['a', 'b']) => "1 2 | 'a' 'b' | (1,'a') (2,'b')");
    });
}

pipeline! {
    fn wide(a: Stream<i64>, b: Stream<u8>, c: Stream<char>, d: Stream<&'static str>, e: Stream<bool>, f: Stream<String>)
        -> (Stream<i64>, Stream<u8>, Stream<char>, Stream<&'static str>, Stream<bool>, Stream<String>)
    {
        let all = (a, b, c, d, e, f) >> (|a, b, c, d, e, f| (f, e, d, c, b, a));
        let (u, v, w, x, y, z) = all;
        (z, y, x, w, v, u)
    }
}

#[test]
fn six_inputs_and_outputs() {
    within(20, || {
        let (a, b, c, d, e, f) = wide([1], [2], ['c'], ["d"], [true], ["f".to_owned()]).collect();
        let text = [show(a), show(b), show(c), show(d), show(e), show(f)].join(" ");
        assert_eq!(text, r#"1 2 'c' "d" true "f""#);
    });
}

// ---------------------------------------------------------------- let

pipeline! {
    fn values(xs: Stream<i64>, base: i64) -> Stream<i64> {
        let next: i64 = base + 1;
        let table: Vec<i64> = (base..next + 1).collect();
        let sum: i64 = table.iter().sum::<i64>() + next;
        xs >> (|x| x * sum)
    }
}

#[test]
fn values_depend_on_each_other() {
    within(20, || {
        gives!(values([1, 2], 10) => "32 64");
    });
}

static MADE: AtomicUsize = AtomicUsize::new(0);

fn made() -> usize {
    MADE.fetch_add(1, SeqCst) + 1
}

pipeline! {
    fn built_once(xs: Stream<i64>) -> Stream<usize> {
        let n: usize = made();
        xs >> (|_x| n)
    }
}

#[test]
fn values_are_evaluated_once_when_built() {
    within(20, || {
        let built = built_once(0..100);
        assert_eq!(MADE.load(SeqCst), 1);
        assert!(built.collect().into_iter().all(|n| n.unwrap() == 1));
        assert_eq!(MADE.load(SeqCst), 1);
    });
}

pipeline! {
    fn annotated(xs: Stream<i64>) -> Stream<String> {
        let twice: Stream<i64> = xs >> dbl;
        let text: Stream<String> = twice >> debug;
        text
    }
}

#[test]
fn annotated_streams() {
    within(20, || {
        gives!(annotated([1, 2]) => r#""2" "4""#);
    });
}

pipeline! {
    fn used_by_several(xs: Stream<i64>, names: Vec<String>) -> Stream<String> {
        let tag: String = names.join("+");
        let l = xs >> (|x| format!("{tag}{x}"));
        let r = xs >> (|x| names[x as usize].clone() + &tag);
        (l, r) >> (|l: String, r: String| [l, r, tag.clone()].join(" "))
    }
}

#[test]
fn a_value_used_by_several_closures() {
    within(20, || {
        let names = || vec!["a".to_owned(), "b".to_owned()];
        gives!(used_by_several([0, 1], names()) => r#""a+b0 aa+b a+b" "a+b1 ba+b a+b""#);
    });
}

struct Unique(i64);

pipeline! {
    fn not_clone(xs: Stream<i64>, unique: Unique) -> Stream<i64> {
        xs >> (|x| x + unique.0)
    }
}

#[test]
fn a_value_used_once_need_not_be_clone() {
    within(20, || {
        gives!(not_clone([1, 2], Unique(5)) => "6 7");
    });
}

pipeline! {
    fn taken_apart(xs: Stream<i64>) -> (Stream<i64>, Stream<String>) {
        let (twice, text) = xs >> both_ways;
        let more = twice >> inc;
        (more, text)
    }
}

#[worker]
fn both_ways(x: i64) -> (i64, String) {
    (x * 2, x.to_string())
}

#[test]
fn a_tuple_is_taken_apart() {
    within(20, || {
        gives!(taken_apart([1, 2]) => r#"3 5 | "1" "2""#);
    });
}

pipeline! {
    fn parts(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let (x, _, z) = xs >> (|x| (10 / x, "unused", x * 3));
        let both = (z, x) >> sum;
        (x, z, both)
    }
}

#[test]
fn a_fault_is_that_of_every_part() {
    within(20, || {
        quiet();
        gives!(parts([1, 0, 5]) => "10 !closure#1[Panic] 2 | 3 !closure#1[Panic] 15 | 13 !closure#1[Panic] 17");
    });
}

pipeline! {
    fn dropped_on_purpose(xs: Stream<i64>, ys: Stream<i64>) -> Stream<i64> {
        let (x, y) = xs >> (|x| (x, -x));
        let _ = y;
        let _ = ys;
        x
    }
}

#[test]
fn let_underscore_drops_a_stream() {
    within(20, || {
        gives!(dropped_on_purpose([1, 2], [3, 4]) => "1 2");
    });
}

pipeline! {
    fn alias(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let all = xs >> inc;
        let again = all;
        (all, again)
    }
}

#[test]
fn a_stream_is_returned_twice() {
    within(20, || {
        gives!(alias([1, 2]) => "2 3 | 2 3");
    });
}

pipeline! {
    fn to_output_and_node(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let all = xs >> inc;
        let more = all >> inc;
        (all, more)
    }
}

#[test]
fn a_stream_goes_to_an_output_and_a_node() {
    within(20, || {
        gives!(to_output_and_node([1, 2]) => "2 3 | 3 4");
    });
}

pipeline! {
    fn unchanged(xs: Stream<i64>) -> Stream<i64> {
        xs
    }
}

pipeline! {
    fn unchanged_beside(xs: Stream<i64>, ys: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let more = ys >> inc;
        (xs, more)
    }
}

#[test]
fn an_input_is_an_output() {
    within(20, || {
        gives!(unchanged([1, 2]) => "1 2");
        assert_eq!(line(unchanged([1, 2]).start().unwrap().xs), "1 2");
        gives!(unchanged_beside([1, 2, 3], [4]) => "1 2 3 | 5");
    });
}

// ---------------------------------------------------------------- streams and nodes

pipeline! {
    fn calls(xs: Stream<i64>) -> Stream<i64> {
        sqr(dbl(inc(xs)))
    }
}

pipeline! {
    fn calls_and_chains(xs: Stream<i64>) -> Stream<i64> {
        let up = inc(xs) >> dbl;
        sqr(up >> inc >> dbl)
    }
}

#[test]
fn a_call_is_a_node() {
    within(20, || {
        gives!(calls([1, 2]) => "16 36");
        gives!(calls_and_chains([1, 2]) => "100 196");
    });
}

pipeline! {
    fn join_called(xs: Stream<i64>, ys: Stream<i64>) -> Stream<Vec<i64>> {
        cat(ys, xs)
    }
}

pipeline! {
    fn join_chained(xs: Stream<i64>, ys: Stream<i64>) -> Stream<Vec<i64>> {
        (ys, xs) >> cat
    }
}

pipeline! {
    fn join_of_chains(xs: Stream<i64>, ys: Stream<i64>) -> Stream<Vec<i64>> {
        cat3(ys >> inc >> dbl, sum(xs, ys), (xs, ys) >> (|x, y| x - y))
    }
}

#[test]
fn joins() {
    within(20, || {
        gives!(join_called([1, 2], [3, 4]) => "[3,1] [4,2]");
        gives!(join_chained([1, 2], [3, 4]) => "[3,1] [4,2]");
        gives!(join_of_chains([1, 2], [3, 4]) => "[8,4,-2] [10,6,-2]");
    });
}

pipeline! {
    fn fan(xs: Stream<i64>) -> Stream<Vec<i64>> {
        xs >> (inc, dbl) >> cat
    }
}

pipeline! {
    fn wide_fan(xs: Stream<i64>, pool: Pool) -> Stream<Vec<i64>> {
        xs >> inc >> (id.on(pool), inv.named("part"), (|x| x * 100)) >> cat3 >> (|v: Vec<i64>| v)
    }
}

#[test]
fn fork_and_join_in_one_chain() {
    within(20, || {
        gives!(fan([1, 2]) => "[2,2] [3,4]");
        gives!(wide_fan([0, -1, 4], Pool::threads(2)) => "[1,10,100] !part#1 [5,2,500]");
    });
}

pipeline! {
    fn lone(xs: Stream<i64>) -> Stream<i64> {
        (xs) >> inc >> (dbl)
    }
}

#[test]
fn parentheses_change_nothing() {
    within(20, || {
        gives!(lone([1, 2]) => "4 6");
    });
}

#[derive(Clone, Debug)]
struct Point {
    x: i64,
    y: i64,
    name: String,
}

fn points() -> Vec<Point> {
    let point = |x| Point {
        x,
        y: x * 10,
        name: format!("p{x}"),
    };
    vec![point(1), point(2)]
}

pipeline! {
    fn projected(points: Stream<Point>) -> (Stream<Vec<i64>>, Stream<String>) {
        let left = points.y >> inc;
        let pairs = (points.x, left) >> cat;
        let names = points.name >> (|n: String| n.to_uppercase());
        (pairs, names)
    }
}

pipeline! {
    fn projected_chain(xs: Stream<i64>) -> Stream<i64> {
        let p = xs >> (|x| Point { x, y: -x, name: String::new() });
        sum(p.x >> dbl, p.y)
    }
}

#[test]
fn projection() {
    within(20, || {
        gives!(projected(points()) => r#"[1,11] [2,21] | "P1" "P2""#);
        gives!(projected_chain([1, 2]) => "1 2");
    });
}

pipeline! {
    fn closures(xs: Stream<i64>, by: i64) -> Stream<String> {
        xs >> (|x| x * by) >> (|x: i64| x + 1) >> (|x| { let y = x; y * 2 }) >> |x| format!("<{x}>")
    }
}

pipeline! {
    fn closure_join(xs: Stream<i64>, ys: Stream<&'static str>) -> Stream<String> {
        (xs, ys, xs) >> (|x, y: &str, z| format!("{x}{y}{z}"))
    }
}

pipeline! {
    fn closure_patterns(xs: Stream<(i64, i64)>) -> Stream<i64> {
        xs >> (|(x, y)| x - y)
    }
}

pipeline! {
    fn closure_result(xs: Stream<&'static str>) -> (Stream<Result<i64, String>>, Stream<i64>) {
        let data = xs >> (|x: &str| x.parse::<i64>().map_err(|e| e.to_string()));
        let read = xs >> (|x: &str| x.parse::<i64>()).fallible().named("read");
        (data, read)
    }
}

pipeline! {
    fn closure_filter(xs: Stream<i64>) -> Stream<i64> {
        xs >> (|x| (x > 1).then_some(x)).filter() >> (|x| if x > 3 { Err("big") } else { Ok(Some(x)) }).filter().fallible()
    }
}

#[test]
fn closures_as_nodes() {
    within(20, || {
        gives!(closures([1, 2], 10) => r#""<22>" "<42>""#);
        gives!(closure_join([1, 2], ["a", "b"]) => r#""1a1" "2b2""#);
        gives!(closure_patterns([(5, 3), (1, 1)]) => "2 0");
        gives!(closure_result(["1", "x"]) => r#"Ok(1) Err("invalid digit found in string") | 1 !read#1"#);
        gives!(closure_filter([1, 2, 3, 4]) => "2 3 !closure#2#3");
    });
}

pipeline! {
    fn turbofish(xs: Stream<&'static str>) -> Stream<u32> {
        xs >> parse::<u32>
    }
}

#[worker]
fn between<T: PartialOrd + Send + Sync>(x: T, #[param] low: &T, #[param] others: &[T]) -> bool {
    x >= *low && others.iter().all(|other| x != *other)
}

#[worker]
fn scaled<T: Into<i64> + Send, const N: usize>(total: &mut i64, x: T, #[param] by: &i64) -> i64 {
    *total += x.into() * by;
    *total * N as i64
}

// a turbofish beside parameters that are lent
pipeline! {
    fn turbofish_with_lent<'a>(xs: Stream<i64>, low: &'a i64, others: &'a [i64]) -> Stream<bool> {
        xs >> between::<i64>(low = low, others = others)
    }
}

pipeline! {
    fn turbofish_with_owned(xs: Stream<i32>, by: i64) -> Stream<i64> {
        xs >> scaled::<i32, 2>(by = by).serial()
    }
}

pipeline! {
    fn turbofish_with_options(xs: Stream<&'static str>, pool: Pool) -> Stream<f64> {
        let read = parse::<f64>(xs).on(pool);
        read >> scale::<f64>(by = 2.0).serial()
    }
}

#[worker]
fn parse<T: FromStr>(text: &str) -> Result<T, T::Err>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse()
}

#[worker]
fn scale<T: std::ops::Mul<Output = T>>(x: T, #[param] by: T) -> T {
    x * by
}

#[test]
fn generic_workers() {
    within(20, || {
        gives!(turbofish(["1", "-1", "2"]) => "1 !parse#1 2");
        gives!(turbofish_with_options(["1.5", "2"], Pool::threads(2)) => "3.0 4.0");
        gives!(turbofish_with_owned([1, 2], 10) => "20 60");
        assert_eq!(
            show(turbofish_with_lent(1..5, &2, &[3]).collect()),
            "false true false true"
        );
    });
}

static SUNK: Mutex<Vec<i64>> = Mutex::new(Vec::new());

#[worker]
fn sink(x: i64) {
    SUNK.lock().unwrap().push(x);
}

pipeline! {
    fn into_sink(xs: Stream<i64>) {
        xs >> inc >> sink.serial();
    }
}

#[test]
fn a_pipeline_may_end_in_a_sink() {
    within(20, || {
        let report = into_sink([1, 2, 3]).run();
        assert_eq!(std::mem::take(&mut *SUNK.lock().unwrap()), [2, 3, 4]);
        assert_eq!(counts(&report, "sink")[0], 3);
        into_sink([1, 2]).inline().run();
        assert_eq!(std::mem::take(&mut *SUNK.lock().unwrap()), [2, 3]);
        into_sink([1, 2]).start().unwrap().join().unwrap();
        assert_eq!(std::mem::take(&mut *SUNK.lock().unwrap()), [2, 3]);
    });
}

#[worker]
fn send(x: i64, #[param] to: &Mutex<Vec<i64>>) {
    to.lock().unwrap().push(x);
}

pipeline! {
    fn sinks_and_output(xs: Stream<i64>, to: Arc<Mutex<Vec<i64>>>) -> Stream<i64> {
        let up = xs >> inc;
        up >> send(to = to).serial();
        up >> (|x| to.lock().unwrap().push(-x)).serial();
        up >> dbl
    }
}

#[test]
fn sinks_beside_outputs() {
    within(20, || {
        let to = Arc::new(Mutex::new(Vec::new()));
        assert_eq!(show(sinks_and_output([1, 2], to.clone()).collect()), "4 6");
        let mut seen = to.lock().unwrap().clone();
        seen.sort_unstable();
        assert_eq!(seen, [-3, -2, 2, 3]);
    });
}

#[worker]
fn failing_sink(x: i64) -> Result<(), DivByZero> {
    inv(x).map(drop)
}

pipeline! {
    fn into_failing_sink(xs: Stream<i64>) {
        xs >> failing_sink;
    }
}

#[test]
fn faults_of_sinks_are_counted() {
    within(20, || {
        let report = into_failing_sink([1, 0, 2]).run();
        assert_eq!(counts(&report, "failing_sink")[2], 1);
    });
}

// ---------------------------------------------------------------- options

pipeline! {
    fn any_order(xs: Stream<i64>, n: usize, pool: Pool) -> Stream<i64> {
        let l = xs >> inc.stride(n).on(pool).spawn(n + 1).unordered();
        let r = xs >> inc.on(pool.clone()).spawn(2).stride(3).named("other");
        (l, r) >> sum.ordered().serial().on(Pool::rayon())
    }
}

#[test]
fn options_in_any_order_and_of_any_value() {
    within(20, || {
        gives!(any_order(0..5, 2, Pool::threads(2)) => "2 4 6 8 10");
    });
}

pipeline! {
    fn names(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>) {
        let a = xs >> inv;
        let b = xs >> inv;
        let c = xs >> inv.named("own");
        let d = xs >> (|x| if x == 0 { Err("zero") } else { Ok(x) }).fallible();
        let e = xs >> (|x| if x == 0 { Err("zero") } else { Ok(x) }).fallible();
        (a, b, c, d, e)
    }
}

#[test]
fn names_of_nodes() {
    within(20, || {
        let (a, b, c, d, e) = names([0]).collect();
        let text = [a, b, c, d, e].map(show);
        assert_eq!(
            text,
            ["!inv#0", "!inv#2#0", "!own#0", "!closure#0", "!closure#2#0"]
        );
    });
}

#[worker]
fn even_or_err(x: i64) -> Result<Option<i64>, DivByZero> {
    inv(x).map(|_| even(x))
}

pipeline! {
    fn filters(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> even.filter() >> inc;
        let r = xs >> even_or_err.filter() >> inc;
        (l, r)
    }
}

pipeline! {
    fn filter_then_join(xs: Stream<i64>) -> Stream<Vec<i64>> {
        (xs >> even.filter(), xs >> dbl) >> cat
    }
}

#[test]
fn filter() {
    within(20, || {
        gives!(filters([1, 0, 2, 3, 4]) => "1 3 5 | !even_or_err#1 3 5");
        gives!(filter_then_join([1, 2, 3, 4]) => "[2,4] [4,8]");
    });
}

#[worker]
fn settle(x: Result<i64, Fault>) -> String {
    item(&x)
}

#[worker]
fn settle_two(x: Result<i64, Fault>, y: Result<i64, Fault>) -> String {
    [item(&x), item(&y)].join("/")
}

pipeline! {
    fn caught(xs: Stream<i64>) -> (Stream<String>, Stream<String>) {
        let bad = xs >> inv;
        let one = bad >> settle.catch();
        let two = (bad, xs >> boom(at = 5)) >> settle_two.catch();
        (one, two)
    }
}

pipeline! {
    fn caught_beside_holes(xs: Stream<i64>) -> Stream<String> {
        let kept = xs >> even.filter() >> inv;
        kept >> (|x: Result<i64, Fault>| x.map_or_else(|fault| fault.node().to_owned(), |x| x.to_string())).catch()
    }
}

#[test]
fn catch() {
    within(20, || {
        quiet();
        gives!(caught([1, 0, 5]) => r#""10" "!inv#1" "2" | "10/1" "!inv#1/0" "2/!boom#2[Panic]""#);
        gives!(caught_beside_holes([1, 2, 0, 3]) => r#""5" "inv""#);
    });
}

// ---------------------------------------------------------------- workers

#[worker]
fn by_value(x: i64, #[param] mut add: Vec<i64>, #[param] times: usize) -> i64 {
    add.push(x);
    add.iter().sum::<i64>() * times as i64
}

pipeline! {
    fn params_by_value(xs: Stream<i64>, list: Vec<i64>) -> Stream<i64> {
        let n: usize = list.len();
        xs >> by_value(times = n + 1, add = list)
    }
}

#[test]
fn params_by_value_are_cloned_for_each_call() {
    within(20, || {
        gives!(params_by_value([1, 2], vec![10, 20]) => "93 96");
    });
}

type Table = BTreeMap<i64, i64>;

#[worker]
fn find(x: i64, #[param] table: &Table) -> Option<i64> {
    table.get(&x).copied()
}

pipeline! {
    fn table_owned(xs: Stream<i64>, table: Table) -> Stream<i64> {
        xs >> find(table = table).filter()
    }
}

pipeline! {
    fn table_lent<'a>(xs: Stream<i64>, table: &'a Table) -> Stream<i64> {
        xs >> find(table = table).filter()
    }
}

pipeline! {
    fn table_shared(xs: Stream<i64>, table: Arc<Table>) -> Stream<i64> {
        let once = xs >> find(table = table).filter();
        once >> find(table = table).filter()
    }
}

pipeline! {
    fn table_boxed(xs: Stream<i64>, table: Box<Table>) -> Stream<i64> {
        xs >> find(table = table).filter()
    }
}

pipeline! {
    fn table_made(xs: Stream<i64>) -> Stream<i64> {
        xs >> find(table = Table::from([(1, 5)])).filter()
    }
}

#[test]
fn params_by_reference() {
    within(20, || {
        let table = Table::from([(1, 3), (3, 9)]);
        gives!(table_owned([1, 2, 3], table.clone()) => "3 9");
        gives!(table_lent([1, 2, 3], &table) => "3 9");
        gives!(table_shared([1, 2, 3], Arc::new(table.clone())) => "9");
        gives!(table_boxed([1, 2, 3], Box::new(table.clone())) => "3 9");
        gives!(table_made([1, 2, 3]) => "5");
    });
}

#[worker]
fn prefixed(x: i64, #[param] with: &str, #[param] ends: &[char]) -> String {
    format!("{with}{x}{}", ends.iter().collect::<String>())
}

pipeline! {
    fn unsized_params(xs: Stream<i64>, with: String, ends: Vec<char>) -> Stream<String> {
        xs >> prefixed(with = with, ends = ends)
    }
}

pipeline! {
    fn literal_params(xs: Stream<i64>) -> Stream<String> {
        xs >> prefixed(with = "#", ends = ['.', '!'])
    }
}

pipeline! {
    fn borrowed_params<'a>(xs: Stream<i64>, with: Cow<'a, str>, ends: &'a [char]) -> Stream<String> {
        xs >> prefixed(with = with, ends = ends)
    }
}

#[test]
fn params_of_unsized_types() {
    within(20, || {
        gives!(unsized_params([1], "a".into(), vec!['z']) => r#""a1z""#);
        gives!(literal_params([1]) => r##""#1.!""##);
        gives!(borrowed_params([1], Cow::Borrowed("a"), &['b', 'c']) => r#""a1bc""#);
    });
}

#[worker]
fn shift(x: i64, y: i64, #[param] by: i64) -> i64 {
    x - y + by
}

pipeline! {
    fn params_of_joins(xs: Stream<i64>, ys: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let called = shift(xs, ys, by = 100);
        let chained = (ys, xs) >> shift(by = 10 * 20);
        (called, chained)
    }
}

#[test]
fn params_of_joins_in_both_forms() {
    within(20, || {
        gives!(params_of_joins([1, 2], [3, 5]) => "98 97 | 202 203");
    });
}

static SCRATCHES: AtomicI64 = AtomicI64::new(0);

fn scratch() -> Vec<i64> {
    SCRATCHES.fetch_add(1, SeqCst);
    vec![0; 4]
}

#[worker]
fn with_scratch(x: i64, #[local(scratch())] buf: &mut Vec<i64>, #[param] len: usize) -> i64 {
    buf.clear();
    buf.extend((0..len).map(|n| n as i64 * x));
    buf.iter().sum()
}

#[worker]
fn with_string(#[local(String::with_capacity(16))] text: &mut String, x: i64) -> String {
    use std::fmt::Write;
    text.clear();
    write!(text, "<{x}>").unwrap();
    text.clone()
}

pipeline! {
    fn locals(xs: Stream<i64>, a: Pool) -> (Stream<i64>, Stream<String>) {
        let totals = xs >> with_scratch(len = 3).on(a);
        let texts = xs >> with_string;
        (totals, texts)
    }
}

#[test]
fn locals_are_reused() {
    within(20, || {
        let (totals, texts) = locals(0..500, Pool::threads(2)).collect();
        assert_eq!(show(totals), line((0..500i64).map(|n| Ok(n * 3))));
        assert_eq!(show(texts), line((0..500).map(|n| Ok(format!("<{n}>")))));
        // At most one for each thread: two of the pool, and the caller where it helps.
        assert!((1..=3).contains(&SCRATCHES.load(SeqCst)), "{SCRATCHES:?}");
    });
}

#[derive(Debug, PartialEq)]
struct Account {
    balance: i64,
    moves: usize,
}

impl Default for Account {
    fn default() -> Self {
        Account {
            balance: 100,
            moves: 0,
        }
    }
}

#[worker]
fn book(account: &mut Account, amount: i64) -> Result<i64, String> {
    if account.balance + amount < 0 {
        return Err("overdrawn".into());
    }
    account.balance += amount;
    account.moves += 1;
    Ok(account.balance)
}

pipeline! {
    fn booked(xs: Stream<i64>) -> Stream<i64> {
        xs >> book.serial()
    }
}

pipeline! {
    fn booked_from(xs: Stream<i64>, first: i64) -> Stream<i64> {
        xs >> book(state = Account { balance: first, moves: 0 }).serial()
    }
}

#[test]
fn state() {
    within(20, || {
        gives!(booked([1, -200, 2]) => "101 !book#1 103");
        gives!(booked_from([1, -200, 2], 1000) => "1001 801 803");
    });
}

#[worker]
fn tally<K: Hash + Eq>(seen: &mut HashMap<K, usize>, key: K, #[param] step: usize) {
    *seen.entry(key).or_default() += step;
}

#[worker]
fn joined(text: &mut String, x: i64, word: &str, #[param] sep: &str) {
    *text += &format!("{x}{word}{sep}");
}

#[worker]
fn try_add(total: &mut i64, x: i64) -> Result<(), DivByZero> {
    *total += inv(x)?;
    Ok(())
}

pipeline! {
    fn folds(xs: Stream<i64>, words: Stream<&'static str>) -> (Stream<usize>, Stream<String>, Stream<String>, Stream<i64>) {
        let seen = xs >> tally(step = 2).fold();
        let most = seen >> (|seen: HashMap<i64, usize>| seen.into_values().max().unwrap_or(0));
        let text = (xs, words) >> joined(sep = ";").fold();
        let from = joined(xs, words, state = "> ".to_owned(), sep = ",").fold().on(Pool::rayon());
        let total = xs >> try_add(state = 1000).fold() >> inc;
        (most, text, from, total)
    }
}

#[test]
fn folds_and_what_follows_them() {
    within(20, || {
        for p in [
            folds([1, 2, 1, 0], ["a", "b", "c", "d"]),
            folds([1, 2, 1, 0], ["a", "b", "c", "d"]).stride(2),
        ] {
            let (most, text, from, total) = p.collect();
            assert_eq!(show(most), "4");
            assert_eq!(show(text), r#""1a;2b;1c;0d;""#);
            assert_eq!(show(from), r#""> 1a,2b,1c,0d,""#);
            assert_eq!(show(total), "!try_add#3 1026");
        }
    });
}

pipeline! {
    fn faults_pass_folds(xs: Stream<i64>) -> Stream<i64> {
        xs >> inv >> add.fold() >> inc
    }
}

#[test]
fn faults_pass_a_fold() {
    within(20, || {
        gives!(faults_pass_folds([1, 0, 5]) => "!inv#1 13");
    });
}

#[worker]
fn keep_last(last: &mut i64, x: i64) -> i64 {
    let before = std::mem::replace(last, x);
    assert!(x != 3, "on purpose");
    before
}

pipeline! {
    fn state_after_panic(xs: Stream<i64>) -> Stream<i64> {
        xs >> keep_last.serial()
    }
}

#[test]
fn after_a_panic_state_is_as_the_call_left_it() {
    within(20, || {
        quiet();
        gives!(state_after_panic([1, 2, 3, 4, 5]) => "0 1 !keep_last#2[Panic] 3 4");
    });
}

pipeline! {
    fn stateless_serial(xs: Stream<i64>) -> Stream<i64> {
        xs >> dbl.serial() >> (|x| x + 1).serial()
    }
}

#[test]
fn a_stateless_worker_may_be_serial() {
    within(20, || {
        gives!(stateless_serial([1, 2]) => "3 5");
    });
}

type Outcome<T> = Result<T, String>;

mod own {
    pub type Checked = Result<i64, String>;
}

#[worker(fallible)]
fn checked(x: i64) -> own::Checked {
    inv(x).map_err(|e| e.to_string())
}

#[worker(fallible)]
fn outcome(x: i64) -> Outcome<i64> {
    checked(x)
}

#[worker]
fn io_result(x: i64) -> std::io::Result<i64> {
    inv(x).map_err(std::io::Error::other)
}

#[worker]
fn boxed(x: i64) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
    Ok(inv(x)?)
}

#[worker]
fn static_text(x: i64) -> std::result::Result<i64, &'static str> {
    inv(x).or(Err("zero"))
}

pipeline! {
    fn fallibles(xs: Stream<i64>) -> Stream<Vec<i64>> {
        let l = xs >> checked >> inc;
        let r = xs >> outcome >> inc;
        let all = xs >> (io_result, boxed, static_text) >> cat3 >> (|v: Vec<i64>| v[0] + v[1] + v[2]);
        (l, r, all) >> cat3
    }
}

#[test]
fn result_types() {
    within(20, || {
        gives!(fallibles([1, 0]) => "[11,11,30] !checked#1+outcome#1+io_result#1+boxed#1+static_text#1");
    });
}

#[worker]
fn array(x: i64) -> [i64; 2] {
    [x, -x]
}

#[worker]
fn of_array([x, y]: [i64; 2]) -> i64 {
    x * y
}

pipeline! {
    fn arrays(xs: Stream<i64>) -> Stream<i64> {
        xs >> array >> of_array
    }
}

#[test]
fn an_array_is_a_value() {
    within(20, || {
        gives!(arrays([1, 2]) => "-1 -4");
    });
}

#[worker]
fn key(line: &str) -> &str {
    line.split('=').next().unwrap_or(line)
}

#[worker]
fn rest<'a>(line: &'a str, key: &'a str) -> &'a str {
    &line[key.len()..]
}

#[worker]
fn pick<'a, T: ?Sized + ToOwned>(x: &'a T, _y: &T) -> &'a T {
    x
}

#[worker]
fn shown(x: impl Display) -> String {
    x.to_string()
}

pipeline! {
    fn borrowing<'a>(lines: Stream<&'a str>) -> (Stream<&'a str>, Stream<&'a str>, Stream<String>) {
        let keys = lines >> key;
        let rests = (lines, keys) >> rest;
        let picked = (rests, keys) >> pick >> shown;
        (keys, rests, picked)
    }
}

#[test]
fn borrowing_workers() {
    within(20, || {
        let text = String::from("a=1\nbc=2");
        gives!(borrowing(text.lines()) => r#""a" "bc" | "=1" "=2" | "=1" "=2""#);
    });
}

#[worker]
fn in_place(mut x: Vec<i64>) -> Vec<i64> {
    x.reverse();
    x
}

#[worker]
fn of_tuple((x, y): (i64, char), _z: i64) -> String {
    format!("{x}{y}")
}

pipeline! {
    fn patterns(xs: Stream<(i64, char)>, ys: Stream<i64>) -> (Stream<Vec<i64>>, Stream<String>) {
        let lists = ys >> (|y| vec![y, y + 1]) >> in_place;
        let texts = (xs, ys) >> of_tuple;
        (lists, texts)
    }
}

#[test]
fn patterns_in_arguments() {
    within(20, || {
        gives!(patterns([(1, 'a'), (2, 'b')], [3, 4]) => r#"[4,3] [5,4] | "1a" "2b""#);
    });
}

mod far {
    pub mod away {
        use papy::prelude::*;

        #[worker]
        pub fn half(x: i64) -> i64 {
            x / 2
        }

        /// A worker with everything.
        #[worker]
        pub fn all<T: Clone + Send + 'static>(
            seen: &mut Vec<T>,
            x: T,
            #[param] every: usize,
            #[local(0)] count: &mut usize,
        ) -> Result<usize, String> {
            *count += 1;
            seen.push(x);
            if seen.len().is_multiple_of(every) {
                Err(format!("{} seen", seen.len()))
            } else {
                Ok(seen.len())
            }
        }
    }
}

use far::away;

pipeline! {
    fn by_path(xs: Stream<i64>) -> Stream<usize> {
        xs >> far::away::half >> crate::far::away::half.named("again") >> away::all::<i64>(every = 2).serial().named("all")
    }
}

#[test]
fn workers_by_path() {
    within(20, || {
        gives!(by_path([4, 8, 12]) => "1 !all#1 3");
    });
}

#[test]
fn workers_stay_functions() {
    within(20, || {
        assert_eq!(inc(1), 2);
        assert_eq!(shift(5, 3, 10), 12);
        assert_eq!(far::away::half(4), 2);
        assert_eq!(parse::<u8>("7"), Ok(7));
        let mut account = Account::default();
        assert_eq!(book(&mut account, 1), Ok(101));
        assert_eq!(
            account,
            Account {
                balance: 101,
                moves: 1
            }
        );
        assert_eq!(with_scratch(2, &mut Vec::new(), 3), 6);
        assert_eq!([1, 2].map(dbl), [2, 4]);
    });
}

// ---------------------------------------------------------------- where pipelines may stand

#[test]
fn inside_a_function() {
    within(20, || {
        #[worker]
        fn local_worker(x: i64) -> i64 {
            x + 1000
        }
        pipeline! {
            fn local(xs: Stream<i64>) -> Stream<i64> {
                xs >> local_worker >> inc
            }
        }
        gives!(local([1, 2]) => "1002 1003");
    });
}

macro_rules! pipeline_of {
    ($name:ident, $($worker:ident),+) => {
        pipeline! {
            fn $name(xs: Stream<i64>) -> Stream<i64> {
                xs $(>> $worker)+
            }
        }
    };
}

pipeline_of!(made_short, inc);
pipeline_of!(made_long, inc, dbl, inc);

macro_rules! local_names {
    ($name:ident, $by:expr) => {
        pipeline! {
            fn $name(items: Stream<i64>) -> Stream<i64> {
                let by: i64 = $by;
                let scaled = items >> (|x| x * by);
                scaled
            }
        }
    };
}

local_names!(by_seven, 7);

#[test]
fn inside_a_macro() {
    within(20, || {
        gives!(made_short([1, 2]) => "2 3");
        gives!(made_long([1, 2]) => "5 7");
        gives!(by_seven([1, 2]) => "7 14");
    });
}

pipeline!(
    fn in_parentheses(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc
    }
);

#[test]
fn in_parentheses_it_is_the_same() {
    within(20, || {
        gives!(in_parentheses([1, 2]) => "2 3");
    });
}

#[worker]
fn r#match(r#type: i64, #[param] r#in: i64) -> i64 {
    r#type + r#in
}

pipeline! {
    fn r#loop(r#fn: Stream<i64>, r#if: i64) -> Stream<i64> {
        let r#else = r#fn >> r#match(r#in = r#if);
        r#else
    }
}

#[test]
fn raw_identifiers() {
    within(20, || {
        gives!(r#loop([1, 2], 10) => "11 12");
        assert_eq!(line(r#loop([1, 2], 10).start().unwrap().r#else), "11 12");
    });
}

/// Names that generated code might use itself.
#[test]
fn names_do_not_clash() {
    within(20, || {
        pipeline! {
            fn pipeline(cx: Stream<i64>, run: Stream<i64>, pool: i64, node: i64) -> (Stream<i64>, Stream<i64>) {
                let input = cx >> (|slot| slot + pool);
                let out = (run, input) >> (|x, item| x * item + node);
                (input, out)
            }
        }
        gives!(pipeline([1, 2], [3, 4], 10, 100) => "11 12 | 133 148");
    });
}

struct Wrapped<T>(T);

impl<T: fmt::Debug> Debug for Wrapped<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

pipeline! {
    fn moved_along(xs: Stream<Wrapped<i64>>) -> Stream<Wrapped<i64>> {
        xs >> (|x| x) >> rewrap.serial()
    }
}

#[worker]
fn rewrap<T>(x: Wrapped<T>) -> Wrapped<T> {
    Wrapped(x.0)
}

#[test]
fn items_need_not_be_clone() {
    within(20, || {
        gives!(moved_along([1, 2].map(Wrapped)) => "1 2");
    });
}

// ---------------------------------------------------------------- generics that the body alone mentions

#[worker]
fn plus<const N: i64>(x: i64) -> i64 {
    x + N
}

#[worker]
fn parsed<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

pipeline! {
    fn shifted<const N: i64>(xs: Stream<i64>) -> Stream<i64> {
        xs >> plus::<N> >> plus::<1>
    }
}

pipeline! {
    fn rewritten<'a, T>(texts: Stream<&'a str>, end: &'a str) -> Stream<String>
    where
        T: std::str::FromStr + std::fmt::Display + Send,
    {
        texts >> parsed::<T>.filter() >> (|value| format!("{value}{end}"))
    }
}

pipeline! {
    fn called<F: Fn(i64) -> i64 + Send + Sync, const N: i64>(
        xs: Stream<i64>,
        f: F,
        g: impl Fn(i64) -> i64 + Send + Sync,
    ) -> Stream<i64> {
        xs >> (|x| f(x)) >> plus::<N> >> (|x| g(x))
    }
}

#[test]
fn a_generic_may_be_mentioned_in_the_body_alone() {
    within(20, || {
        assert_eq!(show(shifted::<10>(0..3).collect()), "11 12 13");
        let texts = ["1", "2.5", "x"];
        let end = String::from("!");
        let all = rewritten::<i64>(texts, &end).collect();
        assert_eq!(show(all), r#""1!""#);
        let all = rewritten::<f64>(texts, &end).collect();
        assert_eq!(show(all), r#""1!" "2.5!""#);
        let all = called::<_, 5>(0..2, |x| 10 * x, |x| -x).collect();
        assert_eq!(show(all), "-5 -15");
    });
}
