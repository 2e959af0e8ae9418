//! Every misdeed of user code at every place where user code stands, with order and without, on one thread and on many:
//! each costs the item that it belongs to, and no other.

#[macro_use]
mod common;

use std::fmt;
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use common::*;
use papy::prelude::*;
use papy::testing::Baseline;

// ---------------------------------------------------------------- what workers do

/// Items that go in.
const ITEMS: i64 = 12;
/// The one at which something happens.
const AT: i64 = 5;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    Nothing,
    /// An error.
    Error,
    /// An error that panics when it is shown.
    Unspeakable,
    /// A panic with a text, a `String`, a number, and with something that panics when it is dropped.
    Text,
    Owned,
    Number,
    Barbed,
    /// A panic inside of a caught panic.
    Twice,
    /// A panic with a lock held; whoever comes later finds it poisoned.
    Poison,
}

const DEEDS: [Deed; 9] = [
    Deed::Nothing,
    Deed::Error,
    Deed::Unspeakable,
    Deed::Text,
    Deed::Owned,
    Deed::Number,
    Deed::Barbed,
    Deed::Twice,
    Deed::Poison,
];

impl Deed {
    fn kind(self) -> Option<FaultKind> {
        match self {
            Deed::Nothing => None,
            Deed::Error | Deed::Unspeakable => Some(FaultKind::Error),
            _ => Some(FaultKind::Panic),
        }
    }
}

struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter) -> fmt::Result {
        panic!("on purpose, in display")
    }
}

impl fmt::Debug for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter) -> fmt::Result {
        panic!("on purpose, in debug")
    }
}

impl std::error::Error for Unspeakable {}

struct Barbed;

