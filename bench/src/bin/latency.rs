//! How soon an item is out after its source gave it, and how often threads were woken for it.
//!
//! Linux tells of context switches; elsewhere there are none to print.

use std::env;
use std::fs;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use papy::prelude::*;

const HELP: &str = "\
usage: cargo run --release --bin latency [-- ITEMS]

Runs pipelines whose source gives ITEMS (2000) items, one every millisecond, and prints how long they take from the source
to the reader, and how often the process's threads went to sleep, for each item.";

const GAP: Duration = Duration::from_millis(1);
const WORK: Duration = Duration::from_micros(200);

#[worker]
fn light(at: Instant) -> Instant {
    at
}

#[worker]
fn costly(at: Instant) -> Instant {
    toil(at)
}

/// The work of a costly node.
fn toil(at: Instant) -> Instant {
    let began = Instant::now();
    while began.elapsed() < WORK {
        std::hint::spin_loop();
    }
    at
}

pipeline! {
    fn lights(items: Stream<Instant>, pool: Pool) -> Stream<Instant> {
        items >> light.on(pool)
    }
}

pipeline! {
    fn costlies(items: Stream<Instant>, pool: Pool) -> Stream<Instant> {
        items >> costly.on(pool)
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let items = match &words[..] {
        [] => Some(2000),
        [items] => items.parse().ok().filter(|n| *n > 1),
        _ => None,
    };
    let Some(items) = items else {
        eprintln!("{HELP}");
        return ExitCode::from(2);
    };
    println!("µs from the source to the reader, of {items} items, one every millisecond");
    println!(
        "{:36} {:>8} {:>8} {:>8} {:>8} {:>8} {:>12}",
        "", "median", "90 %", "99 %", "99.9 %", "most", "sleeps/item"
    );
    measure("light, plain loop", items, |items, out| items.for_each(out));
    measure("costly, plain loop", items, |items, out| {
        items.map(toil).for_each(out);
    });
    for (name, pool) in [("default pool", Pool::rayon()), ("own pool", own())] {
        measure(
            &format!("light, {name}, for_each"),
            items,
            |items, mut out| {
                lights(items, pool.clone()).for_each(|at| out(at.expect("nothing fails")));
            },
        );
        measure(&format!("light, {name}, start"), items, |items, out| {
            let run = lights(items, pool.clone()).start();
            run.expect("threads can be had").flatten().for_each(out);
        });
        measure(
            &format!("costly, {name}, for_each"),
            items,
            |items, mut out| {
                costlies(items, pool.clone()).for_each(|at| out(at.expect("nothing fails")));
            },
        );
        measure(&format!("costly, {name}, start"), items, |items, out| {
            let run = costlies(items, pool.clone()).start();
            run.expect("threads can be had").flatten().for_each(out);
        });
    }
    ExitCode::SUCCESS
}

fn own() -> Pool {
    Pool::threads(2)
}

/// A source that has slept before it gives an item, and what is done with what comes out.
type Items = Box<dyn Iterator<Item = Instant> + Send>;
type Out<'a> = Box<dyn FnMut(Instant) + 'a>;

/// Runs something and prints a row.
fn measure(name: &str, count: usize, run: impl FnOnce(Items, Out)) {
    let items = (0..count).map(|_| {
        thread::sleep(GAP);
        Instant::now()
    });
    let mut delays = Vec::with_capacity(count);
    let before = sleeps();
    let mut after = None;
    let out = |at: Instant| {
        delays.push(at.elapsed());
        if delays.len() + 1 == count {
            // while the run's threads are still there
            after = sleeps();
        }
    };
    run(Box::new(items), Box::new(out));
    assert_eq!(delays.len(), count, "{name}: items are missing");
    delays.sort();
    let nth = |part: f64| {
        let place = ((count as f64 * part) as usize).min(count - 1);
        delays[place].as_secs_f64() * 1e6
    };
    let sleeps = match before.zip(after) {
        Some((before, after)) => {
            let slept = after.saturating_sub(before);
            format!("{:.2}", slept as f64 / (count - 1) as f64)
        }
        None => "?".to_owned(),
    };
    println!(
        "{name:36} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {sleeps:>12}",
        nth(0.5),
        nth(0.9),
        nth(0.99),
        nth(0.999),
        nth(1.0)
    );
}

/// How often the threads that this process has at the moment have gone to sleep so far.
fn sleeps() -> Option<u64> {
    let tasks = fs::read_dir("/proc/self/task").ok()?.flatten();
    Some(
        tasks
            .filter_map(|task| {
                let status = fs::read_to_string(task.path().join("status")).ok()?;
                let line = status
                    .lines()
                    .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
                line?.trim().parse::<u64>().ok()
            })
            .sum(),
    )
}
