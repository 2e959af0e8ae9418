//! Threads that can't be had: what can be done without them is done, and what cannot says so.
//!
//! Room is taken by memory: each thread needs a large stack, and the process may have so much memory and no more.
#![cfg(target_os = "linux")]

#[macro_use]
mod common;
#[path = "common/part.rs"]
mod part;

use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use common::*;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use papy::prelude::*;
use part::{STACK, part_of_test, run_part};

// ---------------------------------------------------------------- room for threads

/// Leaves room for so many more threads.
fn leave_room(count: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    let room = memory() + count * (STACK + (64 << 10)) + STACK / 2;
    setrlimit(Resource::RLIMIT_AS, room, hard).unwrap();
}

/// Waits until there are so many threads.
fn at_rest(count: usize, what: &str) {
    let come = soon(|| threads() == Some(count));
    assert!(come, "{what}: {:?} threads, not {count}", threads());
}

fn leave_all_room() {
    let (_, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    setrlimit(Resource::RLIMIT_AS, hard, hard).unwrap();
}

/// What this process has of memory, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let size = size.and_then(|size| size.trim().strip_suffix(" kB"));
    let size: u64 = size.expect("a size in kB").parse().expect("a number");
    size << 10
}

#[test]
fn room_is_what_it_says() {
    part_of_test(|part| {
        let room = part.parse().unwrap();
        leave_room(room);
        let (open, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let mut begun = Vec::new();
        let failed = loop {
            let gate = gate.clone();
            let wait = move || {
                let _ = gate.lock().unwrap().recv();
            };
            match thread::Builder::new().spawn(wait) {
                Ok(thread) => begun.push(thread),
                Err(_) => break begun.len() as u64,
            }
        };
        assert_eq!(failed, room);
        drop(open);
        for thread in begun {
            thread.join().unwrap();
        }
    });
    within(60, || [0, 1, 5].into_iter().for_each(run_part));
}

// ---------------------------------------------------------------- runs without threads

pipeline! {
    fn plain(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> running.serial() >> dbl
    }
}

pipeline! {
    fn on_none(xs: Stream<i64>, pool: Pool) -> Stream<i64> {
        xs >> inc.on(pool)
    }
}

pipeline! {
    fn on_one(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> running.on(a).serial() >> dbl.on(a)
    }
}

pipeline! {
    fn on_three(xs: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> running.on(b).serial() >> dbl
    }
}

pipeline! {
    fn apart(xs: Stream<i64>, ys: Stream<i64>, zs: Stream<i64>, a: Pool) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let l = xs >> inc.on(a);
        let m = ys >> inc >> running.serial();
        let r = zs >> (|x| 0..x).flat() >> add.fold();
        (l, m, r)
    }
}

pipeline! {
    fn springing(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        let some = xs >> (|x| 0..x % 3).flat().on(a) >> inc;
        let groups = some >> (|xs: Vec<i64>| xs.iter().sum::<i64>()).consume(4).on(a);
        groups >> running.serial()
    }
}

/// Enough work to be shared.
#[worker]
fn hard(x: i64) -> i64 {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_micros(20) {
        std::hint::spin_loop();
    }
    x
}

pipeline! {
    fn hard_one(xs: Stream<i64>) -> Stream<i64> {
        xs >> hard >> running.serial() >> hard
    }
}

#[worker]
fn within_worker(x: i64, #[param] pool: &Pool) -> i64 {
    on_one(0..x % 5, pool.clone())
        .collect()
        .into_iter()
        .map(Result::unwrap)
        .sum()
}

pipeline! {
    fn nested(xs: Stream<i64>, outer: Pool, inner: Pool) -> Stream<i64> {
        xs >> within_worker(pool = inner).on(outer)
    }
}

pipeline! {
    fn timed(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> inc.on(a).timeout(secs(20)) >> running.serial() >> dbl.timeout(secs(20)).retry(1)
    }
}