impl Drop for Barbed {
    fn drop(&mut self) {
        panic!("on purpose, a payload");
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What every worker here calls.
fn act(x: i64, deed: Deed, lock: &Mutex<i64>) -> Result<i64, Failure> {
    if x != AT {
        *lock.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        return Ok(x);
    }
    match deed {
        Deed::Nothing => {}
        Deed::Error => return Err("on purpose".into()),
        Deed::Unspeakable => return Err(Unspeakable.into()),
        Deed::Text => panic!("on purpose"),
        Deed::Owned => panic!("on purpose: {x}"),
        Deed::Number => panic_any(7),
        Deed::Barbed => panic_any(Barbed),
        Deed::Twice => {
            let inner = std::panic::catch_unwind(|| panic!("on purpose, inside"));
            panic_any(inner.unwrap_err());
        }
        Deed::Poison => {
            let _held = lock.lock().unwrap_or_else(PoisonError::into_inner);
            panic!("on purpose, with a lock held");
        }
    }
    Ok(x)
}

#[worker]
fn work(x: i64, #[param] deed: Deed, #[param] lock: &Mutex<i64>) -> Result<i64, Failure> {
    act(x, deed, lock)
}

#[worker]
fn both(x: i64, y: i64, #[param] deed: Deed, #[param] lock: &Mutex<i64>) -> Result<i64, Failure> {
    assert_eq!(x, y);
    act(x, deed, lock)
}

#[worker]
fn turn(
    seen: &mut i64,
    x: i64,
    #[param] deed: Deed,
    #[param] lock: &Mutex<i64>,
) -> Result<i64, Failure> {
    assert!(x >= *seen, "out of turn");
    *seen = x + 1;
    act(x, deed, lock)
}

#[worker]
fn swallow(x: i64, #[param] deed: Deed, #[param] lock: &Mutex<i64>) -> Result<(), Failure> {
    act(x, deed, lock).map(drop)
}

/// An iterator that does it when it is asked for its one element.
#[worker]
fn lazily(
    x: i64,
    #[param] deed: Deed,
    #[param] lock: &Arc<Mutex<i64>>,
) -> Result<impl Iterator<Item = i64> + Send + 'static + use<>, Failure> {
    let lock = lock.clone();
    if deed.kind() == Some(FaultKind::Error) {
        act(x, deed, &lock)?;
    }
    Ok(std::iter::once(x).map(move |x| act(x, deed, &lock).unwrap()))
}

#[worker]
fn pair(group: Vec<i64>, #[param] deed: Deed, #[param] lock: &Mutex<i64>) -> Result<i64, Failure> {
    let mut sum = 0;
    for x in group {
        sum += act(x, deed, lock)?;
    }
    Ok(sum)
}

#[worker]
fn total(
    sum: &mut i64,
    x: i64,
    #[param] deed: Deed,
    #[param] lock: &Mutex<i64>,
) -> Result<(), Failure> {
    *sum += act(x, deed, lock)?;
    Ok(())
}

/// A guard can't give an error: it panics instead.
fn guarded(x: i64, deed: Deed, lock: &Mutex<i64>) -> bool {
    act(x, deed, lock).unwrap_or_else(|_| panic!("on purpose, in a guard")) >= 0
}

// ---------------------------------------------------------------- where they do it

/// Declares the pipelines in both forms: as they are, and with `.unordered()` behind the nodes that are said to.
macro_rules! places {
    ($($name:ident $loose:ident |$xs:ident, $deed:ident, $lock:ident, $a:ident, $b:ident| {$($body:tt)*} {$($other:tt)*})+) => {$(
        pipeline! {
            fn $name($xs: Stream<i64>, $deed: Deed, $lock: Arc<Mutex<i64>>, $a: Pool, $b: Pool) -> Stream<i64> { $($body)* }
        }
        pipeline! {
            fn $loose($xs: Stream<i64>, $deed: Deed, $lock: Arc<Mutex<i64>>, $a: Pool, $b: Pool) -> Stream<i64> { $($other)* }
        }
    )+};
}

places! {
    first first_loose |xs, deed, lock, a, b|
        { xs >> work(deed = deed, lock = lock).on(a) >> id.on(b) }
        { xs >> work(deed = deed, lock = lock).on(a).unordered() >> id.on(b) }
    middle middle_loose |xs, deed, lock, a, b|
        { xs >> id.on(b) >> work(deed = deed, lock = lock).on(a) >> id.on(b) }
        { xs >> id.on(b).unordered() >> work(deed = deed, lock = lock).on(a) >> id.on(b) }
    last last_loose |xs, deed, lock, a, b|
        { xs >> id.on(b).serial() >> work(deed = deed, lock = lock).on(a) }
        { xs >> id.on(b).serial() >> work(deed = deed, lock = lock).on(a).unordered() }
    timed timed_loose |xs, deed, lock, a, b|
        { xs >> id.on(b) >> work(deed = deed, lock = lock).on(a).timeout(secs(60)) >> id.on(b) }
        { xs >> id.on(b).unordered() >> work(deed = deed, lock = lock).on(a).timeout(secs(60)).unordered() }
    again again_loose |xs, deed, lock, a, b|
        { xs >> id.on(b) >> work(deed = deed, lock = lock).on(a).retry(2) >> id.on(b) }
        { xs >> id.on(b) >> work(deed = deed, lock = lock).on(a).timeout(secs(60)).retry(2).unordered() }
    serial serial_loose |xs, deed, lock, a, b|
        { xs >> id.on(b) >> turn(deed = deed, lock = lock).serial().on(a).named("work") >> id.on(b) }
        { xs >> id.on(b).unordered() >> turn(deed = deed, lock = lock).serial().on(a).named("work") >> id.on(b).unordered() }
    branch branch_loose |xs, deed, lock, a, b|
        { (xs >> id.on(b), xs >> work(deed = deed, lock = lock).on(a)) >> (|x: i64, y: i64| x.max(y)) }
        { (xs >> id.on(b).unordered(), xs >> work(deed = deed, lock = lock).on(a).unordered()) >> (|x: i64, y: i64| x.max(y)) }
    join join_loose |xs, deed, lock, a, b|
        { (xs >> id.on(b), xs >> id.on(a)) >> both(deed = deed, lock = lock).on(a).named("work") }
        { (xs >> id.on(b), xs >> id.on(a)) >> both(deed = deed, lock = lock).on(a).named("work").unordered() }
    flat flat_loose |xs, deed, lock, a, b|
        { xs >> id.on(b) >> lazily(deed = deed, lock = lock).flat().on(a).named("work") >> id.on(b) }
        { xs >> id.on(b).unordered() >> lazily(deed = deed, lock = lock).flat().on(a).named("work") >> id.on(b).unordered() }
    guard guard_loose |xs, deed, lock, a, b|
        {
            match xs >> id.on(a) {
                x if guarded(x, deed, &lock) => x >> id.on(b).named("arm"),
                _ => skip,
            }
        }
        {
            match xs >> id.on(a) {
                x if guarded(x, deed, &lock) => x >> id.on(b).unordered().named("arm"),
                _ => skip,
            }
        }
    group group_loose |xs, deed, lock, a, b|
        { xs >> id.on(b) >> pair(deed = deed, lock = lock).consume(2).on(a).named("work") >> id.on(b) }
        { xs >> id.on(b).unordered() >> pair(deed = deed, lock = lock).consume(2).on(a).named("work") >> id.on(b).unordered() }
    fold fold_loose |xs, deed, lock, a, b|
        { xs >> id.on(b) >> total(deed = deed, lock = lock).fold().on(a).named("work") >> id.on(b) }
        { xs >> id.on(b).unordered() >> total(deed = deed, lock = lock).fold().on(a).named("work") }
    sink sink_loose |xs, deed, lock, a, b|
        { xs >> swallow(deed = deed, lock = lock).on(a).named("work"); xs >> id.on(b) }
        { let ys = xs >> id.on(b).unordered(); ys >> swallow(deed = deed, lock = lock).on(a).named("work"); ys >> id.on(b) }
}

/// What comes out of every 1:1 place: each item once, and for the one where it happened its fault.
fn one_for_one(deed: Deed) -> Vec<String> {
    (0..ITEMS)
        .map(|x| match deed.kind() {
            Some(kind) if x == AT => format!("work {x} {kind:?}"),
            _ => x.to_string(),
        })
        .collect()
}

fn of_guards(deed: Deed) -> Vec<String> {
    let mut want = one_for_one(deed);
    if deed.kind().is_some() {
        // which node a guard belongs to is left open; it is named all the same
        want[AT as usize] = format!("arm {AT} Panic");
    }
    want
}

fn of_groups(deed: Deed) -> Vec<String> {
    (0..ITEMS / 2)
        .map(|x| match deed.kind() {
            Some(kind) if x == AT / 2 => format!("work {} {kind:?}", 2 * x),
            _ => (4 * x + 1).to_string(),
        })
        .collect()
}

fn of_folds(deed: Deed) -> Vec<String> {
    let sum = (0..ITEMS).sum::<i64>();
    match deed.kind() {
        Some(kind) => vec![format!("work {AT} {kind:?}"), (sum - AT).to_string()],
        None => vec![sum.to_string()],
    }
}

fn of_sinks(_: Deed) -> Vec<String> {
    (0..ITEMS).map(|x| x.to_string()).collect()
}

/// Results as texts, without the words of errors, since some can't be shown.
fn texts(results: impl IntoIterator<Item = Result<i64, Fault>>) -> Vec<String> {
    let text = |result: Result<i64, Fault>| match result {
        Ok(x) => x.to_string(),
        Err(fault) => format!("{} {} {:?}", fault.node(), fault.input(), fault.kind()),
    };
    results.into_iter().map(text).collect()
}

/// Runs a place in every way; in the end the pools are as good as before.
macro_rules! try_place {
    ($name:ident, $ordered:expr, $want:expr, $pools:expr) => {
        for deed in DEEDS {
            let want: Vec<String> = $want(deed);
            let lock = Arc::new(Mutex::new(0));
            let make = || {
                let [a, b] = $pools;
                $name(0..ITEMS, deed, lock.clone(), a, b)
            };
            let check = |how: &str, results: Vec<Result<i64, Fault>>| {
                let (mut seen, mut want) = (texts(results), want.clone());
                if !$ordered {
                    seen.sort();
                    want.sort();
                }
                assert_eq!(
                    seen,
                    want,
                    "{}, {deed:?}, {how}, {:?}",
                    stringify!($name),
                    $pools
                );
            };
            check("inline", make().inline().collect());
            for stride in [1, 3, 100] {
                check("collected", make().stride(stride).collect());
                check("started", make().stride(stride).start().unwrap().collect());
                let report = make().stride(stride).run();
                let faults = u64::from(deed.kind().is_some());
                assert_eq!(
                    report.faults(),
                    faults,
                    "{}, {deed:?}: {report}",
                    stringify!($name)
                );
            }
        }
    };
}

#[test]
fn every_misdeed_at_every_place() {
    within(90, || {
        quiet();
        let before = Baseline::take();
        let sets = |threads| {
            let own = Pool::threads(threads);
            let mut sets = vec![[own.clone(), own.clone()]];
            if threads == 2 {
                sets.push([own.clone(), Pool::rayon()]);
                sets.push([own, Pool::inline()]);
            }
            sets
        };
        for threads in [1, 2, 8] {
            for pools in sets(threads) {
                let pools = || pools.clone();
                macro_rules! each {
                    ($($name:ident $loose:ident: $want:expr;)+) => {$(
                        try_place!($name, true, $want, pools());
                        try_place!($loose, false, $want, pools());
                    )+};
                }
                each! {
                    first first_loose: one_for_one;
                    middle middle_loose: one_for_one;
                    last last_loose: one_for_one;
                    timed timed_loose: one_for_one;
                    again again_loose: one_for_one;
                    serial serial_loose: one_for_one;
                    branch branch_loose: one_for_one;
                    join join_loose: one_for_one;
                    flat flat_loose: one_for_one;
                    guard guard_loose: of_guards;
                    group group_loose: of_groups;
                    fold fold_loose: of_folds;
                    sink sink_loose: of_sinks;
                }
            }
        }
        before.check().unwrap();
    });
}

/// At the source an error costs its item, a panic what would have come.
#[test]
fn every_misdeed_of_a_source() {
    within(60, || {
        quiet();
        for s in schedules().into_iter().step_by(3) {
            for deed in DEEDS {
                let lock = Arc::new(Mutex::new(0));
                let source = || {
                    let lock = lock.clone();
                    papy::source::fallible((0..ITEMS).map(move |x| act(x, deed, &lock)))
                };
                let make = || {
                    let [a, b, _] = s.pools();
                    tuned!(s, first(source(), Deed::Nothing, Arc::default(), a, b))
                };
                let mut want: Vec<_> = (0..ITEMS).map(|x| x.to_string()).collect();
                if let Some(kind) = deed.kind() {
                    want[AT as usize] = format!("xs {AT} Input");
                    if kind == FaultKind::Panic {
                        want.truncate(AT as usize + 1);
                    }
                }
                assert_eq!(texts(make().collect()), want, "{deed:?}; {s}");
                assert_eq!(texts(make().inline().collect()), want, "{deed:?}; {s}");
                let mut run = make().start().unwrap();
                assert_eq!(texts(run.by_ref()), want, "{deed:?}; {s}");
                assert!(run.next().is_none());
            }
        }
    });
}

// ---------------------------------------------------------------- what items do by themselves

/// What an item does when it is copied or dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Vice {
    None,
    /// The first copy panics, or the fourth.
    Copy(usize),
    /// It panics whenever it is dropped, but for during a panic, and so do its copies.
    Drop,
}

