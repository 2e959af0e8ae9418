//! Random inputs, mishaps and schedules: every way of running gives what `inline` and a plain loop give.

#[macro_use]
mod common;

use common::*;
use papy::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

// ---------------------------------------------------------------- mishaps

/// What goes wrong at a node: the items whose remainder by seven is in a set fail, panic or are left out.
#[derive(Clone, Copy, Debug)]
struct Plan {
    fail: u8,
    panic: u8,
    skip: u8,
}

/// What a node does with an item.
#[derive(Clone, Copy, PartialEq)]
enum Deed {
    Pass,
    Fail,
    Panic,
    Skip,
}

impl Plan {
    fn deed(&self, x: i64) -> Deed {
        let bit = 1 << x.rem_euclid(7);
        match () {
            () if self.fail & bit != 0 => Deed::Fail,
            () if self.panic & bit != 0 => Deed::Panic,
            () if self.skip & bit != 0 => Deed::Skip,
            () => Deed::Pass,
        }
    }
}

fn step(x: i64, by: i64, plan: &Plan) -> Result<Option<i64>, String> {
    match plan.deed(x) {
        Deed::Pass => Ok(Some(toil(x) + by)),
        Deed::Fail => Err(format!("{x} fails")),
        Deed::Panic => panic!("on purpose: {x}"),
        Deed::Skip => Ok(None),
    }
}

#[worker]
fn node(x: i64, #[param] by: i64, #[param] plan: &Plan) -> Result<Option<i64>, String> {
    step(x, by, plan)
}

#[worker]
fn join(x: i64, y: i64, #[param] plan: &Plan) -> Result<Option<i64>, String> {
    step(x - y, y, plan)
}

/// Adds up what passes.
#[worker]
fn account(total: &mut i64, x: i64, #[param] plan: &Plan) -> Result<i64, String> {
    *total += step(x, 0, plan)?.unwrap_or(0);
    Ok(*total)
}

#[worker]
fn gather(total: &mut i64, x: i64) {
    *total = *total * 3 + x;
}

// ---------------------------------------------------------------- the oracle

/// A slot: a value, a hole, or the origins of a fault.
#[derive(Clone, Debug)]
enum Slot {
    Value(i64),
    Hole,
    Fault(Vec<String>),
}

use Slot::{Fault as Bad, Hole, Value};

/// What a call makes of a slot; `Err(true)` stands for a panic.
fn outcome(name: &str, at: usize, result: Result<Option<i64>, bool>) -> Slot {
    match result {
        Ok(Some(x)) => Value(x),
        Ok(None) => Hole,
        Err(false) => Bad(vec![format!("{name}#{at}")]),
        Err(true) => Bad(vec![format!("{name}#{at}[Panic]")]),
    }
}

/// A node of the oracle, over slots.
fn apply(
    name: &str,
    slots: &[Slot],
    mut f: impl FnMut(i64) -> Result<Option<i64>, bool>,
) -> Vec<Slot> {
    let one = |(at, slot): (usize, &Slot)| match slot {
        Value(x) => outcome(name, at, f(*x)),
        other => other.clone(),
    };
    slots.iter().enumerate().map(one).collect()
}

/// What [`step`] does, without panicking.
fn oracle(x: i64, by: i64, plan: &Plan) -> Result<Option<i64>, bool> {
    match plan.deed(x) {
        Deed::Pass => Ok(Some(x + by)),
        Deed::Fail => Err(false),
        Deed::Panic => Err(true),
        Deed::Skip => Ok(None),
    }
}

fn nodes(name: &str, slots: &[Slot], by: i64, plan: &Plan) -> Vec<Slot> {
    apply(name, slots, |x| oracle(x, by, plan))
}

fn accounts(name: &str, slots: &[Slot], plan: &Plan) -> Vec<Slot> {
    let mut total = 0;
    apply(name, slots, |x| {
        total += oracle(x, 0, plan)?.unwrap_or(0);
        Ok(Some(total))
    })
}

