//! Whole runs of papy under shuttle: the real runtime, whose threads, locks and pools take turns at random. What comes out
//! must be exact, and every run must end; shuttle tells when nobody can go on.
//!
//! Time is none here: a clock moves by chance whenever it is read, so runs find sources fast or slow, and items light or
//! heavy, as it comes; and a wait with a limit is always over at once.

#![cfg(papy_shuttle)]

mod answers;
mod ends;
mod outputs;
mod pools;
mod shapes;
mod timed;

use papy::Fault;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

/// Runs `body` under so many schedules, and as many again under one in which few threads are overtaken, but those at the
/// worst of moments (S. Burckhardt et al., *A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs*, 2010).
fn check(body: fn()) {
    let schedules = number("PAPY_SCHEDULES").unwrap_or(100) as usize;
    let seed = number("PAPY_SEED").unwrap_or(1);
    run(RandomScheduler::new_from_seed(seed, schedules), body);
    run(PctScheduler::new_from_seed(seed, 3, schedules), body);
}

fn run(scheduler: impl Scheduler + 'static, body: fn()) {
    let mut config = Config::new();
    config.stack_size = 1 << 20;
    config.max_steps = MaxSteps::FailAfter(300_000);
    config.silence_warnings = true;
    // the seed brings a failure back; a schedule would be pages long
    config.failure_persistence = FailurePersistence::None;
    Runner::new(scheduler, config).run(move || {
        // the second scheduler insists on more than one thread, also where a run is evaluated in place
        let bystander = shuttle::thread::spawn(|| ());
        body();
        bystander.join().unwrap();
    });
}

/// The values of a pipeline without faults that is started; it must end by itself.
macro_rules! started {
    ($pipeline:expr) => {{
        let mut run = $pipeline.start().unwrap();
        let results = $crate::values(&mut run);
        run.join().unwrap();
        results
    }};
}

/// The same, started or collected, by the schedule.
macro_rules! either {
    ($pipeline:expr) => {{
        let pipeline = $pipeline;
        if $crate::toss() {
            $crate::values(pipeline.collect())
        } else {
            $crate::started!(pipeline)
        }
    }};
}
use {either, started};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The values of a run without faults.
fn values<T>(results: impl IntoIterator<Item = Result<T, Fault>>) -> Vec<T> {
    results.into_iter().map(Result::unwrap).collect()
}

/// Lets others go first, as a worker that takes its time would.
fn toil(x: u32) -> u32 {
    shuttle::thread::yield_now();
    x
}

/// True or false, by the schedule.
fn toss() -> bool {
    use shuttle::rand::Rng;
    shuttle::rand::thread_rng().r#gen()
}