struct Thing {
    n: i64,
    vice: Vice,
    copies: Arc<AtomicUsize>,
    #[allow(dead_code, reason = "it is counted")]
    live: Live,
}

impl Clone for Thing {
    fn clone(&self) -> Self {
        let copies = self.copies.fetch_add(1, SeqCst) + 1;
        assert!(
            self.n != AT || self.vice != Vice::Copy(copies),
            "on purpose, a copy"
        );
        Thing {
            copies: self.copies.clone(),
            live: self.live.clone(),
            ..*self
        }
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        let panics = self.n == AT && self.vice == Vice::Drop && !thread::panicking();
        assert!(!panics, "on purpose, in drop");
    }
}

#[worker]
fn number(x: Thing) -> i64 {
    x.n
}

#[worker]
fn pass(x: Thing) -> Thing {
    x
}

#[worker]
fn nothing(x: Thing) -> Option<i64> {
    (x.n < 0).then_some(x.n)
}

#[worker]
fn either(x: Thing, y: Thing) -> i64 {
    assert_eq!(x.n, y.n);
    y.n
}

#[worker]
fn three(group: [Thing; 3]) -> i64 {
    group[0].n
}

#[worker]
fn latest(kept: &mut Option<Thing>, x: Thing) {
    *kept = Some(x);
}

