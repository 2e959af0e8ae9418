//! The machine: threads and descriptors that can't be had, signals, and processes that end in the middle of a run.
//!
//! Each test has a process of its own, which it may limit, stop and kill.
#![cfg(target_os = "linux")]

#[macro_use]
mod common;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::*;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use papy::prelude::*;

// ---------------------------------------------------------------- processes

/// Says in the environment that this process is a test's child, and what it is to do.
const PART: &str = "PAPY_TEST_PART";

/// What the stack of a thread takes where threads are counted by the memory that they need.
const STACK: u64 = 256 << 20;

fn child(test: &str, part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test's program"));
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(PART, part)
        .env("RUST_MIN_STACK", STACK.to_string())
        .env("MALLOC_ARENA_MAX", "1");
    command
}

/// Runs `body` with each of the parts, each in a process of its own; gives what they have written.
fn in_processes<P: ToString>(test: &str, parts: impl IntoIterator<Item = P>, body: impl Fn(&str)) {
    if let Ok(part) = std::env::var(PART) {
        limit_time();
        return body(&part);
    }
    for part in parts {
        let part = part.to_string();
        let output = child(test, &part).output().expect("a child process");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{test}, {part}: {}\n{text}",
            output.status
        );
    }
}

/// Ends this process when it should have ended long ago.
fn limit_time() {
    let late = || {
        thread::sleep(secs(100));
        eprintln!("not done after 100 s, so the process ends");
        std::process::abort();
    };
    let watch = thread::Builder::new().stack_size(64 << 10).spawn(late);
    drop(watch.expect("a thread"));
}

/// What the system says about this thread and its process.
fn status(name: &str) -> String {
    let text = std::fs::read_to_string("/proc/thread-self/status").expect("/proc");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.expect("a line of that name")
        .trim_start_matches(':')
        .trim()
        .to_owned()
}

