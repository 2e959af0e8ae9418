//! Runs that stand still, and what `stall_after` tells of them.

#[macro_use]
mod common;

use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::*;
use papy::prelude::*;
use papy::testing::{FaultPlan, Planned};
use papy::{Handle, Report, Stall};

/// How long nothing moves before that is told, where something is to stand still.
const LIMIT: Duration = millis(40);

/// The same, where nothing is told although much takes longer, all together.
const LONG: Duration = secs(1);

#[worker]
fn act(x: u64, #[param] plan: &FaultPlan, #[param] node: &str) -> Result<u64, Planned> {
    plan.act(node, x).map(|()| x)
}

#[worker]
fn act_in_turn(
    last: &mut u64,
    x: u64,
    #[param] plan: &FaultPlan,
    #[param] node: &str,
) -> Result<u64, Planned> {
    *last = x;
    plan.act(node, x).map(|()| x)
}

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

/// What a run tells meanwhile, once it tells of so many stalls.
fn told(handle: &Handle, stalls: usize) -> Vec<Stall> {
    let start = Instant::now();
    loop {
        let stats = handle.stats();
        if stats.stalls().len() >= stalls {
            return stats.stalls().to_vec();
        }
        assert!(start.elapsed() < secs(20), "{stats}");
        thread::sleep(millis(1));
    }
}

/// The node and the item of each stall, and who waits.
fn text(stalls: &[Stall]) -> String {
    let one = |stall: &Stall| {
        let waiting = stall.waiting().join(" ");
        format!("{}#{}: {waiting}", stall.node(), stall.input())
    };
    let mut all: Vec<String> = stalls.iter().map(one).collect();
    all.sort();
    all.join("; ")
}

/// Waits for the only stall of a run that is being read; lets it go on, and reads it to its end.
fn stands_still(
    handle: &Handle,
    want: &str,
    go_on: impl FnOnce(),
    reader: JoinHandle<usize>,
    items: usize,
) {
    let stalls = told(handle, 1);
    assert_eq!(text(&stalls), want);
    let [stall] = &stalls[..] else {
        panic!("{stalls:?}")
    };
    assert!(!stall.is_over() && stall.duration() >= LIMIT, "{stall:?}");
    go_on();
    assert_eq!(reader.join().unwrap(), items);
    let report = handle.wait();
    assert_eq!(text(report.stalls()), want);
    assert!(report.stalls()[0].is_over(), "{report}");
    assert!(report.to_string().contains("  stalled: "), "{report}");
}

fn hangs(node: &str, item: u64) -> FaultPlan {
    FaultPlan::new().hang(node, item)
}

// ---------------------------------------------------------------- who is told of

pipeline! {
    fn chain(reads: Stream<u64>, plan: FaultPlan) -> Stream<u64> {
        let first = reads >> act(plan = plan, node = "align").named("align");
        let rows = first >> act(plan = plan, node = "row").named("row");
        rows
    }
}

#[test]
fn a_worker_that_hangs_in_a_chain() {
    within(60, || {
        for (node, want) in [
            ("align", "align#17: `row` output `rows`"),
            ("row", "row#17: output `rows`"),
        ] {
            let plan = hangs(node, 17);
            let run = chain(0..30, plan.clone())
                .stall_after(LIMIT)
                .start()
                .unwrap();
            let handle = run.handle();
            let reader = thread::spawn(|| run.count());
            stands_still(&handle, want, || plan.release(), reader, 30);
        }
    });
}

pipeline! {
    fn diamond(reads: Stream<u64>, plan: FaultPlan, pool: Pool) -> (Stream<u64>, Stream<u64>) {
        let aligned = reads >> act(plan = plan, node = "align").named("align").on(pool);
        let counted = reads >> act(plan = plan, node = "count").named("count");
        let rows = (aligned, counted) >> add.named("row");
        (rows, counted)
    }
}

#[test]
fn a_worker_that_hangs_in_a_branch_beside_a_join() {
    within(60, || {
        let plan = hangs("align", 17);
        let run = diamond(0..30, plan.clone(), Pool::threads(2));
        let run = run.stall_after(LIMIT).buffer(8).start().unwrap();
        let handle = run.handle();
        let (mut rows, counted) = (run.rows, run.counted);
        let reader = thread::spawn(move || rows.by_ref().count());
        // `count` is evaluated together with `row`
        let want = "align#17: `row` `count` output `rows`";
        stands_still(&handle, want, || plan.release(), reader, 30);
        assert_eq!(counted.count(), 30);
    });
}

