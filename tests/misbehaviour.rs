//! User code that misbehaves where it is easily forgotten: in `Drop`, `Clone` and `Into`, in scratch, sources and sinks,
//! and workers that steer the run which they belong to.

#[macro_use]
mod common;

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use common::*;
use papy::prelude::*;

// ---------------------------------------------------------------- panics in `Drop`

/// Panics whenever it is dropped, also when its neighbour has just done so.
#[derive(Debug)]
struct Bomb(i64);

impl Bomb {
    fn defuse(self) -> i64 {
        let n = self.0;
        std::mem::forget(self);
        n
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on purpose, {}", self.0);
    }
}

fn defused(results: impl IntoIterator<Item = Result<Bomb, Fault>>) -> String {
    line(results.into_iter().map(|bomb| bomb.map(Bomb::defuse)))
}

#[worker]
fn arm(x: i64) -> Bomb {
    Bomb(x)
}

#[worker]
fn hand_on(x: Bomb) -> Bomb {
    x
}

/// Fails on odd numbers.
#[worker]
fn only_even(x: i64) -> Result<i64, String> {
    if x % 2 == 0 { Ok(x) } else { Err("odd".into()) }
}

#[worker]
fn beside(x: Bomb, y: i64) -> i64 {
    x.defuse() + y
}

#[worker]
fn defuse(x: Bomb) {
    x.defuse();
}

pipeline! {
    fn bombs(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<Bomb>, Stream<Bomb>, Stream<i64>) {
        let armed = xs >> arm.on(a) >> hand_on.on(b);
        let kept = xs >> arm.on(c) >> hand_on.on(a).serial();
        let pairs = (xs >> arm.on(b), xs >> only_even.on(c)) >> beside.on(c);
        xs >> arm.on(a) >> defuse.on(b);
        (armed, kept, pairs)
    }
}

#[test]
fn many_items_that_panic_in_drop_may_be_discarded() {
    within(60, || {
        quiet();
        let pairs = "0 !only_even#1 4 !only_even#3 8 !only_even#5";
        for s in schedules() {
            let start = |n| {
                let [a, b, c] = s.pools();
                tuned!(s, bombs(0..n, a, b, c)).start().unwrap()
            };
            let run = start(6);
            drop((run.armed, run.kept));
            assert_eq!(line(run.pairs), pairs, "outputs dropped; {s}");

            let run = start(6);
            run.handle().wait();
            assert_eq!(defused(run.kept), "0 1 2 3 4 5", "waited; {s}");
            drop(run.armed);
            assert_eq!(line(run.pairs), pairs, "waited; {s}");

            start(6).join().unwrap();
            let mut run = start(1000);
            run.armed.next().unwrap().unwrap().defuse();
            drop(run);

            let mut run = start(1000);
            run.armed.next().unwrap().unwrap().defuse();
            run.handle().cancel();
            run.pairs.by_ref().for_each(drop);
            drop(run);
        }
    });
}

#[test]
fn blocking_forms_survive_items_that_panic_in_drop() {
    within(60, || {
        quiet();
        for s in schedules() {
            let p = || {
                let [a, b, c] = s.pools();
                tuned!(s, bombs(0..100, a, b, c))
            };
            let report = p().run();
            assert_eq!(counts(&report, "defuse"), [100, 100, 0, 0], "{s}");
            let report = p().inline().run();
            assert_eq!(counts(&report, "defuse"), [100, 100, 0, 0], "inline; {s}");
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                p().for_each((
                    |bomb: Result<Bomb, Fault>| drop(bomb.map(Bomb::defuse)),
                    |bomb: Result<Bomb, Fault>| assert!(bomb.unwrap().defuse() < 10, "on purpose"),
                    |_| (),
                ));
            }));
            assert!(panicked.is_err(), "{s}");
        }
    });
}

#[worker]
fn disarm(group: Vec<Bomb>, #[param] gate: &Gate) -> i64 {
    gate.pass();
    group.into_iter().map(Bomb::defuse).sum()
}

