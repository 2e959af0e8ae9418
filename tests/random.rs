//! Random pipelines, compiled and run in many ways, against an interpreter of the language's rules.
//!
//! ```text
//! cargo test --test random                                     a few programs
//! PAPY_RANDOM=3000 PAPY_SEED=17 cargo test --test random       3000 of them, from seed 17 on
//! PAPY_OFF=Fold,Catch PAPY_ON=Flat …                           without and with features; see features.rs
//! PAPY_SHOW=1 …                                                print the programs and what they should give
//! ```
//!
//! A program depends on its seed and on the features, so these reproduce a failure.

#[path = "common/guard.rs"]
mod guard;

mod random {
    pub mod balance;
    pub mod catalog;
    pub mod chunk;
    pub mod dice;
    pub mod expectation;
    pub mod features;
    pub mod generator;
    pub mod harness;
    pub mod interpreter;
    pub mod program;
    pub mod text;
    pub mod vectors;
    pub mod workers;
}

use std::collections::BTreeMap;

use guard::within;
use random::chunk::{self, Event};
use random::expectation::{Expectation, Reading};
use random::features::{Feature, Features};
use random::generator::generate;
use random::harness::{How, ways};
use random::interpreter::interpret;
use random::program::{Program, Statement};
use random::text;

/// How many programs a crate has at most.
const CHUNK: usize = 100;
/// Crates that are compiled and run side by side.
const CRATES: usize = 2;
/// How many programs that fail are shown as a whole.
const WHOLE: usize = 10;
/// Seconds that one run of a program may take.
const LIMIT: u64 = 20;

fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
        Err(_) => otherwise,
    }
}

/// A program with all that is needed to judge it.
struct Case {
    text: String,
    /// What it gives until the first fault is known.
    stops: bool,
    expectation: Expectation,
}

fn case(program: &Program, features: &Features) -> Case {
    let text = text::write(program);
    let drops = |statement: &Statement| match statement {
        Statement::Drop(_) => true,
        Statement::Let(names, _) => names.contains(&None),
        Statement::Sink(_) => false,
    };
    let drops = program.main.body.iter().any(drops) || !program.inner.is_empty();
    let expectation = interpret(program, &text.names);
    Case {
        text: text.source,
        stops: !drops || features.has(Feature::StopsBesideDrops),
        expectation,
    }
}

/// What is wrong with what a program did.
fn complaint(seed: u64, case: &Case, event: &Event) -> Option<String> {
    let told = |way: usize| ways(seed)[way].text();
    match event {
        Event::Ran(way, lines) => {
            let reading = match ways(seed)[*way].how {
                How::Stop if !case.stops => return None,
                How::Stop => Reading::Stop,
                How::Indexed => Reading::Indexed,
                _ => Reading::Plain,
            };
            let wrong = case.expectation.verdict(reading, lines).err()?;
            Some(format!("{}\n{wrong}", told(*way)))
        }
        Event::Hung(way) => Some(format!("{}\nhangs", told(*way))),
        Event::Died(way, how) => Some(format!("{}\n{how}", told(*way))),
        Event::Uncompiled(error) => Some(format!("does not compile\n{error}")),
    }
}

/// How to run a program again.
fn reproduce(seed: u64) -> String {
    let mut text = format!("PAPY_RANDOM=1 PAPY_SEED={seed} ");
    for name in ["PAPY_ON", "PAPY_OFF"] {
        if let Ok(list) = std::env::var(name) {
            text += &format!("{name}={list} ");
        }
    }
    text + "cargo test --test random\n"
}

#[test]
fn random_pipelines_give_what_the_rules_say() {
    let count = number("PAPY_RANDOM", 24);
    // they are compiled, too
    within(600 + count, move || {
        let features = Features::from_environment();
        let first = number("PAPY_SEED", 1);
        let show = number("PAPY_SHOW", 0) > 0;
        // Panics of workers are meant.
        std::panic::set_hook(Box::new(|info| {
            if !info.to_string().contains("on purpose") {
                eprintln!("{info}");
            }
        }));
        let mut wrong: Vec<u64> = Vec::new();
        let mut unclear = 0;
        let seeds: Vec<u64> = (first..first + count).collect();
        for batch in seeds.chunks(CHUNK * CRATES) {
            let cases: BTreeMap<u64, Case> = batch
                .iter()
                .map(|seed| (*seed, case(&generate(*seed, &features), &features)))
                .collect();
            if show {
                for case in cases.values() {
                    println!("{}\n{:#?}", case.text, case.expectation);
                }
            }
            unclear += cases
                .values()
                .filter(|case| case.expectation.unclear.is_some())
                .count();
            let sources = cases
                .iter()
                .map(|(seed, case)| (*seed, case.text.clone()))
                .collect();
            let mut complaints: BTreeMap<u64, Vec<String>> = BTreeMap::new();
            for (seed, event) in chunk::run(sources, CRATES, LIMIT) {
                if let Some(complaint) = complaint(seed, &cases[&seed], &event) {
                    complaints.entry(seed).or_default().push(complaint);
                }
            }
            for (seed, told) in complaints {
                println!(
                    "==== seed {seed}, {} of its runs, first {}",
                    told.len(),
                    told[0]
                );
                if wrong.len() < WHOLE {
                    println!("{}\n{}", cases[&seed].text, reproduce(seed));
                }
                wrong.push(seed);
            }
            if count > 200 {
                println!("up to {}: {} wrong", batch[batch.len() - 1], wrong.len());
            }
        }
        println!("{count} programs, {unclear} of them judged by nothing but their end");
        assert!(wrong.is_empty(), "seeds {wrong:?}");
    });
}