/// Runs a pipeline whose pools have so many threads in every way; what can't be had must cost nothing but time.
macro_rules! starve {
    ($base:ident, $what:literal, $room:ident < $needs:expr, $make:expr, |$run:ident| $read:expr) => {
        // the stack of a thread that has just ended may still be there for another
        let short = $room + 1 < $needs;
        let want = show($make.inline().collect());
        let back = |how: &str| at_rest($base, &format!("{}, {how}", $what));
        assert_eq!(show($make.collect()), want, "{}, collected", $what);
        back("collected");
        assert!(!short || $make.run().on_calling_thread(), "{}", $what);
        back("run");
        match $make.start() {
            Ok($run) => {
                assert!(!short, "{} has started", $what);
                assert_eq!($read, want, "{}, started", $what);
            }
            Err(error) => {
                let error = error.to_string();
                let says = |text| assert!(error.contains(text), "{}: {error}", $what);
                says("it asked for ");
                says("smaller pools");
            }
        }
        back("started");
    };
}

#[test]
fn threads_that_cannot_be_had() {
    let cores = thread::available_parallelism().unwrap().get() as u64;
    part_of_test(|part| {
        let room: u64 = part.parse().unwrap();
        leave_room(room);
        let want = show(hard_one(0..500).inline().collect());
        let before = threads().unwrap();
        assert_eq!(
            show(hard_one(0..500).collect()),
            want,
            "collected, default pool"
        );
        match hard_one(0..500).start() {
            Ok(run) => {
                let handle = run.handle();
                assert_eq!(line(run), want, "started, default pool");
                // its own thread is one; where no more can be had, that one does the work
                assert_eq!(handle.wait().on_calling_thread(), room < cores);
            }
            Err(error) => {
                assert!(room == 0 || room == cores, "{error}");
                assert!(
                    error
                        .to_string()
                        .contains("it asked for 1 thread of its own"),
                    "{error}"
                );
            }
        }
        // the default pool's threads stay, where they could be had
        let base = before + if room < cores { 0 } else { cores as usize };
        at_rest(base, "default pool");
        leave_room(room);
        for n in [1, 2, 5] {
            let (a, b) = (|| Pool::threads(n), || Pool::threads(3));
            let own = n as u64;
            starve!(
                base,
                "one pool",
                room < own,
                on_one(0..50, a()),
                |run| line(run)
            );
            starve!(
                base,
                "two pools",
                room < own + 3,
                on_three(0..50, a(), b()),
                |run| line(run)
            );
            starve!(base, "springs", room < own, springing(0..50, a()), |run| {
                line(run)
            });
            starve!(base, "timed", room < 1, timed(0..50, a()), |run| line(run));
            starve!(base, "nested", room < own, nested(0..50, a(), b()), |run| {
                line(run)
            });
            starve!(
                base,
                "three parts",
                room < own,
                apart(0..50, 0..70, 0..20, a()),
                |run| { [line(run.l), line(run.m), line(run.r)].join(" | ") }
            );
        }
        starve!(base, "no pool", room < 1, plain(0..50), |run| line(run));
    });
    within(90, move || (0..12 + cores).for_each(run_part));
}

/// Nobody may be there to take over while a source waits; then nothing is held back that would have to be.
#[test]
fn a_source_that_waits_where_nobody_can_take_over() {
    part_of_test(|part| {
        let room: u64 = part.parse().unwrap();
        leave_room(room);
        let before = threads().unwrap();
        let (requests, xs) = mpsc::channel();
        let mut run = on_none(xs, Pool::inline()).start().unwrap();
        for burst in [100, 1, 50] {
            (0..burst).for_each(|x| requests.send(x).unwrap());
            for x in 0..burst {
                match run.next_timeout(Duration::from_secs(20)) {
                    Poll::Ready(answer) => assert_eq!(answer.unwrap().unwrap(), x + 1),
                    Poll::Pending => panic!("{x} of {burst} is held back, room for {room}"),
                }
            }
        }
        // the run has one thread, and where there is room one that looks after it
        assert_eq!(threads(), Some(before + room as usize));
        drop(requests);
        assert!(run.next().is_none());
    });
    within(90, || (1..3).for_each(run_part));
}