#[worker]
fn disarm_all(group: [Bomb; 4]) -> i64 {
    group.map(Bomb::defuse).iter().sum()
}

pipeline! {
    fn bombs_in_groups(xs: Stream<i64>, gate: Arc<Gate>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let groups = xs >> arm.on(a) >> disarm(gate = gate).consume(4).on(b);
        let whole = xs >> arm.on(b) >> (|x: Bomb| [x]).flat() >> disarm_all.consume(4).on(a);
        (groups, whole)
    }
}

/// The items of a group are dropped one by one: two panics in the `Drop` of a vector would end the process.
#[test]
fn groups_of_items_that_panic_in_drop_may_be_discarded() {
    within(60, || {
        quiet();
        for s in schedules() {
            let gate = Gate::new();
            let start = || {
                let [a, b, _] = s.pools();
                tuned!(s, bombs_in_groups(0..15, gate.clone(), a, b))
                    .start()
                    .unwrap()
            };
            // groups wait for the worker when they are thrown away
            let run = start();
            thread::yield_now();
            let opener = gate.clone();
            let opener = thread::spawn(move || opener.open());
            drop(run);
            opener.join().unwrap();
            let run = start();
            assert_eq!(line(run.groups), "6 22 38 39", "{s}");
            // three are left for the last group
            assert_eq!(kinds(run.whole), "6 22 38 !Incomplete", "{s}");
            start().join().unwrap();
        }
    });
}

/// A state, a parameter, scratch: whatever the run owns.
#[derive(Debug, Default)]
struct Own(i64);

impl Drop for Own {
    fn drop(&mut self) {
        panic!("on purpose, at the end");
    }
}

#[worker]
fn with_state(own: &mut Own, x: i64) -> i64 {
    own.0 += x;
    own.0
}

#[worker]
fn with_param(x: i64, #[param] own: &Own) -> i64 {
    x + own.0
}

#[worker]
fn with_local(x: i64, #[local(Own(0))] own: &mut Own) -> i64 {
    x + own.0
}

pipeline! {
    fn state_ends_badly(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> with_state.on(a).serial()
    }
}

pipeline! {
    fn param_ends_badly(xs: Stream<i64>, own: Arc<Own>, a: Pool) -> Stream<i64> {
        xs >> with_param(own = own).on(a)
    }
}

pipeline! {
    fn local_ends_badly(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> with_local.on(a)
    }
}

/// Ends a started run in every way; what its `Drop` throws reaches nobody.
macro_rules! ends {
    ($s:ident, $make:expr => $want:expr) => {
        for inline in [false, true] {
            let start = || {
                let p = tuned!($s, $make);
                if inline {
                    p.inline().start().unwrap()
                } else {
                    p.start().unwrap()
                }
            };
            assert_eq!(line(start()), $want, "read; inline: {inline}; {}", $s);
            start().join().unwrap();
            let run = start();
            run.handle().wait();
            assert_eq!(line(run), $want, "waited; inline: {inline}; {}", $s);
            let mut run = start();
            run.next();
            let handle = run.handle();
            drop(run);
            assert!(handle.wait_timeout(secs(5)).is_some(), "dropped; {}", $s);
            let run = start();
            run.handle().cancel();
            run.handle().wait();
        }
    };
}

#[test]
fn what_a_run_owns_may_panic_in_drop() {
    within(60, || {
        quiet();
        for s in schedules().into_iter().step_by(2) {
            let [a, ..] = s.pools();
            ends!(s, state_ends_badly(0..5, a.clone()) => "0 1 3 6 10");
            ends!(s, param_ends_badly(0..5, Arc::new(Own(1)), a.clone()) => "1 2 3 4 5");
            ends!(s, local_ends_badly(0..5, a.clone()) => "0 1 2 3 4");
        }
    });
}

/// Counts up, and panics when it is dropped.
struct Unwilling(std::ops::Range<i64>);

