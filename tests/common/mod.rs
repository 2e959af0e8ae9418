//! What the integration tests share: workers, schedules, time limits, counted items, results as text.
#![allow(dead_code, unused_macros, unused_imports)]

use std::fmt::{self, Debug};
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, Once};
use std::thread;
use std::time::{Duration, Instant};

pub mod guard;

pub use guard::{failing, within, within_unwatched};
use papy::prelude::*;
pub use papy::testing::Tally;

// ---------------------------------------------------------------- workers

/// The error of [`inv`].
#[derive(Debug, PartialEq)]
pub struct DivByZero;

impl fmt::Display for DivByZero {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("division by zero")
    }
}

impl std::error::Error for DivByZero {}

#[worker]
pub fn inc(x: i64) -> i64 {
    x + 1
}

#[worker]
pub fn dbl(x: i64) -> i64 {
    x * 2
}

#[worker]
pub fn sqr(x: i64) -> i64 {
    x * x
}

#[worker]
pub fn neg(x: i64) -> i64 {
    -x
}

#[worker]
pub fn id(x: i64) -> i64 {
    x
}

#[worker]
pub fn inv(x: i64) -> Result<i64, DivByZero> {
    if x == 0 { Err(DivByZero) } else { Ok(10 / x) }
}

#[worker]
pub fn even(x: i64) -> Option<i64> {
    (x % 2 == 0).then_some(x)
}

#[worker]
pub fn cat(x: i64, y: i64) -> Vec<i64> {
    vec![x, y]
}

#[worker]
pub fn cat3(x: i64, y: i64, z: i64) -> Vec<i64> {
    vec![x, y, z]
}

#[worker]
pub fn sum(x: i64, y: i64) -> i64 {
    x + y
}

/// The sum so far.
#[worker]
pub fn running(total: &mut i64, x: i64) -> i64 {
    *total += x;
    *total
}

#[worker]
pub fn add(total: &mut i64, x: i64) {
    *total += x;
}

/// Panics on `at`, quietly.
#[worker]
pub fn boom(x: i64, #[param] at: i64) -> i64 {
    assert!(x != at, "on purpose: {x}");
    x
}

// ---------------------------------------------------------------- schedules

/// One way of running a pipeline of up to three pools.
pub struct Schedule {
    pools: PoolSet,
    pub stride: Option<usize>,
    pub buffer: Option<usize>,
}

impl Schedule {
    pub fn pools(&self) -> [Pool; 3] {
        self.pools.1.clone()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "pools: {}, stride: {:?}, buffer: {:?}",
            self.pools.0, self.stride, self.buffer
        )
    }
}