fn joins(
    name: &str,
    xs: &[Slot],
    ys: &[Slot],
    f: impl Fn(i64, i64) -> Result<Option<i64>, bool>,
) -> Vec<Slot> {
    let mut all = Vec::new();
    for (at, (x, y)) in xs.iter().zip(ys).enumerate() {
        all.push(match (x, y) {
            (Bad(x), Bad(y)) => {
                let new = y.iter().filter(|origin| !x.contains(origin));
                Bad(x.iter().chain(new).cloned().collect())
            }
            (Bad(x), _) | (_, Bad(x)) => Bad(x.clone()),
            (Hole, _) | (_, Hole) => Hole,
            (Value(x), Value(y)) => outcome(name, at, f(*x, *y)),
        });
    }
    // The first slot without a partner; where it is a fault itself, that goes along.
    let len = all.len();
    if let Some(slot) = xs.get(len).or(ys.get(len)) {
        let mut origins = vec![format!("{name}#{len}[Unequal]")];
        if let Bad(more) = slot {
            origins.extend(more.clone());
        }
        all.push(Bad(origins));
    }
    all
}

/// The faults, then the total of the values.
fn gathered(slots: &[Slot]) -> Vec<Slot> {
    let mut total = 0;
    let mut all = Vec::new();
    for slot in slots {
        match slot {
            Value(x) => gather(&mut total, *x),
            Hole => (),
            Bad(_) => all.push(slot.clone()),
        }
    }
    all.push(Value(total));
    all
}

fn inputs(items: &[i64]) -> Vec<Slot> {
    items.iter().map(|x| Value(*x)).collect()
}

/// The slots as [`show`] shows results.
fn text(slots: &[Slot]) -> String {
    let texts = slots.iter().filter_map(|slot| match slot {
        Value(x) => Some(x.to_string()),
        Hole => None,
        Bad(origins) => Some(format!("!{}", origins.join("+"))),
    });
    texts.collect::<Vec<_>>().join(" ")
}

// ---------------------------------------------------------------- random cases

/// A way of running.
#[derive(Clone, Debug)]
struct Way {
    stride: Option<usize>,
    buffer: Option<usize>,
    pools: usize,
}

impl Way {
    fn pools(&self) -> [Pool; 3] {
        pool_sets()[self.pools].1.clone()
    }
}

fn ways() -> impl Strategy<Value = Way> {
    let some = |most| proptest::option::weighted(0.8, 1..=most);
    (some(20usize), some(50usize), 0..pool_sets().len()).prop_map(|(stride, buffer, pools)| Way {
        stride,
        buffer,
        pools,
    })
}

fn plans() -> impl Strategy<Value = Plan> {
    // Most remainders pass.
    let set = || (0u8..128, 0u8..128, 0u8..128).prop_map(|(x, y, z)| x & y & z);
    (set(), set(), set()).prop_map(|(fail, panic, skip)| Plan { fail, panic, skip })
}

fn items() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::vec(-1000i64..1000, 0..120)
}

/// Checks `test` for random values of `strategy`.
fn check<S: Strategy>(cases: u32, strategy: S, test: impl Fn(S::Value))
where
    S::Value: std::fmt::Debug,
{
    quiet();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let run = |value| {
        test(value);
        Ok(())
    };
    if let Err(failure) = TestRunner::new(config).run(&strategy, run) {
        panic!("{failure}");
    }
}

/// Inline, collected and started, a pipeline gives the expected text.
macro_rules! same {
    ($way:expr, |$a:ident, $b:ident, $c:ident| $make:expr => $want:expr) => {{
        let [$a, $b, $c] = $way.pools();
        let want = $want;
        assert_eq!(show($make.inline().collect()), want, "inline");
        assert_eq!(show(tuned!($way, $make).collect()), want, "collected");
        assert_eq!(line(tuned!($way, $make).start().unwrap()), want, "started");
    }};
}

const CASES: u32 = 150;

// ---------------------------------------------------------------- topologies

