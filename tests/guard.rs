//! The guard that every test of the project stands under, and that every test does.

#[path = "common/guard.rs"]
mod guard;

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::Duration;

use guard::{failing, failing_unwatched, within};
use papy::prelude::*;
use papy::testing::{FaultPlan, Planned, Tally};

#[test]
fn a_test_that_hangs_is_ended_by_name() {
    let said = failing(1, || thread::sleep(Duration::from_secs(600)));
    let want = "a_test_that_hangs_is_ended_by_name: not done after 1s";
    assert!(said.contains(want), "{said}");
}

#[test]
fn a_test_that_hangs_without_a_watchdog_is_ended_by_name() {
    let said = failing_unwatched(1, || thread::sleep(Duration::from_secs(600)));
    let want = "a_test_that_hangs_without_a_watchdog_is_ended_by_name takes more than 1 s";
    assert!(said.contains(want), "{said}");
}

#[worker]
fn align(x: u64, #[param] plan: &FaultPlan) -> Result<u64, Planned> {
    plan.act("align", x).map(|()| x)
}

#[worker]
fn row(x: u64, aligned: u64) -> u64 {
    x + aligned
}

pipeline! {
    fn aligned(reads: Stream<u64>, plan: FaultPlan, pool: Pool) -> Stream<u64> {
        let rows = (reads, reads >> align(plan = plan).on(pool)) >> row.serial();
        rows
    }
}

/// What a run does is told when its time is over: who is at work, at what, and who waits for whom.
#[test]
fn a_run_that_hangs_is_shown() {
    let said = failing(2, || {
        let plan = FaultPlan::new().hang("align", 17);
        let run = aligned(0.., plan, Pool::threads(2)).buffer(64).stride(1);
        assert_eq!(run.start().unwrap().count(), 0, "it goes on for ever");
    });
    let wants = [
        "run `aligned`, ",
        "  input `reads`: 81 items taken\n",
        "  part 0: 81 items issued, 64 of them under way, room for 0 (buffer 64)\n",
        "    before `row` on Pool::rayon(): 63 waves for the turn and 1 wave for another stream wait\n",
        "    output `rows`: 0 strides queued, 17 taken; its reader waits\n",
        "  Pool::threads(2): 0 waves queued, 1 of 2 helpers\n",
        "  at work: `align` on item 17 for ",
        "; `row` and output `rows` wait for it\n",
        "  `row` waits for `align`\n",
        "  output `rows` waits for `align` and `row`\n",
    ];
    for want in wants {
        assert!(said.contains(want), "{want}\n{said}");
    }
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
        let guards = [
            "within(",
            "within_unwatched(",
            "$crate::common::within(",
            "$crate::common::within_unwatched(",
            "let said = failing(",
            "let said = failing_unwatched(",
        ];
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