/// Pools for up to three places, by name.
type PoolSet = (&'static str, [Pool; 3]);

/// Every assignment of pools that the tests know. A test has one of each, until its end.
pub fn pool_sets() -> Vec<PoolSet> {
    static SETS: Mutex<Vec<PoolSet>> = Mutex::new(Vec::new());
    let mut sets = SETS.lock().unwrap();
    if sets.is_empty() {
        *sets = new_pool_sets();
        guard::at_end(|| SETS.lock().unwrap().clear());
    }
    sets.clone()
}

fn new_pool_sets() -> Vec<PoolSet> {
    let same = |pool: Pool| [pool.clone(), pool.clone(), pool];
    let given = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    let given = Arc::new(given.expect("threads"));
    vec![
        ("default", same(Pool::rayon())),
        ("one of 1", same(Pool::threads(1))),
        ("one of 2, given", same(Pool::from(given))),
        ("one of 8", same(Pool::threads(8))),
        (
            "each its own",
            [Pool::threads(1), Pool::threads(2), Pool::threads(3)],
        ),
        ("inline", same(Pool::inline())),
        ("mixed", [Pool::threads(2), Pool::rayon(), Pool::inline()]),
    ]
}

/// Pools x strides x buffers.
pub fn schedules() -> Vec<Schedule> {
    let mut all = Vec::new();
    for pools in pool_sets() {
        for stride in [None, Some(1), Some(2), Some(7), Some(1000)] {
            for buffer in [None, Some(1), Some(3)] {
                all.push(Schedule {
                    pools: pools.clone(),
                    stride,
                    buffer,
                });
            }
        }
    }
    all
}

/// A pipeline with a schedule's stride and buffer.
macro_rules! tuned {
    ($schedule:expr, $make:expr) => {{
        let p = $make;
        let p = match $schedule.stride {
            Some(n) => p.stride(n),
            None => p,
        };
        match $schedule.buffer {
            Some(n) => p.buffer(n),
            None => p,
        }
    }};
}

/// Runs one pipeline inline and under every schedule, collected and started; each must give the expected text.
///
/// `matrix!(|a, b, c| pipeline(input, a, b, c) => "text")`, and for several outputs
/// `matrix!(|a, b, c| pipeline(input, a, b, c) => [left, right] "text | text")`, which are read in step, one
/// after the other, and the first one last.
macro_rules! matrix {
    (|$a:ident, $b:ident, $c:ident| $make:expr => [$first:ident $(, $rest:ident)+] $want:expr) => {{
        matrix!(@collect |$a, $b, $c| $make => $want);
        let want = String::from($want);
        for schedule in $crate::common::schedules() {
            let start = || {
                #[allow(unused_variables)]
                let [$a, $b, $c] = schedule.pools();
                tuned!(schedule, $make).start().expect("threads")
            };

            let mut run = start();
            let mut $first = Vec::new();
            $(let mut $rest = Vec::new();)+
            loop {
                let before = $first.len() $(+ $rest.len())+;
                $first.extend(run.$first.next());
                $($rest.extend(run.$rest.next());)+
                if before == $first.len() $(+ $rest.len())+ {
                    break;
                }
            }
            let text = [$crate::common::show($first), $($crate::common::show($rest)),+].join(" | ");
            assert_eq!(text, want, "started, read in step; {schedule}");

            let mut run = start();
            let text = [$crate::common::line(&mut run.$first), $($crate::common::line(&mut run.$rest)),+].join(" | ");
            assert_eq!(text, want, "started, read in turn; {schedule}");

            let mut run = start();
            $(let $rest = $crate::common::line(&mut run.$rest);)+
            let $first = $crate::common::line(&mut run.$first);
            assert_eq!([$first, $($rest),+].join(" | "), want, "started, first output read last; {schedule}");
        }
    }};
    (|$a:ident, $b:ident, $c:ident| $make:expr => $want:expr) => {{
        matrix!(@collect |$a, $b, $c| $make => $want);
        let want = String::from($want);
        for schedule in $crate::common::schedules() {
            #[allow(unused_variables)]
            let [$a, $b, $c] = schedule.pools();
            let run = tuned!(schedule, $make).start().expect("threads");
            assert_eq!($crate::common::line(run), want, "started; {schedule}");
        }
    }};
    (@collect |$a:ident, $b:ident, $c:ident| $make:expr => $want:expr) => {{
        let want = String::from($want);
        for schedule in $crate::common::schedules() {
            #[allow(unused_variables)]
            let [$a, $b, $c] = schedule.pools();
            assert_eq!($crate::common::show(tuned!(schedule, $make).inline().collect()), want, "inline; {schedule}");
            #[allow(unused_variables)]
            let [$a, $b, $c] = schedule.pools();
            assert_eq!($crate::common::show(tuned!(schedule, $make).collect()), want, "collected; {schedule}");
        }
    }};
}

/// `name: |a, b, c| pipeline(input, a, b, c) => "text";` makes a test of the whole matrix.
macro_rules! vectors {
    ($($name:ident: |$a:ident, $b:ident, $c:ident| $make:expr => $([$($out:ident),+])? $want:literal;)+) => {$(
        #[test]
        fn $name() {
            $crate::common::within(60, || {
                $crate::common::quiet();
                matrix!(|$a, $b, $c| $make => $([$($out),+])? $want);
            });
        }
    )+};
}

// ---------------------------------------------------------------- results as text

/// What `collect()` gives, as one line: `11 !inv#1 3`, several outputs separated by ` | `.
pub trait Shown {
    fn shown(&self) -> String;
}

impl<T: Debug> Shown for Vec<Result<T, Fault>> {
    fn shown(&self) -> String {
        self.iter().map(item).collect::<Vec<_>>().join(" ")
    }
}

impl<A: Shown, B: Shown> Shown for (A, B) {
    fn shown(&self) -> String {
        [self.0.shown(), self.1.shown()].join(" | ")
    }
}

impl<A: Shown, B: Shown, C: Shown> Shown for (A, B, C) {
    fn shown(&self) -> String {
        [self.0.shown(), self.1.shown(), self.2.shown()].join(" | ")
    }
}

/// What was collected, as text.
pub fn show(results: impl Shown) -> String {
    results.shown()
}

/// A run or an output read to its end, as text.
pub fn line<T: Debug>(results: impl Iterator<Item = Result<T, Fault>>) -> String {
    results.collect::<Vec<_>>().shown()
}

/// One item: the value without blanks after commas, or `!node#position`.
pub fn item<T: Debug>(result: &Result<T, Fault>) -> String {
    match result {
        Ok(value) => format!("{value:?}").replace(", ", ","),
        Err(fault) => fault_text(fault),
    }
}

/// `!node#position`, other origins after `+`, the kind in brackets unless it is `Error`.
pub fn fault_text(fault: &Fault) -> String {
    let mut text = format!("!{}", origin(fault));
    for other in fault.others() {
        text += &format!("+{}", origin(other));
    }
    text
}

fn origin(fault: &Fault) -> String {
    let kind = match fault.kind() {
        FaultKind::Error => String::new(),
        kind => format!("[{kind:?}]"),
    };
    format!("{}#{}{kind}", fault.node(), fault.input())
}

/// Results as text, faults by their kind alone: `1 !Unequal`. For faults whose position no rule tells.
pub fn kinds<T: Debug>(results: impl IntoIterator<Item = Result<T, Fault>>) -> String {
    let text = |result: Result<T, Fault>| match &result {
        Ok(_) => item(&result),
        Err(fault) => format!("!{:?}", fault.kind()),
    };
    results.into_iter().map(text).collect::<Vec<_>>().join(" ")
}

/// The results of `.indexed()` as text: `0:10 2:!inv#2`.
pub fn placed<T: Debug>(results: impl Iterator<Item = (u64, Result<T, Fault>)>) -> String {
    let text = |(at, result): (u64, Result<T, Fault>)| format!("{at}:{}", item(&result));
    results.map(text).collect::<Vec<_>>().join(" ")
}

/// The values alone, sorted: for streams whose order is free.
pub fn sorted<T: Ord>(results: impl IntoIterator<Item = Result<T, Fault>>) -> Vec<T> {
    let mut values: Vec<T> = results.into_iter().map(Result::unwrap).collect();
    values.sort();
    values
}

/// A node's counts in a report: items in, items out, faults, holes.
pub fn counts(report: &papy::Report, node: &str) -> [u64; 4] {
    for n in report.nodes() {
        if n.name() == node {
            return [n.items_in(), n.items_out(), n.faults(), n.holes()];
        }
    }
    panic!("no node {node} in the report")
}

/// An input's position in a report.
pub fn position(report: &papy::Report, input: &str) -> u64 {
    for i in report.inputs() {
        if i.name() == input {
            return i.position();
        }
    }
    panic!("no input {input} in the report")
}

// ---------------------------------------------------------------- limits

/// Runs the body of the test `name`, which has a process of its own already.
pub fn alone(_name: &str, body: impl FnOnce()) {
    body();
}

/// Threads of this process, where the system says so.
pub fn threads() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let count = status
        .lines()
        .find_map(|line| line.strip_prefix("Threads:"))?;
    count.trim().parse().ok()
}