pipeline! {
    fn chain(xs: Stream<i64>, p: Plan, q: Plan, r: Plan, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> node(by = 1, plan = p).filter().on(a) >> node(by = 2, plan = q).filter().on(b)
            >> node(by = 3, plan = r).filter().on(c)
    }
}

#[test]
fn chains() {
    within(60, || {
        check(
            CASES,
            (items(), plans(), plans(), plans(), ways()),
            |(xs, p, q, r, way)| {
                let slots = nodes("node", &inputs(&xs), 1, &p);
                let slots = nodes("node#2", &slots, 2, &q);
                let slots = nodes("node#3", &slots, 3, &r);
                same!(way, |a, b, c| chain(xs.clone(), p, q, r, a.clone(), b.clone(), c.clone()) => text(&slots));
            },
        );
    });
}

pipeline! {
    fn diamond(xs: Stream<i64>, p: Plan, q: Plan, r: Plan, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let up = xs >> node(by = 1, plan = p).filter().on(a).named("up");
        let long = up >> node(by = 2, plan = q).filter().on(b).named("long") >> inc.on(c).serial() >> inc.on(a);
        let short = up >> node(by = 3, plan = r).filter().on(c).named("short");
        (long, short) >> join(plan = q).filter().on(b)
    }
}

#[test]
fn diamonds_with_unequal_paths() {
    within(60, || {
        check(
            CASES,
            (items(), plans(), plans(), plans(), ways()),
            |(xs, p, q, r, way)| {
                let up = nodes("up", &inputs(&xs), 1, &p);
                let long = apply("inc", &nodes("long", &up, 2, &q), |x| Ok(Some(x + 2)));
                let slots = joins("join", &long, &nodes("short", &up, 3, &r), |x, y| {
                    oracle(x - y, y, &q)
                });
                same!(way, |a, b, c| diamond(xs.clone(), p, q, r, a.clone(), b.clone(), c.clone()) => text(&slots));
            },
        );
    });
}

pipeline! {
    fn two_inputs(xs: Stream<i64>, ys: Stream<i64>, p: Plan, q: Plan, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let left = xs >> node(by = 1, plan = p).filter().on(a).named("left");
        let right = ys >> inc.on(c) >> node(by = 2, plan = q).filter().on(b).named("right");
        (left, right) >> join(plan = p).filter().on(c)
    }
}

#[test]
fn two_inputs_of_any_length() {
    within(60, || {
        check(
            CASES,
            (items(), items(), any::<bool>(), plans(), plans(), ways()),
            |(xs, mut ys, level, p, q, way)| {
                if level {
                    ys.resize(xs.len(), 5);
                }
                let left = nodes("left", &inputs(&xs), 1, &p);
                let right = nodes(
                    "right",
                    &apply("inc", &inputs(&ys), |y| Ok(Some(y + 1))),
                    2,
                    &q,
                );
                let slots = joins("join", &left, &right, |x, y| oracle(x - y, y, &p));
                same!(way, |a, b, c| two_inputs(xs.clone(), ys.clone(), p, q, a.clone(), b.clone(), c.clone()) => text(&slots));
            },
        );
    });
}

pipeline! {
    fn two_outputs(xs: Stream<i64>, p: Plan, q: Plan, a: Pool, b: Pool, c: Pool) -> (Stream<i64>, Stream<i64>) {
        let kept = xs >> node(by = 1, plan = p).filter().on(a).named("kept");
        let more = (kept, xs >> inc.serial().on(b)) >> join(plan = q).filter().on(c);
        (kept, more)
    }
}