pipeline! {
    fn in_turn(reads: Stream<u64>, plan: FaultPlan, pool: Pool) -> Stream<u64> {
        let numbered = reads >> act_in_turn(plan = plan, node = "number").serial().named("number").on(pool);
        let rows = numbered >> act(plan = plan, node = "row").named("row");
        rows
    }
}

#[test]
fn a_worker_that_hangs_in_a_serial_node() {
    within(60, || {
        let plan = hangs("number", 5);
        let run = in_turn(0..30, plan.clone(), Pool::threads(3));
        let run = run.stall_after(LIMIT).stride(1).start().unwrap();
        let handle = run.handle();
        let reader = thread::spawn(|| run.count());
        // others wait for their turn, but that is the node itself
        let want = "number#5: `row` output `rows`";
        stands_still(&handle, want, || plan.release(), reader, 30);
    });
}

#[test]
fn all_that_hang_are_told() {
    within(60, || {
        let plan = FaultPlan::new()
            .hang("align", 3)
            .hang("align", 4)
            .hang("count", 1);
        let run = diamond(0..30, plan.clone(), Pool::threads(2));
        let run = run.stall_after(LIMIT).stride(1).start().unwrap();
        let handle = run.handle();
        assert!(plan.await_hangs(3, secs(20)));
        let counted = run.counted;
        let reader = thread::spawn(|| counted.count());
        let stalls = told(&handle, 3);
        let want =
            "align#3: `row` `count`; align#4: `row` `count`; count#1: `row` output `counted`";
        assert_eq!(text(&stalls), want);
        plan.release();
        assert_eq!(reader.join().unwrap(), 30);
    });
}

/// The numbers below `n`; it takes until the gate is open to come to the seventh.
#[worker]
fn split(n: u64, #[param] stuck: Arc<Gate>) -> impl Iterator<Item = u64> + Send + use<> {
    (0..n).inspect(move |at| {
        if *at == 7 {
            stuck.pass();
        }
    })
}

pipeline! {
    fn flooded(reads: Stream<u64>, stuck: Arc<Gate>) -> Stream<u64> {
        let many = reads >> split(stuck = stuck).flat();
        let rows = many >> (|x: u64| x).named("row");
        rows
    }
}

#[test]
fn an_iterator_of_a_spring_that_blocks() {
    within(60, || {
        let gate = Gate::new();
        let run = flooded([3, 2, 9], gate.clone())
            .stall_after(LIMIT)
            .start()
            .unwrap();
        let handle = run.handle();
        let reader = thread::spawn(|| run.count());
        let stalls = told(&handle, 1);
        assert_eq!(text(&stalls), "split#2: `row` output `rows`");
        gate.open();
        assert_eq!(reader.join().unwrap(), 14);
        assert_eq!(handle.wait().stalls().len(), 1);
    });
}

/// A worker waits for what comes only behind its own item.
#[test]
fn a_circle_that_user_code_has_made() {
    within(60, || {
        let (tx, rx) = mpsc::channel::<u64>();
        let rx = std::sync::Mutex::new(rx);
        pipeline! {
            fn circle(xs: Stream<u64>, rx: Arc<std::sync::Mutex<mpsc::Receiver<u64>>>) -> Stream<u64> {
                let ahead = xs >> (|x: u64| if x == 2 { rx.lock().unwrap().recv().unwrap() } else { x }).named("ahead");
                ahead
            }
        }
        let run = circle(0..10, Arc::new(rx))
            .stall_after(LIMIT)
            .start()
            .unwrap();
        let handle = run.handle();
        let back = tx.clone();
        let reader = thread::spawn(move || {
            // the result behind it is to give what the item waits for; by then, nobody may listen any more
            let mut read = 0;
            for x in run {
                if read == 3 {
                    let _ = back.send(x.unwrap());
                }
                read += 1;
            }
            read
        });
        let want = "ahead#2: output `ahead`";
        stands_still(&handle, want, || tx.send(7).unwrap(), reader, 10);
    });
}

pipeline! {
    fn timed(reads: Stream<u64>, plan: FaultPlan, pool: Pool) -> Stream<u64> {
        let aligned = reads >> act(plan = plan, node = "align").named("align").timeout(secs(60)).on(pool);
        let rows = aligned >> act(plan = plan, node = "row").named("row");
        rows
    }
}

#[test]
fn a_call_with_a_time_limit_that_is_not_over() {
    within(60, || {
        let plan = hangs("align", 5);
        let run = timed(0..30, plan.clone(), Pool::threads(2));
        let run = run.stall_after(LIMIT).start().unwrap();
        let handle = run.handle();
        let reader = thread::spawn(|| run.count());
        let want = "align#5: `row` output `rows`";
        stands_still(&handle, want, || plan.release(), reader, 30);
    });
}