impl Iterator for Unwilling {
    type Item = i64;
    fn next(&mut self) -> Option<i64> {
        self.0.next()
    }
}

impl Drop for Unwilling {
    fn drop(&mut self) {
        panic!("on purpose, a source");
    }
}

pipeline! {
    fn incremented(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> inc.on(a)
    }
}

#[test]
fn a_source_may_panic_in_drop() {
    within(60, || {
        quiet();
        for s in schedules().into_iter().step_by(2) {
            let [a, ..] = s.pools();
            ends!(s, incremented(Unwilling(0..5), a.clone()) => "1 2 3 4 5");
        }
    });
}

pipeline! {
    fn three_sources(xs: Stream<i64>, ys: Stream<i64>, zs: Stream<i64>, a: Pool) -> Stream<i64> {
        (xs >> inc.on(a), ys, zs) >> (|x: i64, y: i64, z: i64| x + y + z).on(a)
    }
}

#[test]
fn several_sources_may_panic_in_drop() {
    within(60, || {
        quiet();
        for s in schedules().into_iter().step_by(2) {
            let [a, ..] = s.pools();
            let make = |a| three_sources(Unwilling(0..3), Unwilling(0..3), Unwilling(0..3), a);
            ends!(s, make(a.clone()) => "1 4 7");
            assert_eq!(show(tuned!(s, make(a.clone())).collect()), "1 4 7", "{s}");
            assert_eq!(
                show(tuned!(s, make(a.clone())).inline().collect()),
                "1 4 7",
                "{s}"
            );
        }
    });
}

/// An error that panics when it is dropped.
#[derive(Debug)]
struct Sore;

impl fmt::Display for Sore {
    fn fmt(&self, _: &mut fmt::Formatter) -> fmt::Result {
        panic!("on purpose, in display")
    }
}

impl Error for Sore {}

impl Drop for Sore {
    fn drop(&mut self) {
        panic!("on purpose, an error");
    }
}

#[worker]
fn sorely(x: i64) -> Result<i64, Sore> {
    if x % 3 == 0 { Ok(x) } else { Err(Sore) }
}

pipeline! {
    fn sore(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let failed = xs >> sorely.on(a) >> inc.on(b).serial();
        let plain = xs >> inc.on(b);
        (failed, plain)
    }
}

/// As text; the faults are kept, since whoever drops them suffers.
fn kept(results: impl Iterator<Item = Result<i64, Fault>>) -> String {
    let results: Vec<_> = results.collect();
    let text = results.iter().map(item).collect::<Vec<_>>().join(" ");
    std::mem::forget(results);
    text
}

#[test]
fn errors_that_panic_in_drop() {
    within(60, || {
        quiet();
        for s in schedules() {
            let start = |n| {
                let [a, b, _] = s.pools();
                tuned!(s, sore(0..n, a, b)).start().unwrap()
            };
            let want = "1 !sorely#1 !sorely#2 4 !sorely#4 !sorely#5";
            let run = start(6);
            assert_eq!(line(run.plain), "1 2 3 4 5 6", "{s}");
            assert_eq!(kept(run.failed), want, "{s}");
            let run = start(100);
            drop(run.failed);
            assert_eq!(run.plain.count(), 100, "{s}");
            drop(start(1000));
            start(100).join().unwrap();
            let [a, b, _] = s.pools();
            let report = tuned!(s, sore(0..9, a, b)).run();
            assert_eq!(counts(&report, "sorely"), [9, 3, 6, 0], "{s}");
        }
    });
}

// ---------------------------------------------------------------- parts that are taken out

#[derive(Clone, Debug)]
struct Half {
    good: i64,
    #[allow(dead_code, reason = "dropped")]
    bad: Touchy,
}

/// Panics when number two is dropped.
#[derive(Clone, Debug)]
struct Touchy(i64);

impl Drop for Touchy {
    fn drop(&mut self) {
        assert!(self.0 != 2 || std::thread::panicking(), "on purpose: 2");
    }
}