#[test]
fn maps_make_do_without_threads() {
    part_of_test(|part| {
        leave_room(part.parse().unwrap());
        let before = threads().unwrap();
        for pool in [Pool::threads(1), Pool::threads(4), Pool::inline()] {
            let map = || (0..100i64).numap(|x| x + 1).on(&pool);
            assert_eq!(line(map()), line((1..=100i64).map(Ok)), "{pool:?}");
            let mut half = map();
            assert!(half.by_ref().take(50).all(|x| x.is_ok()), "{pool:?}");
            assert!(half.next_timeout(secs(10)).is_ready(), "{pool:?}");
            let other = map().numap(|x| x.map(|x| x * 2)).fallible().on(&pool);
            assert_eq!(
                line(other),
                line((1..=100i64).map(|x| Ok(x * 2))),
                "{pool:?}"
            );
            drop((half, pool));
            at_rest(before, "maps");
        }
        assert_eq!(line((0..100i64).numap(hard)), line((0..100i64).map(Ok)));
    });
    within(60, || [0, 1, 3, 9].into_iter().for_each(run_part));
}

#[test]
fn a_pool_that_could_not_be_had_is_had_later() {
    part_of_test(|_| {
        let pool = Pool::threads(4);
        leave_room(2);
        assert!(on_one(0..5, pool.clone()).run().on_calling_thread());
        assert!(on_one(0..5, pool.clone()).start().is_err());
        leave_all_room();
        assert!(!on_one(0..5, pool.clone()).run().on_calling_thread());
        assert_eq!(line(on_one(0..5, pool).start().unwrap()), "2 6 12 20 30");
    });
    within(60, || run_part("later"));
}

/// Rayon tries to begin its global pool only once, whoever asks first, and panics from then on.
#[test]
fn a_global_pool_that_somebody_else_could_not_have() {
    part_of_test(|part| {
        quiet();
        leave_room(0);
        if part == "error" {
            assert!(rayon::ThreadPoolBuilder::new().build_global().is_err());
        } else {
            assert!(std::panic::catch_unwind(|| rayon::spawn(|| ())).is_err());
        }
        leave_all_room();
        let want = line((0..300i64).map(Ok));
        assert_eq!(line((0..300i64).numap(hard)), want);
        let lone = || hard_alone(0..300);
        assert_eq!(show(lone().collect()), want);
        assert!(lone().run().on_calling_thread());
        assert_eq!(line(lone().start().unwrap()), want);
        let both = |pool: Pool| on_three(0..5, pool.clone(), pool);
        let error = both(Pool::threads(2)).start().err().unwrap().to_string();
        assert!(error.contains("global pool"), "{error}");
        assert_eq!(show(both(Pool::threads(2)).collect()), "2 6 12 20 30");
    });
    within(60, || ["error", "panic"].into_iter().for_each(run_part));
}

pipeline! {
    fn hard_alone(xs: Stream<i64>) -> Stream<i64> {
        xs >> hard
    }
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

/// Who gets an error from `start` gets no panic beside it.
#[test]
fn sources_that_panic_in_drop_where_nothing_starts() {
    part_of_test(|part| {
        quiet();
        leave_room(part.parse().unwrap());
        let before = threads().unwrap();
        let xs = || Unwilling(0..5);
        assert!(apart(xs(), xs(), xs(), Pool::threads(5)).start().is_err());
        assert!(apart(xs(), xs(), xs(), Pool::inline()).start().is_err());
        at_rest(before, "nothing started");
    });
    // none of the run's own three threads, and one of them
    within(60, || [0, 1].into_iter().for_each(run_part));
}

#[test]
fn threads_are_named_after_any_name() {
    within(20, || {
        for name in ["", "a\0b", "é".repeat(100).as_str()] {
            assert_eq!(line(plain(0..3).named(name).start().unwrap()), "2 6 12");
        }
    });
}