#[worker]
fn gone(x: Thing) {
    drop(x);
}

pipeline! {
    fn things(xs: Stream<Thing>, a: Pool, b: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<i64>, Stream<Option<Thing>>) {
        let plain = xs >> number.on(a);
        let filtered = xs >> nothing.filter().on(b);
        let joined = (xs >> pass.on(a).unordered(), xs >> pass.on(b).serial()) >> either.on(a).ordered();
        let grouped = xs >> three.consume(3).on(b);
        let flat = xs >> (|x: Thing| [x]).flat().on(a) >> number.on(b);
        let routed = match xs {
            x if x.n % 2 == 0 => x >> number.on(b),
            x => x >> number.on(a),
        };
        let folded = xs >> latest.fold().on(a);
        xs >> gone.on(b);
        (plain, filtered, joined, grouped, flat, routed, folded)
    }
}

/// Whether results are what they were without the vice, but for faults in the place of number five.
fn is_spared(
    results: Vec<Result<i64, Fault>>,
    want: impl IntoIterator<Item = i64>,
    spoilt: usize,
) -> Result<usize, String> {
    let want: Vec<i64> = want.into_iter().collect();
    let mut faults = 0;
    let seen = texts(results);
    for (at, text) in seen.iter().enumerate() {
        if at == spoilt && text.ends_with("Panic") {
            faults += 1;
        } else if want.get(at).map(ToString::to_string).as_ref() != Some(text) {
            return Err(format!("{seen:?}, not {want:?}"));
        }
    }
    if seen.len() == want.len().max(faults) {
        Ok(faults)
    } else {
        Err(format!("{seen:?}, not {want:?}"))
    }
}