#[worker]
fn halve(x: i64) -> Half {
    Half {
        good: x,
        bad: Touchy(x),
    }
}

#[worker]
fn halves(x: i64) -> (i64, Touchy) {
    (x, Touchy(x))
}

pipeline! {
    fn projected(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        let half = xs >> halve.on(a);
        half.good >> inc.on(b)
    }
}

pipeline! {
    fn parted(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        let (good, _) = xs >> halves.on(a);
        good >> inc.on(b)
    }
}

pipeline! {
    fn projected_in_place(xs: Stream<i64>) -> Stream<i64> {
        let half = xs >> halve;
        half.good >> inc
    }
}

pipeline! {
    fn parted_in_place(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let (good, _) = xs >> halves;
        let l = good >> inc;
        let r = xs >> inc;
        (l, r)
    }
}

#[test]
fn a_part_that_nobody_takes_may_panic_in_drop() {
    within(60, || {
        quiet();
        matrix!(|a, b, _c| projected(0..5, a.clone(), a) => "1 2 !inc#2[Panic] 4 5");
        matrix!(|a, b, _c| parted(0..5, a, b) => "1 2 3 4 5");
        matrix!(|_a, _b, _c| projected_in_place(0..5) => "1 2 !inc#2[Panic] 4 5");
        matrix!(|_a, _b, _c| parted_in_place(0..5) => [l, r] "1 2 3 4 5 | 1 2 3 4 5");
    });
}

// ---------------------------------------------------------------- `Clone`, `Into`, scratch

/// The copies of number `at` fail from the second one on.
#[derive(Debug)]
struct Rare {
    n: i64,
    copies: AtomicUsize,
}

impl Clone for Rare {
    fn clone(&self) -> Self {
        let copies = self.copies.fetch_add(1, SeqCst);
        assert!(self.n != 1 || copies < 1, "on purpose: no more copies");
        rare(self.n)
    }
}

fn rare(n: i64) -> Rare {
    Rare {
        n,
        copies: AtomicUsize::new(0),
    }
}

#[worker]
fn first(x: Rare) -> i64 {
    x.n
}

#[worker]
fn second(x: Rare) -> i64 {
    x.n
}

#[worker]
fn third(x: Rare) -> i64 {
    x.n
}

pipeline! {
    fn three_copies(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let rare = xs >> (|n| rare(n)).on(a);
        let p = rare >> first.on(a);
        let q = rare >> second.on(b);
        let r = rare >> third.on(c);
        (p, q, r)
    }
}

#[test]
fn a_copy_that_fails_is_the_fault_of_the_node_that_it_is_for() {
    within(60, || {
        quiet();
        for s in schedules() {
            let [a, b, c] = s.pools();
            let all = show(tuned!(s, three_copies(0..3, a, b, c)).collect());
            let faults = all.matches("[Panic]").count();
            assert_eq!(faults, 1, "{all}; {s}");
            assert!(
                ["!first#1", "!second#1", "!third#1"]
                    .iter()
                    .any(|f| all.contains(f)),
                "{all}; {s}"
            );
        }
    });
}

/// An error that cannot be boxed.
struct Unboxable;

impl From<Unboxable> for Box<dyn Error + Send + Sync> {
    fn from(_: Unboxable) -> Self {
        panic!("on purpose, in `into`")
    }
}

#[worker]
fn unboxed(x: i64) -> Result<i64, Unboxable> {
    if x == 1 { Err(Unboxable) } else { Ok(x) }
}

pipeline! {
    fn unboxable(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> unboxed.on(a) >> inc.on(b)
    }
}

#[test]
fn an_error_whose_conversion_panics() {
    within(60, || {
        quiet();
        matrix!(|a, b, _c| unboxable(0..3, a, b) => "1 !unboxed#1[Panic] 3");
        let source = [Ok(1), Err(Unboxable), Ok(3)];
        let results =
            unboxable(papy::source::fallible(source), Pool::rayon(), Pool::rayon()).collect();
        assert_eq!(show(results), "!unboxed#0[Panic] !xs#1[Input]");
    });
}

