//! Sizes: nothing, one, and around every limit; long chains, wide forks; items of no size and of many megabytes; pools of one
//! thread and of many.

#[macro_use]
mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use common::*;
use papy::Output;
use papy::prelude::*;

// ---------------------------------------------------------------- around stride and buffer

pipeline! {
    fn springs(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> (|x| 0..x % 4).flat().on(a) >> id.on(b);
        let r = l >> add.fold().on(a);
        (l, r)
    }
}

pipeline! {
    fn groups(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> id.on(a) >> (|g: Vec<i64>| g.iter().sum::<i64>()).consume(3).on(b);
        let r = xs >> (|x| [x, -x]).produce(2).on(b) >> id.on(a) >> (|g: Vec<i64>| g.len() as i64).consume(5).on(a);
        (l, r)
    }
}

pipeline! {
    fn routes(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = match xs >> id.on(a) {
            x if x % 2 == 0 => x >> inc.on(b),
            x => x >> dbl.on(a),
        };
        let r = (l, ys >> id.on(b)) >> sum.on(a);
        (l, r)
    }
}

/// 0, 1, 2, and one less, as many, and one more than everything that is counted.
fn lengths(stride: usize, buffer: usize) -> Vec<i64> {
    let mut lengths = vec![0, 1, 2];
    for limit in [stride, buffer, 2 * stride, stride + buffer] {
        lengths.extend([limit - 1, limit, limit + 1].map(|len| len as i64));
    }
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

#[test]
fn lengths_around_every_limit() {
    within(90, || {
        for (name, [a, b, _]) in pool_sets().into_iter().step_by(2) {
            for stride in [1, 2, 7] {
                for buffer in [1, 2, 6, 7, 8] {
                    for len in lengths(stride, buffer) {
                        macro_rules! sized {
                            ($make:expr) => {
                                let want = show($make.inline().collect());
                                let tuned = || $make.stride(stride).buffer(buffer);
                                let about = format!(
                                    "{len} items, stride {stride}, buffer {buffer}, {name}"
                                );
                                assert_eq!(show(tuned().collect()), want, "collected, {about}");
                                let mut run = tuned().start().unwrap();
                                let r = line(&mut run.r);
                                assert_eq!(
                                    [line(&mut run.l), r].join(" | "),
                                    want,
                                    "started, {about}"
                                );
                            };
                        }
                        sized!(springs(0..len, a.clone(), b.clone()));
                        sized!(groups(0..len, a.clone(), b.clone()));
                        sized!(routes(0..len, 0..len, a.clone(), b.clone()));
                    }
                }
            }
        }
    });
}

// ---------------------------------------------------------------- vectors that grow

pipeline! {
    fn in_many_numbers(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let many = xs >> (|x| std::array::from_fn::<i64, 70, _>(|i| 70 * x + i as i64)).produce(70);
        let few = xs >> (|x| [3 * x, 3 * x + 1, 3 * x + 2]).produce(3);
        let some = xs >> (|x| (x % 7 != 0).then_some(x)).filter();
        (many, few, some)
    }
}

/// Evaluated in place, a vector gets memory whenever there is no room for what comes of one more item.
#[test]
fn everything_is_collected_whatever_comes_of_an_item() {
    within(60, || {
        for n in [0, 1, 2, 5, 100, 3001] {
            let (many, few, some) = in_many_numbers(0..n).collect();
            assert!(many.into_iter().map(Result::unwrap).eq(0..70 * n), "{n}");
            assert!(few.into_iter().map(Result::unwrap).eq(0..3 * n), "{n}");
            let kept = (0..n).filter(|x| x % 7 != 0);
            assert!(some.into_iter().map(Result::unwrap).eq(kept), "{n}");
        }
    });
}

// ---------------------------------------------------------------- no limit at all

#[test]
fn limits_as_large_as_numbers_are() {
    within(60, || {
        for (name, [a, b, _]) in pool_sets().into_iter().step_by(2) {
            for len in [0, 1, 100, 2000] {
                let make = || groups(0..len, a.clone(), b.clone());
                let want = show(make().inline().collect());
                for (stride, buffer) in [
                    (usize::MAX, usize::MAX),
                    (1, usize::MAX),
                    (usize::MAX, 1),
                    (usize::MAX, 7),
                ] {
                    let tuned = || make().stride(stride).buffer(buffer);
                    assert_eq!(show(tuned().collect()), want, "{name}, {stride}, {buffer}");
                    let mut run = tuned().start().unwrap();
                    let (l, r) = (line(&mut run.l), line(&mut run.r));
                    assert_eq!([l, r].join(" | "), want, "{name}, {stride}, {buffer}");
                    let map = (0..len).numap(inc).on(&a).stride(stride).buffer(buffer);
                    assert_eq!(map.count() as i64, len, "{name}, {stride}, {buffer}");
                }
            }
            // as far ahead as it gets is no further than the end
            let mut run = springs(0.., a.clone(), b.clone())
                .buffer(usize::MAX)
                .start()
                .unwrap();
            assert!(run.l.by_ref().take(1000).all(|x| x.is_ok()), "{name}");
            promptly("drop", || drop(run));
        }
    });
}

// ---------------------------------------------------------------- items of no size, and large ones

#[derive(Clone, Debug, PartialEq)]
struct Nothing;

pipeline! {
    fn nothings(xs: Stream<Nothing>, a: Pool, b: Pool) -> (Stream<Nothing>, Stream<usize>, Stream<()>) {
        let l = xs >> (|x: Nothing| [x, Nothing]).flat().on(a);
        let m = l >> (|group: Vec<Nothing>| group.len()).consume(3).on(b);
        let r = match xs {
            x => x >> (|_x: Nothing| ()).on(a),
        };
        (l, m, r)
    }
}

#[test]
fn items_without_size_everywhere() {
    within(60, || {
        for s in schedules() {
            for len in [0, 1, 100usize] {
                let [a, b, _] = s.pools();
                let (l, m, r) = tuned!(s, nothings((0..len).map(|_| Nothing), a, b)).collect();
                assert_eq!(
                    (l.len(), m.len(), r.len()),
                    (2 * len, (2 * len).div_ceil(3), len),
                    "{s}"
                );
                let counted: usize = m.into_iter().map(Result::unwrap).sum();
                assert_eq!(counted, 2 * len, "{s}");
            }
        }
    });
}

/// Megabytes of an item.
const LARGE: usize = 64;

#[worker]
fn fill(x: u8) -> Vec<u8> {
    vec![x; LARGE << 20]
}

#[worker]
fn ends_alike(x: Vec<u8>) -> u8 {
    assert_eq!((x.len(), x.first()), (LARGE << 20, x.last()));
    x[0]
}

pipeline! {
    fn large(xs: Stream<u8>, a: Pool, b: Pool) -> Stream<u8> {
        xs >> fill.on(a) >> (|x: Vec<u8>| x).serial() >> ends_alike.on(b)
    }
}

/// Memory is bounded by the buffer, however large items are.
#[test]
fn items_of_many_megabytes() {
    within(90, || {
        let (a, b) = (Pool::threads(2), Pool::threads(1));
        let want = line((0..8u8).map(Ok));
        assert_eq!(
            show(large(0..8, a.clone(), b.clone()).buffer(2).collect()),
            want
        );
        assert_eq!(line(large(0..8, a, b).buffer(2).start().unwrap()), want);
        let Some(peak) = peak() else { return };
        assert!(
            peak < 4 * (LARGE << 10),
            "{peak} KiB for two items of {LARGE} MiB"
        );
    });
}

/// The most memory that this process has had, in KiB.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

// ---------------------------------------------------------------- long and wide

/// A chain of what stands in brackets, so many times.
macro_rules! long {
    ($name:ident, $a:ident: [$($node:tt)*]) => {
        pipeline! {
            fn $name(xs: Stream<i64>, $a: Pool) -> Stream<i64> { xs $($node)* }
        }
    };
    ($name:ident, $a:ident: [$($node:tt)*] times ten $($more:tt)*) => {
        long! { $name, $a: [
            $($node)* $($node)* $($node)* $($node)* $($node)* $($node)* $($node)* $($node)* $($node)* $($node)*
        ] $($more)* }
    };
}

long! { five_hundred, a: [>> inc.on(a) >> inc.on(a) >> inc.on(a) >> inc.on(a) >> inc.on(a)] times ten times ten }
long! { a_hundred_regions, a: [>> inc.on(a).serial()] times ten times ten }

pipeline! {
    fn thousand(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> five_hundred(a = a).pipeline() >> five_hundred(a = a).pipeline()
    }
}

#[test]
fn a_chain_of_a_thousand_nodes() {
    within(90, || {
        let want = line((0..200i64).map(|x| Ok(x + 1000)));
        for pool in [Pool::rayon(), Pool::threads(2)] {
            let make = || thousand(0..200, pool.clone());
            assert_eq!(show(make().inline().collect()), want);
            assert_eq!(show(make().collect()), want);
            assert_eq!(line(make().start().unwrap()), want);
            let want = line((0..200i64).map(|x| Ok(x + 100)));
            let make = || a_hundred_regions(0..200, pool.clone());
            assert_eq!(show(make().inline().collect()), want);
            assert_eq!(show(make().collect()), want);
            assert_eq!(line(make().start().unwrap()), want);
            promptly("drop", || {
                drop(a_hundred_regions(0.., pool.clone()).start().unwrap());
            });
        }
    });
}

#[worker]
fn sum4(w: i64, x: i64, y: i64, z: i64) -> i64 {
    w + x + y + z
}

pipeline! {
    fn wide(xs: Stream<i64>, a: Pool) ->
        (Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>,
         Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>,
         Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>,
         Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>,
         Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>,
         Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>,
         Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>,
         Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>)
    {
        let o00 = xs >> inc.on(a); let o01 = xs >> inc.on(a); let o02 = xs >> inc.on(a); let o03 = xs >> inc.on(a);
        let o04 = xs >> inc.on(a); let o05 = xs >> inc.on(a); let o06 = xs >> inc.on(a); let o07 = xs >> inc.on(a);
        let o08 = xs >> inc.on(a); let o09 = xs >> inc.on(a); let o10 = xs >> inc.on(a); let o11 = xs >> inc.on(a);
        let o12 = xs >> inc.on(a); let o13 = xs >> inc.on(a); let o14 = xs >> inc.on(a); let o15 = xs >> inc.on(a);
        let o16 = xs >> inc.on(a); let o17 = xs >> inc.on(a); let o18 = xs >> inc.on(a); let o19 = xs >> inc.on(a);
        let o20 = xs >> inc.on(a); let o21 = xs >> inc.on(a); let o22 = xs >> inc.on(a); let o23 = xs >> inc.on(a);
        let o24 = xs >> inc.on(a); let o25 = xs >> inc.on(a); let o26 = xs >> inc.on(a); let o27 = xs >> inc.on(a);
        let o28 = xs >> inc.on(a); let o29 = xs >> inc.on(a); let o30 = xs >> inc.on(a); let o31 = xs >> inc.on(a);
        let o32 = xs >> inc.on(a); let o33 = xs >> inc.on(a); let o34 = xs >> inc.on(a); let o35 = xs >> inc.on(a);
        let o36 = xs >> inc.on(a); let o37 = xs >> inc.on(a); let o38 = xs >> inc.on(a); let o39 = xs >> inc.on(a);
        let o40 = xs >> inc.on(a); let o41 = xs >> inc.on(a); let o42 = xs >> inc.on(a); let o43 = xs >> inc.on(a);
        let o44 = xs >> inc.on(a); let o45 = xs >> inc.on(a); let o46 = xs >> inc.on(a); let o47 = xs >> inc.on(a);
        let o48 = xs >> inc.on(a); let o49 = xs >> inc.on(a); let o50 = xs >> inc.on(a); let o51 = xs >> inc.on(a);
        let o52 = xs >> inc.on(a); let o53 = xs >> inc.on(a); let o54 = xs >> inc.on(a); let o55 = xs >> inc.on(a);
        let o56 = xs >> inc.on(a); let o57 = xs >> inc.on(a); let o58 = xs >> inc.on(a); let o59 = xs >> inc.on(a);
        let o60 = xs >> inc.on(a); let o61 = xs >> inc.on(a); let o62 = xs >> inc.on(a); let o63 = xs >> inc.on(a);
        (o00, o01, o02, o03, o04, o05, o06, o07, o08, o09, o10, o11, o12, o13, o14, o15,
         o16, o17, o18, o19, o20, o21, o22, o23, o24, o25, o26, o27, o28, o29, o30, o31,
         o32, o33, o34, o35, o36, o37, o38, o39, o40, o41, o42, o43, o44, o45, o46, o47,
         o48, o49, o50, o51, o52, o53, o54, o55, o56, o57, o58, o59, o60, o61, o62, o63)
    }
}

pipeline! {
    fn wide_and_joined(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        let o00 = xs >> inc.on(a); let o01 = xs >> inc.on(a); let o02 = xs >> inc.on(a); let o03 = xs >> inc.on(a);
        let o04 = xs >> inc.on(a); let o05 = xs >> inc.on(a); let o06 = xs >> inc.on(a); let o07 = xs >> inc.on(a);
        let o08 = xs >> inc.on(a); let o09 = xs >> inc.on(a); let o10 = xs >> inc.on(a); let o11 = xs >> inc.on(a);
        let o12 = xs >> inc.on(a); let o13 = xs >> inc.on(a); let o14 = xs >> inc.on(a); let o15 = xs >> inc.on(a);
        let o16 = xs >> inc.on(a); let o17 = xs >> inc.on(a); let o18 = xs >> inc.on(a); let o19 = xs >> inc.on(a);
        let o20 = xs >> inc.on(a); let o21 = xs >> inc.on(a); let o22 = xs >> inc.on(a); let o23 = xs >> inc.on(a);
        let o24 = xs >> inc.on(a); let o25 = xs >> inc.on(a); let o26 = xs >> inc.on(a); let o27 = xs >> inc.on(a);
        let o28 = xs >> inc.on(a); let o29 = xs >> inc.on(a); let o30 = xs >> inc.on(a); let o31 = xs >> inc.on(a);
        let o32 = xs >> inc.on(a); let o33 = xs >> inc.on(a); let o34 = xs >> inc.on(a); let o35 = xs >> inc.on(a);
        let o36 = xs >> inc.on(a); let o37 = xs >> inc.on(a); let o38 = xs >> inc.on(a); let o39 = xs >> inc.on(a);
        let o40 = xs >> inc.on(a); let o41 = xs >> inc.on(a); let o42 = xs >> inc.on(a); let o43 = xs >> inc.on(a);
        let o44 = xs >> inc.on(a); let o45 = xs >> inc.on(a); let o46 = xs >> inc.on(a); let o47 = xs >> inc.on(a);
        let o48 = xs >> inc.on(a); let o49 = xs >> inc.on(a); let o50 = xs >> inc.on(a); let o51 = xs >> inc.on(a);
        let o52 = xs >> inc.on(a); let o53 = xs >> inc.on(a); let o54 = xs >> inc.on(a); let o55 = xs >> inc.on(a);
        let o56 = xs >> inc.on(a); let o57 = xs >> inc.on(a); let o58 = xs >> inc.on(a); let o59 = xs >> inc.on(a);
        let o60 = xs >> inc.on(a); let o61 = xs >> inc.on(a); let o62 = xs >> inc.on(a); let o63 = xs >> inc.on(a);
        let t00 = (o00, o01, o02, o03) >> sum4;
        let t01 = (o04, o05, o06, o07) >> sum4;
        let t02 = (o08, o09, o10, o11) >> sum4;
        let t03 = (o12, o13, o14, o15) >> sum4;
        let t04 = (o16, o17, o18, o19) >> sum4;
        let t05 = (o20, o21, o22, o23) >> sum4;
        let t06 = (o24, o25, o26, o27) >> sum4;
        let t07 = (o28, o29, o30, o31) >> sum4;
        let t08 = (o32, o33, o34, o35) >> sum4;
        let t09 = (o36, o37, o38, o39) >> sum4;
        let t10 = (o40, o41, o42, o43) >> sum4;
        let t11 = (o44, o45, o46, o47) >> sum4;
        let t12 = (o48, o49, o50, o51) >> sum4;
        let t13 = (o52, o53, o54, o55) >> sum4;
        let t14 = (o56, o57, o58, o59) >> sum4;
        let t15 = (o60, o61, o62, o63) >> sum4;
        let t16 = (t00, t01, t02, t03) >> sum4;
        let t17 = (t04, t05, t06, t07) >> sum4;
        let t18 = (t08, t09, t10, t11) >> sum4;
        let t19 = (t12, t13, t14, t15) >> sum4;
        let t20 = (t16, t17, t18, t19) >> sum4;
        t20
    }
}

/// The outputs in the order of the text.
fn all(run: &mut WideRun) -> [&mut Output<i64>; 64] {
    [
        &mut run.o00,
        &mut run.o01,
        &mut run.o02,
        &mut run.o03,
        &mut run.o04,
        &mut run.o05,
        &mut run.o06,
        &mut run.o07,
        &mut run.o08,
        &mut run.o09,
        &mut run.o10,
        &mut run.o11,
        &mut run.o12,
        &mut run.o13,
        &mut run.o14,
        &mut run.o15,
        &mut run.o16,
        &mut run.o17,
        &mut run.o18,
        &mut run.o19,
        &mut run.o20,
        &mut run.o21,
        &mut run.o22,
        &mut run.o23,
        &mut run.o24,
        &mut run.o25,
        &mut run.o26,
        &mut run.o27,
        &mut run.o28,
        &mut run.o29,
        &mut run.o30,
        &mut run.o31,
        &mut run.o32,
        &mut run.o33,
        &mut run.o34,
        &mut run.o35,
        &mut run.o36,
        &mut run.o37,
        &mut run.o38,
        &mut run.o39,
        &mut run.o40,
        &mut run.o41,
        &mut run.o42,
        &mut run.o43,
        &mut run.o44,
        &mut run.o45,
        &mut run.o46,
        &mut run.o47,
        &mut run.o48,
        &mut run.o49,
        &mut run.o50,
        &mut run.o51,
        &mut run.o52,
        &mut run.o53,
        &mut run.o54,
        &mut run.o55,
        &mut run.o56,
        &mut run.o57,
        &mut run.o58,
        &mut run.o59,
        &mut run.o60,
        &mut run.o61,
        &mut run.o62,
        &mut run.o63,
    ]
}

#[test]
fn a_fork_of_sixty_four() {
    within(90, || {
        let want = line((1..=50i64).map(Ok));
        for pool in [Pool::rayon(), Pool::threads(1), Pool::threads(8)] {
            for buffer in [1, 4096] {
                // in step, one after the other, and from the last to the first
                let mut run = wide(0..50, pool.clone()).buffer(buffer).start().unwrap();
                for x in 1..=50 {
                    for output in all(&mut run) {
                        assert_eq!(output.next().unwrap().unwrap(), x);
                    }
                }
                let mut run = wide(0..50, pool.clone()).buffer(buffer).start().unwrap();
                assert!(all(&mut run).into_iter().all(|output| line(output) == want));
                let mut run = wide(0..50, pool.clone()).buffer(buffer).start().unwrap();
                assert!(
                    all(&mut run)
                        .into_iter()
                        .rev()
                        .all(|output| line(output) == want)
                );
                promptly("drop", || {
                    drop(wide(0.., pool.clone()).buffer(buffer).start().unwrap());
                });
            }
        }
    });
}

#[test]
fn a_join_of_sixty_four() {
    within(90, || {
        for (name, [a, ..]) in pool_sets().into_iter().step_by(2) {
            for stride in [1, 64] {
                let want = line((1..=50i64).map(|x| Ok(64 * x)));
                let make = || wide_and_joined(0..50, a.clone()).stride(stride);
                assert_eq!(show(make().collect()), want, "{name}");
                assert_eq!(line(make().start().unwrap()), want, "{name}");
            }
        }
    });
}

// ---------------------------------------------------------------- pools of one thread and of many

#[worker]
fn counting(x: i64, #[param] inside: &AtomicUsize) -> i64 {
    inside.fetch_add(1, SeqCst);
    while inside.load(SeqCst) < 200 {
        std::thread::yield_now();
    }
    x
}

pipeline! {
    fn crowded(xs: Stream<i64>, inside: Arc<AtomicUsize>, a: Pool) -> Stream<i64> {
        xs >> counting(inside = inside).on(a).stride(1)
    }
}

#[test]
fn a_pool_of_two_hundred() {
    within(90, || {
        let pool = Pool::threads(200);
        let inside = Arc::<AtomicUsize>::default;
        // each call waits until all two hundred threads are inside
        assert_eq!(
            sorted(crowded(0..300, inside(), pool.clone()).collect()).len(),
            300
        );
        assert_eq!(
            sorted(crowded(0..300, inside(), pool.clone()).start().unwrap()).len(),
            300
        );
        let other = Pool::threads(1);
        let (l, r) = groups(0..3000, pool.clone(), other).collect();
        assert_eq!((l.len(), r.len()), (1000, 1200));
    });
}
