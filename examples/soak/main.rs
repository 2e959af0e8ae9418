//! Runs pipelines for as long as is asked for, under everything that can happen to them, and checks all that is promised.
//!
//! ```text
//! cargo run --release --example soak -- --seconds 60 --seed 1
//! ```
//!
//! Each round runs one to three pipelines of a catalogue of everything that the language has, at the same time and on pools that
//! they share. In each of them, items fail, panic, are slow, stall or never return; inputs fail, panic, are slow or of unequal
//! length; the run is paused, stopped, cancelled, waited for, joined, dropped in whole or in part, or forgotten, after any
//! number of results, which are read in any order. What comes out is compared with the same pipeline on one thread: nothing
//! is lost, doubled or out of order, counts are right, no item, thread or file is left behind, and nothing hangs.
//!
//! The last line is `lost 0 doubled 0 disordered 0 hangs 0 leaks 0`; anything else is told with the seed that brings it back,
//! and the exit status is 1. 2 is for a command line that makes no sense.

mod arguments;
mod case;
mod catalogue;
mod counts;
mod dice;
mod ending;
mod feed;
mod item;
mod reading;
mod round;
mod schedule;
mod setting;
mod told;
mod verdict;
mod watch;
mod workers;

use std::panic;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use arguments::{Arguments, Command};
use catalogue::Entry;
use counts::{Counts, Wrongs};
use schedule::Pools;
use watch::Watch;

/// Panics that nobody has planned.
static STRAYS: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let entries = catalogue::entries();
    match arguments::parse() {
        Ok(Command::Run(arguments)) => soak(&arguments, &entries),
        Ok(Command::List) => {
            for entry in &entries {
                println!("{}", entry.name);
            }
            ExitCode::SUCCESS
        }
        Ok(Command::Help) => {
            println!("{}", arguments::HELP);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("soak: {error}\n\n{}", arguments::HELP);
            ExitCode::from(2)
        }
    }
}

fn soak(arguments: &Arguments, entries: &[Entry]) -> ExitCode {
    let wanted = |entry: &&Entry| {
        arguments
            .only
            .as_ref()
            .is_none_or(|only| entry.name == only)
    };
    let entries: Vec<&Entry> = entries.iter().filter(wanted).collect();
    if entries.is_empty() {
        eprintln!("soak: nothing in the catalogue has that name; see --list");
        return ExitCode::from(2);
    }
    let start = Instant::now();
    let counts = Arc::new(Counts::default());
    let watch = Watch::new(counts.clone());
    let pools = Pools::new();
    let progress = progress();
    quiet();
    counts.add("pipelines", entries.len() as u64);
    let mut wrongs = Wrongs::default();
    let mut seed = arguments.seed;
    while start.elapsed() < arguments.time && !wrongs.any() && STRAYS.load(Relaxed) == 0 {
        let verdict = round::run(seed, &entries, &pools, &watch, &counts);
        progress.set_message(format!(
            "{} runs, {} values",
            counts.of("runs"),
            counts.of("values")
        ));
        progress.tick();
        wrongs = wrongs.and(verdict.wrongs);
        if verdict.wrongs.any() {
            progress.suspend(|| {
                for words in &verdict.words {
                    eprintln!("{words}");
                }
                eprintln!("again: --seed {seed}");
            });
        }
        seed += 1;
    }
    progress.finish_and_clear();
    let strays = STRAYS.load(Relaxed);
    if strays > 0 {
        println!(
            "{strays:>12} panics that nobody has planned, at the latest with --seed {}",
            seed - 1
        );
    }
    println!("{counts}{wrongs}");
    ExitCode::from(u8::from(wrongs.any() || strays > 0))
}

fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    let progress = ProgressBar::new_spinner().with_style(style.expect("the template is right"));
    progress.enable_steady_tick(Duration::from_millis(200));
    progress
}

/// Says nothing of panics that are planned, and counts the others.
fn quiet() {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<&str>().copied();
        let text = text.or(info.payload().downcast_ref::<String>().map(String::as_str));
        let planned = text.is_some_and(|text| text.ends_with("on purpose"));
        if !planned {
            STRAYS.fetch_add(1, Relaxed);
            loud(info);
        }
    }));
}