fn no_scratch() -> i64 {
    panic!("on purpose, no scratch")
}

#[worker]
fn with_scratch(x: i64, #[local(no_scratch())] scratch: &mut i64) -> i64 {
    x + *scratch
}

#[worker]
fn bomb_with_scratch(x: Bomb, #[local(no_scratch())] scratch: &mut i64) -> i64 {
    x.defuse() + *scratch
}

pipeline! {
    fn without_scratch(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> with_scratch.on(a) >> inc.on(b)
    }
}

pipeline! {
    fn bombs_without_scratch(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> arm.on(a) >> bomb_with_scratch.on(b).spawn(2)
    }
}

#[test]
fn scratch_that_cannot_be_made_is_every_items_fault() {
    within(60, || {
        quiet();
        matrix!(|a, _b, _c| without_scratch(0..3, a.clone(), a)
            => "!with_scratch#0[Panic] !with_scratch#1[Panic] !with_scratch#2[Panic]");
        for s in schedules() {
            let [a, b, _] = s.pools();
            let report = tuned!(s, without_scratch(0..20, a.clone(), b)).run();
            assert_eq!(counts(&report, "with_scratch"), [20, 0, 20, 0], "{s}");
        }
        matrix!(|a, b, _c| bombs_without_scratch(0..2, a, b)
            => "!bomb_with_scratch#0[Panic] !bomb_with_scratch#1[Panic]");
    });
}

// ---------------------------------------------------------------- sinks

#[worker]
fn swallow(x: i64, #[param] count: &AtomicUsize) {
    assert!(x != 3, "on purpose: 3");
    count.fetch_add(1, SeqCst);
}

pipeline! {
    fn swallowed(xs: Stream<i64>, count: Arc<AtomicUsize>, a: Pool, b: Pool) -> Stream<i64> {
        let ys = xs >> inc.on(a);
        ys >> swallow(count = count).on(b);
        ys
    }
}

#[test]
fn a_sink_that_panics_costs_its_item_alone() {
    within(60, || {
        quiet();
        for s in schedules() {
            let [a, b, _] = s.pools();
            let count = Arc::new(AtomicUsize::new(0));
            let p = || tuned!(s, swallowed(0..10, count.clone(), a.clone(), b.clone()));
            assert_eq!(p().collect().len(), 10, "{s}");
            assert_eq!(p().inline().collect().len(), 10, "{s}");
            let report = p().start().unwrap().join().unwrap();
            assert_eq!(counts(&report, "swallow"), [10, 9, 1, 0], "{s}");
            assert_eq!(count.load(SeqCst), 27, "{s}");
        }
    });
}

pipeline! {
    fn light(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc
    }
}

#[test]
fn a_panic_in_for_each_asks_the_source_for_no_more() {
    within(20, || {
        quiet();
        for at in [0, 1, 2, 7] {
            let (tx, rx) = mpsc::channel();
            (0..=at).for_each(|n| tx.send(n).unwrap());
            let result = catch_unwind(AssertUnwindSafe(|| {
                light(rx).for_each(|x| assert!(x.unwrap() <= at, "on purpose"));
            }));
            assert!(result.is_err());
            drop(tx);
        }
    });
}

/// What a panic carries, and panics itself when it is dropped.
struct Barbed;

impl Drop for Barbed {
    fn drop(&mut self) {
        panic!("on purpose, a payload");
    }
}

fn sting(_: Result<i64, Fault>) {
    std::panic::panic_any(Barbed);
}

#[test]
fn two_sinks_may_panic_at_once() {
    within(60, || {
        quiet();
        let survives = |run: &dyn Fn()| {
            let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
            assert!(payload.is::<Barbed>());
            std::mem::forget(payload);
        };
        for s in schedules() {
            let [a, b, _] = s.pools();
            let p = || tuned!(s, one_of_two_fails(0..8, a.clone(), b.clone()));
            survives(&|| drop(p().for_each((sting, sting))));
            survives(&|| drop(p().inline().for_each((sting, sting))));
            survives(&|| drop(tuned!(s, one_of_two_in_place(0..8)).for_each((sting, sting))));
        }
    });
}

