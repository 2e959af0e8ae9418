//! Parts of a test that have a process of their own, which they may limit, stop and kill.
#![allow(dead_code)]

use std::fmt::Display;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

/// Says in the environment of a process which part of a test it is to be.
const PART: &str = "PAPY_TEST_PART";

/// What the stack of a thread takes where threads are counted by the memory that they need.
pub const STACK: u64 = 256 << 20;

/// In a process that is a part of the test: does it, and ends. Elsewhere: nothing. It comes before the guard, which begins
/// threads.
pub fn part_of_test(body: impl FnOnce(&str)) {
    if let Ok(part) = std::env::var(PART) {
        let late = || {
            thread::sleep(Duration::from_secs(100));
            eprintln!("not done after 100 s, so the process ends");
            std::process::abort();
        };
        let watch = thread::Builder::new().stack_size(64 << 10).spawn(late);
        drop(watch.expect("a thread"));
        body(&part);
        std::process::exit(0);
    }
}

/// A process that is to be a part of the test that asks for it.
fn part(name: &dyn Display) -> Command {
    let test = thread::current()
        .name()
        .expect("the test's name")
        .to_owned();
    let mut command = Command::new(std::env::current_exe().expect("the test's program"));
    command
        .args(["--exact", &test, "--nocapture", "--test-threads=1"])
        .env(PART, name.to_string())
        .env("RUST_MIN_STACK", STACK.to_string())
        .env("MALLOC_ARENA_MAX", "1");
    command
}

/// Runs a part of the test to its end.
pub fn run_part(name: impl Display) {
    let output = part(&name).output().expect("a process");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "{name}: {}\n{text}", output.status);
}

/// A part of a test in the middle of what it does; it says so with a line on its standard output.
pub struct Begun {
    pub child: Child,
    pub output: BufReader<ChildStdout>,
}

/// Begins a part of the test.
pub fn begin_part(name: impl Display) -> Begun {
    let mut child = part(&name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(BEGUN) {
        line.clear();
        assert_ne!(
            output.read_line(&mut line).unwrap(),
            0,
            "{name}: never begun"
        );
    }
    Begun { child, output }
}

/// What a part says when it is in the middle of what it does.
pub const BEGUN: &str = "-- begun --";

impl Begun {
    /// What it writes until it ends, and how it ends.
    pub fn end(mut self) -> (String, ExitStatus) {
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        (text, self.child.wait().unwrap())
    }
}