#[test]
fn nodes_of_pipelines_that_are_nodes() {
    pipeline! {
        fn outer(xs: Stream<u64>, plan: FaultPlan) -> Stream<u64> {
            xs >> chain(plan = plan).pipeline().named("inner")
        }
    }
    within(60, || {
        let plan = hangs("align", 1);
        let run = outer(0..3, plan.clone())
            .stall_after(LIMIT)
            .start()
            .unwrap();
        let handle = run.handle();
        let reader = thread::spawn(|| run.count());
        let want = "inner/align#1: `inner/row` output `out`";
        stands_still(&handle, want, || plan.release(), reader, 3);
    });
}

/// Whoever reads is also who works.
#[test]
fn runs_without_threads() {
    within(60, || {
        let plan = hangs("align", 17);
        let run = chain(0..30, plan.clone())
            .inline()
            .stall_after(LIMIT)
            .start()
            .unwrap();
        let handle = run.handle();
        let reader = thread::spawn(|| run.count());
        let want = "align#17: `row` output `rows`";
        stands_still(&handle, want, || plan.release(), reader, 30);
    });
}

/// A pool may have other things to do.
#[test]
fn a_pool_without_a_free_thread() {
    within(60, || {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let threads = Arc::new(threads.unwrap());
        let gate = Gate::new();
        let other = gate.clone();
        threads.spawn(move || other.pass());
        let run = in_turn(0..3, FaultPlan::new(), Pool::from(threads));
        let run = run.stall_after(LIMIT).start().unwrap();
        let handle = run.handle();
        let reader = thread::spawn(|| run.count());
        let said = told(&handle, 1)[0].to_string();
        let want = "`number` waits for a thread to take up item 0 for ";
        assert!(said.starts_with(want), "{said}");
        assert!(said.ends_with("; output `rows` waits for it"), "{said}");
        gate.open();
        assert_eq!(reader.join().unwrap(), 3);
    });
}

// ---------------------------------------------------------------- inputs

#[test]
fn an_input_that_gives_nothing_to_a_reader_who_waits() {
    within(60, || {
        let (tx, rx) = mpsc::channel();
        let run = chain(rx, FaultPlan::new())
            .stall_after(LIMIT)
            .start()
            .unwrap();
        let handle = run.handle();
        let reader = thread::spawn(|| run.count());
        tx.send(1).unwrap();
        tx.send(2).unwrap();
        let stalls = told(&handle, 1);
        assert!(stalls[0].is_of_input());
        let said = stalls[0].to_string();
        assert!(
            said.starts_with("the run waits for input `reads` at item 2 for "),
            "{said}"
        );
        assert!(said.ends_with("; output `rows` waits for it"), "{said}");
        drop(tx);
        assert_eq!(reader.join().unwrap(), 2);
        assert!(handle.wait().stalls()[0].is_over());
    });
}

#[test]
fn a_join_waits_for_the_input_that_gives_nothing() {
    pipeline! {
        fn sums(xs: Stream<u64>, ys: Stream<u64>, pool: Pool) -> Stream<u64> {
            let ready = xs >> (|x: u64| x).named("ready").on(pool);
            let sums = (ready, ys) >> add;
            sums
        }
    }
    within(60, || {
        let (tx, rx) = mpsc::channel();
        let run = sums(0..3, rx, Pool::threads(1))
            .stall_after(LIMIT)
            .start()
            .unwrap();
        let handle = run.handle();
        let reader = thread::spawn(|| run.count());
        tx.send(1).unwrap();
        let stalls = told(&handle, 1);
        assert_eq!(text(&stalls), "ys#1: `add` output `sums`");
        assert!(stalls[0].is_of_input());
        tx.send(2).unwrap();
        tx.send(3).unwrap();
        drop(tx);
        assert_eq!(reader.join().unwrap(), 3);
    });
}

// ---------------------------------------------------------------- blocking forms

/// The report is what tells of them.
fn slow(report: &Report, node: &str) {
    assert_eq!(
        text(report.stalls()),
        format!("{node}#3: `row` output `rows`"),
        "{report}"
    );
    let stall = &report.stalls()[0];
    assert!(
        stall.is_over() && stall.duration() >= millis(400),
        "{report}"
    );
}

#[test]
fn blocking_forms_tell_in_their_report() {
    within(60, || {
        let plan = FaultPlan::new().slow("align", 3, millis(400));
        slow(&chain(0..5, plan.clone()).stall_after(LIMIT).run(), "align");
        let mut seen = 0;
        let report = chain(0..5, plan).stall_after(LIMIT).for_each(|_| seen += 1);
        slow(&report, "align");
        assert_eq!(seen, 5);
    });
}