#[test]
fn a_fault_that_stops_asks_the_source_for_no_more() {
    within(20, || {
        for at in [0, 1, 2, 7] {
            let (tx, rx) = mpsc::channel();
            (0..at).for_each(|n| tx.send(Ok(n)).unwrap());
            tx.send(Err("bad")).unwrap();
            let results = light(papy::source::fallible(rx))
                .on_fault(OnFault::Stop)
                .collect();
            assert_eq!(results.len() as i64, at + 1);
            drop(tx);
        }
    });
}

pipeline! {
    fn one_of_two_fails(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> inc.on(a);
        let r = xs >> boom(at = 3).on(b);
        (l, r)
    }
}

pipeline! {
    fn other_of_two_fails(xs: Stream<i64>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> boom(at = 3).on(a);
        let r = xs >> inc.on(b);
        (l, r)
    }
}

pipeline! {
    fn one_of_two_in_place(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> inc;
        let r = xs >> boom(at = 3);
        (l, r)
    }
}

pipeline! {
    fn other_of_two_in_place(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> boom(at = 3);
        let r = xs >> inc;
        (l, r)
    }
}

#[worker]
fn slow_at_five(x: i64) -> i64 {
    if x == 5 {
        thread::sleep(Duration::from_millis(20));
    }
    x
}

#[worker]
fn fails_at_three(x: i64) -> Result<i64, String> {
    if x == 3 { Err("three".into()) } else { Ok(x) }
}

pipeline! {
    fn one_fails_before_the_other_is_slow(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let all = xs >> slow_at_five;
        let some = all >> fails_at_three;
        (all, some)
    }
}

#[test]
fn an_output_that_has_stopped_holds_nobody_back() {
    within(60, || {
        for buffer in [1, 2, 4096] {
            let run = one_fails_before_the_other_is_slow(0..200).buffer(buffer);
            let (all, some) = run.on_fault(OnFault::Stop).collect();
            assert_eq!(all.len(), 200, "buffer {buffer}");
            assert_eq!(some.len(), 4, "buffer {buffer}");
        }
    });
}

#[test]
fn a_fault_stops_its_own_output_alone() {
    within(60, || {
        quiet();
        let (whole, cut) = ("1 2 3 4 5 6 7 8", "0 1 2 !boom#3[Panic]");
        for s in schedules() {
            let [a, b, _] = s.pools();
            let p =
                || tuned!(s, one_of_two_fails(0..8, a.clone(), b.clone())).on_fault(OnFault::Stop);
            let q = || {
                tuned!(s, other_of_two_fails(0..8, a.clone(), b.clone())).on_fault(OnFault::Stop)
            };
            let run = p().start().unwrap();
            assert_eq!([line(run.l), line(run.r)], [whole, cut], "{s}");
            let run = q().start().unwrap();
            assert_eq!([line(run.l), line(run.r)], [cut, whole], "{s}");
            assert_eq!(show(p().collect()), [whole, cut].join(" | "), "{s}");
            assert_eq!(show(q().collect()), [cut, whole].join(" | "), "{s}");
            assert_eq!(
                show(p().inline().collect()),
                [whole, cut].join(" | "),
                "{s}"
            );
            assert_eq!(
                show(q().inline().collect()),
                [cut, whole].join(" | "),
                "{s}"
            );
            let p = || one_of_two_in_place(0..8).on_fault(OnFault::Stop);
            let q = || other_of_two_in_place(0..8).on_fault(OnFault::Stop);
            assert_eq!(
                show(tuned!(s, p()).collect()),
                [whole, cut].join(" | "),
                "{s}"
            );
            assert_eq!(
                show(tuned!(s, q()).collect()),
                [cut, whole].join(" | "),
                "{s}"
            );
        }
    });
}