/// Waits until a condition holds, at most two seconds; says whether it does.
pub fn soon(mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !holds() {
        if start.elapsed() > Duration::from_secs(2) {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Runs something that must take less than two seconds.
pub fn promptly<R>(what: &str, f: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = f();
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{what} took {:?}",
        start.elapsed()
    );
    result
}

/// Keeps panics that are meant (with "on purpose" in the text, by zero, or without text) out of the tests' output.
pub fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let payload = info.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or(payload.downcast_ref::<String>().map(String::as_str));
            let meant = |text: &str| text.contains("on purpose") || text.contains("divide by zero");
            let meant = text.is_none_or(meant);
            if !meant {
                loud(info);
            }
        }));
    });
}

// ---------------------------------------------------------------- things that are counted

/// A number that is counted.
pub type Live = papy::testing::Live<i64>;

/// An iterator and the number of items that were pulled from it.
pub fn counted<I: IntoIterator>(
    items: I,
) -> (impl Iterator<Item = I::Item> + use<I>, Arc<AtomicUsize>) {
    let pulled = Arc::new(AtomicUsize::new(0));
    let count = pulled.clone();
    let items = items.into_iter().inspect(move |_| {
        count.fetch_add(1, SeqCst);
    });
    (items, pulled)
}

/// How many calls are inside, and were at most.
#[derive(Debug, Default)]
pub struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    /// Counts a call that lasts as long as `f`.
    pub fn measure<R>(&self, f: impl FnOnce() -> R) -> R {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
        let result = f();
        self.now.fetch_sub(1, SeqCst);
        result
    }

    pub fn most(&self) -> usize {
        self.most.load(SeqCst)
    }
}

/// Closed until somebody opens it.
#[derive(Debug, Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub fn new() -> Arc<Gate> {
        Arc::default()
    }

    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    pub fn pass(&self) {
        drop(
            self.opened
                .wait_while(self.open.lock().unwrap(), |open| !*open)
                .unwrap(),
        );
    }
}

/// Some work of uneven size, the same for the same number.
pub fn toil(x: i64) -> i64 {
    let mut seed = x as u64;
    for _ in 0..(x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54 {
        seed = std::hint::black_box(seed.rotate_left(7) ^ 0x55);
    }
    std::hint::black_box(seed);
    x
}