#[test]
fn forks_to_two_outputs() {
    within(60, || {
        let strategy = (
            items(),
            plans(),
            plans(),
            ways(),
            proptest::collection::vec(any::<bool>(), 0..80),
        );
        check(CASES, strategy, |(xs, p, q, way, turns)| {
            let [a, b, c] = way.pools();
            let make = || two_outputs(xs.clone(), p, q, a.clone(), b.clone(), c.clone());
            let kept = nodes("kept", &inputs(&xs), 1, &p);
            let more = apply("inc", &inputs(&xs), |x| Ok(Some(x + 1)));
            let more = joins("join", &kept, &more, |x, y| oracle(x - y, y, &q));
            let want = [text(&kept), text(&more)].join(" | ");
            assert_eq!(show(make().inline().collect()), want, "inline");
            assert_eq!(show(tuned!(way, make()).collect()), want, "collected");
            let mut run = tuned!(way, make()).start().unwrap();
            let (mut kept, mut more) = (Vec::new(), Vec::new());
            for turn in turns {
                if turn {
                    kept.extend(run.kept.next());
                } else {
                    more.extend(run.more.next());
                }
            }
            more.extend(run.more);
            kept.extend(run.kept);
            assert_eq!(show((kept, more)), want, "started, read by turns");
        });
    });
}

pipeline! {
    fn ledger(xs: Stream<i64>, p: Plan, q: Plan, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        let safe = xs >> node(by = 1, plan = p).filter().on(a);
        let totals = safe >> account(plan = q).serial().on(b);
        (totals, safe >> neg.on(c)) >> sum >> gather.fold().on(c)
    }
}

#[test]
fn serial_nodes_and_folds() {
    within(60, || {
        check(
            CASES,
            (items(), plans(), plans(), ways()),
            |(mut xs, p, q, way)| {
                // The fold multiplies by three, item for item.
                xs.truncate(20);
                let safe = nodes("node", &inputs(&xs), 1, &p);
                let totals = accounts("account", &safe, &q);
                let minus = apply("neg", &safe, |x| Ok(Some(-x)));
                let slots = gathered(&joins("sum", &totals, &minus, |x, y| Ok(Some(x + y))));
                same!(way, |a, b, c| ledger(xs.clone(), p, q, a.clone(), b.clone(), c.clone()) => text(&slots));
            },
        );
    });
}

// ---------------------------------------------------------------- life cycle

#[test]
fn a_stop_anywhere_loses_nothing() {
    within(60, || {
        check(
            CASES,
            (items(), plans(), 0usize..100, ways()),
            |(xs, p, taken, way)| {
                let [a, b, c] = way.pools();
                let none = Plan {
                    fail: 0,
                    panic: 0,
                    skip: 0,
                };
                let (source, pulled) = counted(xs.clone());
                let p = Plan { skip: 0, ..p };
                let mut run = tuned!(way, chain(source, p, none, none, a, b, c))
                    .start()
                    .unwrap();
                let mut seen: Vec<_> = run.by_ref().take(taken).collect();
                run.handle().stop();
                seen.extend(run);
                let pulled = pulled.load(std::sync::atomic::Ordering::SeqCst);
                assert_eq!(seen.len(), pulled);
                let slots = apply("inc", &nodes("node", &inputs(&xs[..pulled]), 1, &p), |x| {
                    Ok(Some(x + 5))
                });
                assert_eq!(show(seen), text(&slots));
            },
        );
    });
}

#[test]
fn a_drop_anywhere_drops_everything_once() {
    within(60, || {
        check(
            CASES,
            (0i64..100, 0usize..100, ways()),
            |(len, taken, way)| {
                let [a, b, _] = way.pools();
                let tally = Tally::new();
                let mine = tally.clone();
                let mut run = tuned!(way, lives((0..len).map(move |n| mine.item(n)), a, b))
                    .start()
                    .unwrap();
                let seen: Vec<_> = run.all.by_ref().take(taken).collect();
                assert_eq!(seen.len(), taken.min(len as usize));
                drop(run);
                assert_eq!(tally.live(), seen.len());
                drop(seen);
                assert_eq!(tally.live(), 0);
            },
        );
    });
}

#[worker]
fn pass(x: Live) -> Live {
    x
}

#[worker]
fn third(x: Live) -> Option<Live> {
    (*x % 3 == 0).then_some(x)
}

pipeline! {
    fn lives(xs: Stream<Live>, a: Pool, b: Pool) -> (Stream<Live>, Stream<Live>) {
        let all = xs >> pass.on(a) >> pass.serial();
        let some = all >> third.filter().on(b);
        (all, some)
    }
}