// ---------------------------------------------------------------- workers that steer their own run

/// The handle of the run that a worker belongs to.
type Seat = OnceLock<papy::Handle>;

#[worker]
fn steer(x: i64, #[param] seat: &Seat, #[param] how: usize) -> i64 {
    if x == 5 {
        let handle = seat.wait();
        match how {
            0 => handle.stop(),
            1 => handle.cancel(),
            2 => {
                handle.pause();
                handle.resume();
            }
            3 => assert!(handle.wait_timeout(Duration::from_millis(2)).is_none()),
            4 => assert!(!handle.is_finished()),
            _ => drop(handle.stats()),
        }
    }
    x
}

pipeline! {
    fn steered(xs: Stream<i64>, seat: Arc<Seat>, how: usize, a: Pool, b: Pool) -> Stream<i64> {
        xs >> steer(seat = seat, how = how).on(a) >> id.on(b)
    }
}

#[test]
fn a_worker_may_steer_its_own_run() {
    within(60, || {
        for s in schedules().into_iter().step_by(4) {
            for how in 0..6 {
                for inline in [false, true] {
                    let [a, b, _] = s.pools();
                    let seat = Arc::new(Seat::new());
                    let p = tuned!(s, steered(0..20, seat.clone(), how, a, b));
                    let run = if inline {
                        p.inline().start()
                    } else {
                        p.start()
                    }
                    .unwrap();
                    let _ = seat.set(run.handle());
                    let seen: Vec<_> = run.map(Result::unwrap).collect();
                    let whole: Vec<i64> = (0..20).collect();
                    assert!(whole.starts_with(&seen), "{how}: {seen:?}; {s}");
                    assert!(how < 2 || seen == whole, "{how}: {seen:?}; {s}");
                    assert!(how != 0 || seen.len() > 5, "{how}: {seen:?}; {s}");
                }
            }
        }
    });
}

#[worker]
fn drop_it(x: i64, #[param] own: &Mutex<Option<DroppingRun>>) -> i64 {
    if x == 5 {
        // what is in there is there before the first item
        drop(own.lock().unwrap().take());
    }
    x
}

pipeline! {
    fn dropping(xs: Stream<i64>, own: Arc<Mutex<Option<DroppingRun>>>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(b) >> drop_it(own = own).on(a) >> id.on(b)
    }
}

#[worker]
fn drop_it_in_time(x: i64, #[param] own: &Mutex<Option<DroppingInTimeRun>>) -> i64 {
    if x == 5 {
        drop(own.lock().unwrap().take());
    }
    x
}

pipeline! {
    fn dropping_in_time(xs: Stream<i64>, own: Arc<Mutex<Option<DroppingInTimeRun>>>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(b) >> drop_it_in_time(own = own).on(a).timeout(secs(60)) >> id.on(b)
    }
}

/// Who drops a run in one of its own calls does not wait for that call.
#[test]
fn a_worker_may_drop_its_own_run() {
    within(60, || {
        for s in schedules().into_iter().step_by(2) {
            macro_rules! drops {
                ($make:ident) => {
                    let [a, b, _] = s.pools();
                    let own = Arc::new(Mutex::new(None));
                    let (xs, pulled) = counted(0..);
                    let mut held = own.lock().unwrap();
                    let run = tuned!(s, $make(xs, own.clone(), a, b)).start().unwrap();
                    let handle = run.handle();
                    *held = Some(run);
                    drop(held);
                    let over = handle.wait_timeout(secs(5));
                    let report = over.unwrap_or_else(|| panic!("no end; {s}"));
                    assert!(report.was_cancelled() && handle.is_finished(), "{s}");
                    assert!(soon(|| Arc::strong_count(&own) == 1), "{s}");
                    assert!(pulled.load(SeqCst) > 5, "{s}");
                };
            }
            drops!(dropping);
            drops!(dropping_in_time);
        }
    });
}