#[test]
fn every_vice_of_an_item() {
    within(90, || {
        quiet();
        for s in schedules().into_iter().step_by(2) {
            for vice in [Vice::None, Vice::Copy(1), Vice::Copy(4), Vice::Drop] {
                let tally = Tally::new();
                let source = || {
                    let tally = tally.clone();
                    (0..ITEMS).map(move |n| Thing {
                        n,
                        vice,
                        copies: Arc::default(),
                        live: tally.item(n),
                    })
                };
                let make = || {
                    let [a, b, _] = s.pools();
                    tuned!(s, things(source(), a, b))
                };
                let about = format!("{vice:?}; {s}");
                let mut run = make().start().unwrap();
                let folded: Vec<_> = run.folded.by_ref().collect();
                let fold_faults = folded.iter().filter(|x| x.is_err()).count();
                assert_eq!(folded.len(), 1 + fold_faults, "{about}");
                assert_eq!(
                    folded.last().unwrap().as_ref().unwrap().as_ref().unwrap().n,
                    ITEMS - 1,
                    "{about}"
                );
                let mut faults = fold_faults;
                let at = AT as usize;
                for (name, output, want, spoilt) in [
                    ("flat", &mut run.flat, (0..ITEMS).collect::<Vec<_>>(), at),
                    ("plain", &mut run.plain, (0..ITEMS).collect(), at),
                    ("filtered", &mut run.filtered, Vec::new(), 0),
                    (
                        "grouped",
                        &mut run.grouped,
                        (0..ITEMS).step_by(3).collect(),
                        at / 3,
                    ),
                    ("routed", &mut run.routed, (0..ITEMS).collect(), at),
                    ("joined", &mut run.joined, (0..ITEMS).collect(), at),
                ] {
                    faults += is_spared(output.collect(), want, spoilt)
                        .unwrap_or_else(|why| panic!("{name}, {about}: {why}"));
                }
                let report = run.join().unwrap();
                let sunk = report.node("gone").unwrap().faults() as usize;
                match vice {
                    Vice::None => assert_eq!(faults + sunk, 0, "{about}: {report}"),
                    Vice::Copy(_) => assert_eq!(faults + sunk, 1, "{about}: {report}"),
                    // each of them drops one
                    Vice::Drop => assert!(faults + sunk >= 6, "{about}: {report}"),
                }
                drop(folded);
                assert_eq!(tally.live(), 0, "{about}");

                // thrown away at any time
                let mut run = make().start().unwrap();
                run.plain.by_ref().take(AT as usize + 1).for_each(drop);
                run.handle().cancel();
                drop(run);
                drop(make().start().unwrap());
                let mut run = make().start().unwrap();
                run.routed.by_ref().for_each(drop);
                drop((run.grouped, run.folded));
                assert!(run.flat.count() >= ITEMS as usize - 1);
                drop(make().run());
                drop(make().inline().run());
                assert!(soon(|| tally.live() == 0), "{about}: {} live", tally.live());
            }
        }
    });
}

