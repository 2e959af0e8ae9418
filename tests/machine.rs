//! The machine: descriptors that can't be had, signals, pipes, and processes that end in the middle of a run.
#![cfg(target_os = "linux")]

#[macro_use]
mod common;
#[path = "common/part.rs"]
mod part;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use common::*;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use papy::prelude::*;
use part::{BEGUN, Begun, begin_part, part_of_test, run_part};

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
    part_of_test(|part| {
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
    within(60, || [0, 1].into_iter().for_each(run_part));
}

// ---------------------------------------------------------------- signals

/// What the system says about the signals of this thread and its process: blocked, ignored, caught.
fn signals() -> [String; 3] {
    let status = std::fs::read_to_string("/proc/thread-self/status").expect("/proc");
    ["SigBlk:", "SigIgn:", "SigCgt:"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.expect("a line of that name").trim().to_owned()
    })
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
    part_of_test(|form| {
        let before = signals();
        let pool = Pool::threads(2);
        telling(0..50, pool.clone())
            .start()
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(signals(), before, "a library leaves signals alone");
        match form {
            "start" => telling(0.., pool).start().unwrap().for_each(drop),
            "collect" => drop(telling(0.., pool).collect()),
            _ => (0..).numap(begun).for_each(drop),
        }
    });
    within(60, || {
        let [_, ignored, _] = signals();
        let ignored = u64::from_str_radix(&ignored, 16).expect("a mask");
        // what shells begin in the background ignores SIGINT, and so do all that come of it
        let is_heard = |signal: &Signal| ignored >> (*signal as u32 - 1) & 1 == 0;
        for signal in [Signal::SIGINT, Signal::SIGTERM]
            .into_iter()
            .filter(is_heard)
        {
            for form in ["start", "collect", "map"] {
                let begun = begin_part(form);
                send(&begun, signal);
                let (_, status) = begun.end();
                assert_eq!(
                    status.signal(),
                    Some(signal as i32),
                    "{signal}, {form}: {status}"
                );
            }
        }
    });
}

fn send(begun: &Begun, signal: Signal) {
    kill(Pid::from_raw(begun.child.id() as i32), signal).unwrap();
}

#[test]
fn a_run_whose_process_stood_still_goes_on() {
    const STILL: Duration = Duration::from_secs(3);
    part_of_test(|_| {
        let mut run = telling(0..20_000, Pool::threads(2)).start().unwrap();
        let mut last = 0;
        while let Poll::Ready(Some(x)) = run.next_timeout(secs(60)) {
            last = x.unwrap();
        }
        assert!(run.handle().wait().elapsed() >= STILL);
        println!("the sum is {last}");
    });
    within(60, || {
        let begun = begin_part("still");
        send(&begun, Signal::SIGSTOP);
        thread::sleep(STILL);
        send(&begun, Signal::SIGCONT);
        let (text, status) = begun.end();
        let sum = (0..20_000).sum::<i64>();
        assert!(
            status.success() && text.contains(&format!("the sum is {sum}")),
            "{status}: {text}"
        );
    });
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
    part_of_test(|_| {
        println!("{BEGUN}");
        // until the reader is gone
        while writeln!(std::io::stdout(), "more").is_ok() {}
        let report = written(0..100, Pool::threads(2)).run();
        assert_eq!(counts(&report, "write_line"), [100, 0, 100, 0]);
    });
    within(60, || {
        let Begun { mut child, output } = begin_part("closed");
        drop(output);
        assert!(child.wait().unwrap().success());
    });
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
        (20, "double") => {
            let _bad = BadEnd;
            panic!("on the way to another")
        }
        (20, "local") => {
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
    part_of_test(|part| {
        let mut words = part.split(' ');
        let mut word = || words.next().unwrap();
        let (how, threads, form) = (word(), word().parse().unwrap(), word());
        println!("{BEGUN}");
        let pool = Pool::threads(threads);
        let p = fatally(0..1000, how.to_owned(), pool.clone(), Pool::rayon()).stride(1);
        match form {
            "start" => drop(p.start().unwrap().join()),
            _ => drop(p.collect()),
        }
        // the threads of the pool end, and with them what is theirs
        drop(pool);
        loop {
            // a wake-up that was meant for something else may be left
            thread::park();
        }
    });
    within(90, || {
        for threads in [1, 2, 8] {
            for form in ["start", "collect"] {
                for (how, code, signal) in [
                    ("exit", Some(7), None),
                    ("abort", None, Some(6)),
                    ("overflow", None, Some(6)),
                    ("double", None, Some(6)),
                    // what a panic in the destructor of a thread's local value is to std
                    ("local", None, Some(6)),
                ] {
                    let (_, status) = begin_part(format!("{how} {threads} {form}")).end();
                    let ended = (status.code(), status.signal());
                    assert_eq!(ended, (code, signal), "{how}, {threads} threads, {form}");
                }
            }
        }
    });
}
