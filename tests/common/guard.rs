//! The guard that every test stands under: a process of its own, a time limit, and nothing left behind.
//!
//! `cargo test` runs the tests of a file as threads of one process, where nobody can tell whose thread it is that is left.
//! So the guard starts the program of the tests once more, for this test alone; as many at a time as libtest has threads.
//!
//! With `PAPY_TEST_PROCESS=here` the bodies run in the process of the tests, for a debugger.
#![allow(dead_code)]

use std::panic;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use papy::testing::{Baseline, Watchdog};

const MARK: &str = "PAPY_TEST_PROCESS";

/// Runs the body of the test that this is called in. It has `seconds` for it, and must leave no thread, open file or
/// counted item behind.
pub fn within<F: FnOnce() + Send + 'static>(seconds: u64, body: F) {
    let name = test_of::<F>();
    if std::env::var_os(MARK).is_some() {
        return guarded(name, Limit::Watched(seconds), body);
    }
    must_pass(name);
}

/// As [`within`], without a watchdog: a run that is watched takes memory for what it writes down.
pub fn within_unwatched<F: FnOnce() + Send + 'static>(seconds: u64, body: F) {
    let name = test_of::<F>();
    if std::env::var_os(MARK).is_some() {
        return guarded(name, Limit::Bare(seconds), body);
    }
    must_pass(name);
}

fn must_pass(name: &str) {
    let (passed, text) = apart(name);
    assert!(passed, "{text}");
    print!("{text}");
}

/// As [`within`], for a test whose body must fail; gives what it says.
pub fn failing<F: FnOnce() + Send + 'static>(seconds: u64, body: F) -> String {
    must_fail(test_of::<F>(), Limit::Watched(seconds), body)
}

/// As [`within_unwatched`], for a test whose body must fail; gives what it says.
pub fn failing_unwatched<F: FnOnce() + Send + 'static>(seconds: u64, body: F) -> String {
    must_fail(test_of::<F>(), Limit::Bare(seconds), body)
}

fn must_fail(name: &str, limit: Limit, body: impl FnOnce() + Send + 'static) -> String {
    if std::env::var_os(MARK).is_some() {
        guarded(name, limit, body);
        return String::new();
    }
    let (passed, text) = apart(name);
    assert!(!passed, "{name} should fail:\n{text}");
    text
}

/// Does something when the body of a test is through, before it is looked at what is left.
pub fn at_end(f: impl FnOnce() + Send + 'static) {
    let mut ends = ENDS.lock().unwrap_or_else(PoisonError::into_inner);
    ends.push(Box::new(f));
}

static ENDS: Mutex<Vec<Box<dyn FnOnce() + Send>>> = Mutex::new(Vec::new());

/// The test that a closure stands in: `file::module::test::{{closure}}` without its ends.
fn test_of<F>() -> &'static str {
    let name = std::any::type_name::<F>().trim_end_matches("::{{closure}}");
    name.split_once("::").map_or(name, |(_, name)| name)
}

/// Runs one test in a process of its own. Whether it passed, and what it said.
fn apart(name: &str) -> (bool, String) {
    let program = std::env::current_exe().expect("the tests' program");
    let child = Command::new(program)
        .args(["--exact", name, "--nocapture"])
        .env(MARK, "here")
        .output();
    let Output {
        status,
        stdout,
        stderr,
    } = child.expect("a process for the test");
    let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(
        text.contains("running 1 test"),
        "`{name}` is not the name of a test: the guard stands in the test itself, around a closure\n{text}"
    );
    (status.success(), format!("{text}{name}: {status}\n"))
}

/// The seconds that a body has, and whether its runs are watched meanwhile.
#[derive(Clone, Copy)]
enum Limit {
    Watched(u64),
    Bare(u64),
}

/// Runs a body under a limit, and looks at what it leaves behind.
fn guarded(name: &str, limit: Limit, body: impl FnOnce() + Send + 'static) {
    // its threads stay, once there are any
    rayon::broadcast(|_| ());
    let before = Baseline::take();
    let watchdog = match limit {
        Limit::Watched(seconds) => Some(Watchdog::new(name, Duration::from_secs(seconds))),
        Limit::Bare(_) => None,
    };
    let test = thread::Builder::new().name(name.to_owned()).spawn(body);
    let test = test.expect("a thread for the test");
    if let Limit::Bare(seconds) = limit {
        let end = Instant::now() + Duration::from_secs(seconds);
        while !test.is_finished() {
            assert!(Instant::now() < end, "{name} takes more than {seconds} s");
            thread::sleep(Duration::from_millis(5));
        }
    }
    if let Err(payload) = test.join() {
        panic::resume_unwind(payload);
    }
    let ends = std::mem::take(&mut *ENDS.lock().unwrap_or_else(PoisonError::into_inner));
    for end in ends {
        end();
    }
    drop(watchdog);
    if let Err(left) = before.check() {
        panic!("{name} leaves something behind: {left}");
    }
}