/// Leaves room for so many more threads.
fn leave_room(count: u64) {
    let size: u64 = status("VmSize")
        .trim_end_matches("kB")
        .trim()
        .parse()
        .unwrap();
    let (_, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    let room = (size << 10) + count * (STACK + (64 << 10)) + STACK / 2;
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

#[test]
fn room_is_what_it_says() {
    in_processes("room_is_what_it_says", [0, 1, 5], |part| {
        let room = part.parse().unwrap();
        leave_room(room);
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
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
        begun.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

// ---------------------------------------------------------------- threads that can't be had

pipeline! {
    fn plain(xs: Stream<i64>) -> Stream<i64> {
        xs >> inc >> running.serial() >> dbl
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
    let name = "threads_that_cannot_be_had";
    let cores = thread::available_parallelism().unwrap().get() as u64;
    in_processes(name, 0..12 + cores, |part| {
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
}

#[test]
fn maps_make_do_without_threads() {
    in_processes("maps_make_do_without_threads", [0, 1, 3, 9], |part| {
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
}

#[test]
fn a_pool_that_could_not_be_had_is_had_later() {
    in_processes(
        "a_pool_that_could_not_be_had_is_had_later",
        [()].map(|()| 0),
        |_| {
            let pool = Pool::threads(4);
            leave_room(2);
            assert!(on_one(0..5, pool.clone()).run().on_calling_thread());
            assert!(on_one(0..5, pool.clone()).start().is_err());
            leave_all_room();
            assert!(!on_one(0..5, pool.clone()).run().on_calling_thread());
            assert_eq!(line(on_one(0..5, pool).start().unwrap()), "2 6 12 20 30");
        },
    );
}

/// Rayon tries to begin its global pool only once, whoever asks first, and panics from then on.
#[test]
fn a_global_pool_that_somebody_else_could_not_have() {
    in_processes(
        "a_global_pool_that_somebody_else_could_not_have",
        ["error", "panic"],
        |part| {
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
            let pool = Pool::threads(2);
            let error = on_three(0..5, pool.clone(), pool.clone())
                .start()
                .err()
                .unwrap();
            assert!(error.to_string().contains("global pool"), "{error}");
            assert_eq!(
                show(on_three(0..5, pool.clone(), pool).collect()),
                "2 6 12 20 30"
            );
        },
    );
}

pipeline! {
    fn hard_alone(xs: Stream<i64>) -> Stream<i64> {
        xs >> hard
    }
}

#[test]
fn threads_are_named_after_any_name() {
    for name in ["", "a\0b", "é".repeat(100).as_str()] {
        assert_eq!(line(plain(0..3).named(name).start().unwrap()), "2 6 12");
    }
}

// ---------------------------------------------------------------- descriptors that can't be had

#[worker]
fn first_byte(path: String) -> std::io::Result<u8> {
    let mut byte = [0];
    File::open(path)?.read_exact(&mut byte)?;
    Ok(byte[0])
}

pipeline! {
    fn first_bytes(paths: Stream<String>, a: Pool) -> Stream<u8> {
        paths >> first_byte.on(a)
    }
}

#[test]
fn descriptors_that_cannot_be_had() {
    in_processes("descriptors_that_cannot_be_had", [0, 1], |part| {
        let pool = Pool::threads(8);
        let paths = || (0..200).map(|_| "/proc/self/stat".to_owned());
        let pipes = || first_bytes(paths(), pool.clone());
        assert!(pipes().collect().iter().all(Result::is_ok));
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        // the next one is the lowest that is free; none or one may be had
        let next = File::open("/proc/self/stat").unwrap().as_raw_fd() as u64;
        setrlimit(
            Resource::RLIMIT_NOFILE,
            next + part.parse::<u64>().unwrap(),
            hard,
        )
        .unwrap();
        for results in [
            pipes().collect(),
            pipes().start().unwrap().collect(),
            pipes().inline().collect(),
        ] {
            assert_eq!(results.len(), 200);
            for (at, result) in results.iter().enumerate() {
                match result {
                    Ok(_) => assert_eq!(part, "1"),
                    Err(fault) => {
                        assert_eq!((fault.node(), fault.input()), ("first_byte", at as u64));
                        let error = fault.downcast_ref::<std::io::Error>().unwrap();
                        assert_eq!(error.raw_os_error(), Some(24), "{error}");
                    }
                }
            }
            assert!(part == "1" || results.iter().all(Result::is_err));
        }
        assert_eq!(papy::source::lines("/proc/self/stat").is_err(), part == "0");
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
        assert!(pipes().collect().iter().all(Result::is_ok));
    });
}

// ---------------------------------------------------------------- signals

/// A process of its own in the middle of what `body` does, which says so with a line on its standard output.
struct Begun {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

/// Begins a process for a part of a test; `None` in that process, when its part is done.
fn begin(test: &str, part: &str, body: impl FnOnce()) -> Option<Begun> {
    if let Ok(own) = std::env::var(PART) {
        if own == part {
            limit_time();
            body();
        }
        return None;
    }
    let mut child = child(test, part)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child process");
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(BEGUN) {
        line.clear();
        assert_ne!(
            output.read_line(&mut line).unwrap(),
            0,
            "{test}, {part}: never begun"
        );
    }
    Some(Begun { child, output })
}

const BEGUN: &str = "-- begun --";

impl Begun {
    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// What it writes until it ends, and how it ends.
    fn end(mut self) -> (String, ExitStatus) {
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        (text, self.child.wait().unwrap())
    }
}

/// Says, once, that a run is under way.
#[worker]
fn begun(x: i64) -> i64 {
    if x == 100 {
        println!("\n{BEGUN}");
    }
    x
}

pipeline! {
    fn telling(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> hard.on(a) >> begun >> running.serial()
    }
}

#[test]
fn signals_do_what_they_do_without_papy() {
    let name = "signals_do_what_they_do_without_papy";
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        for form in ["start", "collect", "map"] {
            let begun = begin(name, &format!("{signal} {form}"), || {
                let handled = ["SigBlk", "SigIgn", "SigCgt"].map(status);
                let pool = Pool::threads(2);
                drop(telling(0..50, pool.clone()).start().unwrap().join());
                assert_eq!(
                    ["SigBlk", "SigIgn", "SigCgt"].map(status),
                    handled,
                    "a library leaves signals alone"
                );
                match form {
                    "start" => telling(0.., pool).start().unwrap().for_each(drop),
                    "collect" => drop(telling(0.., pool).collect()),
                    _ => (0..).numap(begun).for_each(drop),
                }
            });
            if let Some(begun) = begun {
                begun.send(signal);
                let (_, status) = begun.end();
                assert_eq!(
                    status.signal(),
                    Some(signal as i32),
                    "{signal}, {form}: {status}"
                );
            }
        }
    }
}

#[test]
fn a_run_that_was_stopped_goes_on() {
    let begun = begin("a_run_that_was_stopped_goes_on", "stopped", || {
        let mut run = telling(0..20_000, Pool::threads(2)).start().unwrap();
        let mut sum = 0;
        // a limit that is long enough when the time that the process stood still is counted too
        while let std::task::Poll::Ready(Some(x)) = run.next_timeout(secs(60)) {
            sum = x.unwrap();
        }
        assert!(run.handle().wait().elapsed() >= secs(3));
        println!("sum {sum}");
    });
    if let Some(begun) = begun {
        begun.send(Signal::SIGSTOP);
        thread::sleep(secs(3));
        begun.send(Signal::SIGCONT);
        let (text, status) = begun.end();
        assert!(
            status.success() && text.contains("sum 199990000"),
            "{status}: {text}"
        );
    }
}

// ---------------------------------------------------------------- pipes and processes

#[worker]
fn write_line(x: i64) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{x}")
}

pipeline! {
    fn written(xs: Stream<i64>, a: Pool) {
        xs >> write_line.on(a).serial();
    }
}

#[test]
fn a_closed_pipe_is_the_sinks_fault() {
    let begun = begin("a_closed_pipe_is_the_sinks_fault", "closed", || {
        println!("{BEGUN}");
        // until the reader is gone
        while writeln!(std::io::stdout(), "more").is_ok() {}
        let report = written(0..100, Pool::threads(2)).run();
        let [taken, _, faults, _] = counts(&report, "write_line");
        // the test's own words can't be written either
        std::process::exit(i32::from([taken, faults] != [100, 100]));
    });
    if let Some(Begun { mut child, output }) = begun {
        drop(output);
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{status}");
    }
}

#[worker]
fn asked(x: i64) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    // `cat` ends with its input, and that when nobody else holds the other end
    write!(child.stdin.take().unwrap(), "{x}")?;
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text)?;
    child.wait()?;
    Ok(text)
}

pipeline! {
    fn programs(xs: Stream<i64>, a: Pool) -> Stream<String> {
        xs >> asked.on(a)
    }
}

#[test]
fn workers_run_programs_side_by_side() {
    within(60, || {
        let before = open_files();
        let results = programs(0..100, Pool::threads(8)).stride(1).collect();
        assert_eq!(show(results), line((0..100i64).map(|x| Ok(x.to_string()))));
        assert_eq!(open_files(), before);
    });
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

// ---------------------------------------------------------------- workers that end the process

/// What becomes of a process in the middle of a run is what the worker does with it.
#[worker]
fn fatal(x: i64, #[param] how: &str) -> i64 {
    fn dive(depth: u64) -> u64 {
        if depth == u64::MAX {
            return 0;
        }
        std::hint::black_box([depth; 1000])[1] + dive(depth + 1)
    }
    match (x, how) {
        (20, "exit") => std::process::exit(7),
        (20, "abort") => std::process::abort(),
        (20, "overflow") => dive(0) as i64,
        (20, "thread local") => {
            BAD_END.with(|_| ());
            x
        }
        _ => x,
    }
}

struct BadEnd;

impl Drop for BadEnd {
    fn drop(&mut self) {
        panic!("a bad end");
    }
}

thread_local! {
    static BAD_END: BadEnd = const { BadEnd };
}

pipeline! {
    fn fatally(xs: Stream<i64>, how: String, a: Pool, b: Pool) -> Stream<i64> {
        xs >> id.on(b) >> fatal(how = how).on(a) >> id.serial()
    }
}

#[test]
fn a_worker_may_end_the_process() {
    let name = "a_worker_may_end_the_process";
    let one_of = |how: &str, threads: usize, form: &str| {
        let part = format!("{how} {threads} {form}");
        let begun = begin(name, &part, || {
            println!("{BEGUN}");
            let pool = Pool::threads(threads);
            let p = fatally(0..1000, how.to_owned(), pool.clone(), Pool::rayon()).stride(1);
            match form {
                "start" => drop(p.start().unwrap().by_ref().count()),
                _ => drop(p.collect()),
            }
            // the threads of the pool end, and with them what is theirs
            drop(pool);
            thread::sleep(secs(20));
        });
        begun.map(Begun::end)
    };
    for threads in [1, 2, 8] {
        for form in ["start", "collect"] {
            for (how, code, signal) in [
                ("exit", Some(7), None),
                ("abort", None, Some(6)),
                ("overflow", None, Some(6)),
                ("thread local", None, Some(6)),
            ] {
                let Some((_, status)) = one_of(how, threads, form) else {
                    continue;
                };
                assert_eq!(
                    (status.code(), status.signal()),
                    (code, signal),
                    "{how}, {threads} threads, {form}: {status}"
                );
            }
        }
    }
}