#[test]
fn a_sink_that_takes_its_time_is_no_stall() {
    within(60, || {
        let report = chain(0..3, FaultPlan::new())
            .stall_after(LIMIT)
            .for_each(|_| thread::sleep(3 * LIMIT));
        assert_eq!(text(report.stalls()), "");
    });
}

// ---------------------------------------------------------------- no false alarms

#[test]
fn what_is_slow_but_moves_is_no_stall() {
    pipeline! {
        fn slowly(xs: Stream<u64>, pool: Pool) -> Stream<u64> {
            let parts = xs >> (|n: u64| (0..n).inspect(|_| thread::sleep(millis(50)))).flat().on(pool);
            let rows = parts >> (|x: u64| { thread::sleep(millis(50)); x }) >> (|x: u64| { thread::sleep(millis(50)); x }).serial().on(pool);
            rows
        }
    }
    within(60, || {
        let source = || {
            (0..24)
                .inspect(|_| thread::sleep(millis(50)))
                .map(|n| n % 4)
        };
        let began = Instant::now();
        let run = slowly(source(), Pool::threads(2))
            .stall_after(LONG)
            .start()
            .unwrap();
        let handle = run.handle();
        assert_eq!(run.count(), 36);
        let report = handle.wait();
        assert_eq!(text(report.stalls()), "", "{report}");
        assert!(began.elapsed() > LONG, "it was to take longer");
        let report = slowly(source(), Pool::threads(2)).stall_after(LONG).run();
        assert_eq!(text(report.stalls()), "", "{report}");
    });
}

#[test]
fn a_reader_who_does_something_else_is_no_stall() {
    within(60, || {
        let mut run = chain(0..100, FaultPlan::new())
            .stall_after(LIMIT)
            .buffer(8)
            .start()
            .unwrap();
        let handle = run.handle();
        for _ in 0..3 {
            assert!(run.next().is_some());
            thread::sleep(3 * LIMIT);
        }
        assert_eq!(run.count(), 97);
        let report = handle.wait();
        assert_eq!(text(report.stalls()), "", "{report}");
    });
}

#[test]
fn a_paused_run_is_no_stall() {
    within(60, || {
        let run = chain(0..100, FaultPlan::new())
            .stall_after(LIMIT)
            .buffer(8)
            .start()
            .unwrap();
        let handle = run.handle();
        handle.pause();
        let reader = thread::spawn(|| run.count());
        thread::sleep(5 * LIMIT);
        assert_eq!(text(handle.stats().stalls()), "");
        handle.resume();
        assert_eq!(reader.join().unwrap(), 100);
    });
}

/// Nobody looks where nobody has asked for it.
#[test]
fn without_being_asked_nothing_is_told() {
    within(60, || {
        let plan = FaultPlan::new().slow("align", 1, 3 * LIMIT);
        let report = chain(0..3, plan).run();
        assert_eq!(text(report.stalls()), "");
    });
}

// ---------------------------------------------------------------- results

/// A run that is looked at gives what any other does.
#[test]
fn runs_that_are_looked_at_give_the_same() {
    within(120, || {
        for schedule in schedules() {
            let [a, ..] = schedule.pools();
            let (rows, counted) = tuned!(schedule, diamond(0..40, FaultPlan::new(), a.clone()))
                .stall_after(secs(20))
                .collect();
            let want: Vec<u64> = (0..40).collect();
            assert!(
                rows.into_iter()
                    .map(Result::unwrap)
                    .eq(want.iter().map(|x| 2 * x)),
                "{schedule}"
            );
            assert!(
                counted.into_iter().map(Result::unwrap).eq(want.clone()),
                "{schedule}"
            );
            let run = tuned!(schedule, in_turn(0..40, FaultPlan::new(), a)).stall_after(secs(20));
            assert!(
                run.start().unwrap().map(Result::unwrap).eq(want),
                "{schedule}"
            );
        }
    });
}

/// Time is counted of every call.
#[test]
fn busy_times_are_those_of_the_calls() {
    within(60, || {
        let mut plan = FaultPlan::new();
        for item in 0..10 {
            plan = plan.slow("align", item, millis(5));
        }
        let report = chain(0..10, plan).stall_after(secs(20)).run();
        let busy = |node: &str| report.node(node).unwrap().busy();
        assert!(busy("align") >= millis(50), "{report}");
        assert!(busy("row") < millis(50), "{report}");
        assert_eq!(counts(&report, "align"), [10, 10, 0, 0]);
    });
}
