//! The guard that every test of the project stands under, and that every test does.

#[path = "common/guard.rs"]
mod guard;

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::Duration;

use guard::{failing, within};
use papy::testing::Tally;

#[test]
fn a_test_that_hangs_is_ended_by_name() {
    let said = failing(1, || thread::sleep(Duration::from_secs(600)));
    let want = "a_test_that_hangs_is_ended_by_name: not done after 1s";
    assert!(said.contains(want), "{said}");
}

#[test]
fn a_thread_left_behind_is_told() {
    let said = failing(20, || {
        let thread = thread::Builder::new().name("left".to_owned());
        thread
            .spawn(|| thread::sleep(Duration::from_secs(600)))
            .unwrap();
    });
    let want = "leaves something behind: 1 thread more than before: `left`";
    assert!(said.contains(want), "{said}");
}

#[test]
fn an_open_file_left_behind_is_told() {
    let said = failing(20, || std::mem::forget(File::open("/dev/null").unwrap()));
    let want = "leaves something behind: 1 open file more than before: `/dev/null`";
    assert!(said.contains(want), "{said}");
}

#[test]
fn items_left_behind_are_told() {
    let said = failing(20, || {
        std::mem::forget([(); 3].map(|()| Tally::new().item(0)));
    });
    let want = "leaves something behind: 3 counted items more than before";
    assert!(said.contains(want), "{said}");
}

#[test]
fn a_panic_is_told() {
    let said = failing(20, || panic!("on purpose"));
    assert!(said.contains("on purpose"), "{said}");
}

/// Whether the guard is a statement of the test's body itself.
fn is_guarded(test: &str, head: &str) -> bool {
    let indent = head.len() - head.trim_start().len();
    let body = test.lines().skip_while(|line| *line != head).skip(1);
    let mut body = body.take_while(|line| line.trim() != "}" || line.len() > indent + 1);
    body.any(|line| {
        let guards = ["within(", "$crate::common::within(", "let said = failing("];
        let statement = line.trim_start();
        line.len() == statement.len() + indent + 4
            && guards.iter().any(|guard| statement.starts_with(guard))
    })
}

#[test]
fn every_test_stands_under_the_guard() {
    within(20, || {
        let mut tests = 0;
        let mut bare = Vec::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for test in text.split("#[test]\n").skip(1) {
                tests += 1;
                let head = test.lines().find(|line| line.contains("fn ")).unwrap();
                if !is_guarded(test, head) {
                    bare.push(format!("{}: {}", path.display(), head.trim()));
                }
            }
        }
        assert!(tests > 300, "only {tests} tests found");
        assert!(bare.is_empty(), "not under the guard:\n{}", bare.join("\n"));
    });
}