/// Waits at a gate when it is dropped.
struct Clinging {
    n: i64,
    gate: Arc<Gate>,
    inside: Arc<AtomicUsize>,
}

impl Drop for Clinging {
    fn drop(&mut self) {
        if self.n == AT {
            self.inside.fetch_add(1, SeqCst);
            self.gate.pass();
        }
    }
}

#[worker]
fn let_go(x: Clinging) -> i64 {
    x.n
}

pipeline! {
    fn clinging(xs: Stream<Clinging>, a: Pool) -> Stream<i64> {
        xs >> let_go.on(a)
    }
}

/// Who drops an item that blocks is held up, and nobody else.
#[test]
fn an_item_whose_drop_blocks() {
    within(60, || {
        for pool in [Pool::threads(2), Pool::threads(8)] {
            for end in 0..3 {
                let (gate, inside) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
                let (closed, count) = (gate.clone(), inside.clone());
                let xs = (0..ITEMS).map(move |n| Clinging {
                    n,
                    gate: closed.clone(),
                    inside: count.clone(),
                });
                let (xs, pulled) = counted(xs);
                let mut run = clinging(xs, pool.clone()).stride(1).start().unwrap();
                assert!(run.by_ref().take(AT as usize).all(|x| x.is_ok()));
                assert!(soon(
                    || inside.load(SeqCst) == 1 && pulled.load(SeqCst) == ITEMS as usize
                ));
                assert!(run.try_next().is_pending());
                let handle = run.handle();
                match end {
                    0 => promptly("stop", || handle.stop()),
                    1 => promptly("cancel", || handle.cancel()),
                    _ => assert!(handle.wait_timeout(millis(1)).is_none()),
                }
                let opener = thread::spawn(move || gate.open());
                let rest = run.count() as i64;
                opener.join().unwrap();
                assert!(handle.wait_timeout(secs(5)).is_some());
                assert_eq!(rest, if end == 1 { 0 } else { ITEMS - AT }, "{end}");
            }
        }
    });
}
