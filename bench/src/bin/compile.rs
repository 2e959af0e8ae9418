//! Tells whether the time that it takes to compile a pipeline is linear in its nodes.

use std::env;
use std::process::ExitCode;

use papy_bench::compile::crates::{Mode, Scratch, papy};
use papy_bench::compile::programs::{Caller, Shape, program};
use papy_bench::compile::table::{Growth, Size};
use papy_bench::harness::Spread;

const HELP: &str = "\
usage: cargo run --release --bin compile [-- [--quick] [--check] [--json]]

Compiles pipelines of 10, 100 and 400 nodes, as chains and as forks, and the same functions called by hand; one pipeline
that is a node 1, 5 and 20 times; and pipelines in pipelines: with `cargo check`, and for release. Prints the time of the
processors that they take beyond a program with nothing in it. Fails if that is not linear.

  --quick       once each, instead of three times, and no more than 100 nodes for release
  --check       `cargo check` alone
  --json        JSON instead of a table";

#[derive(Default)]
struct Wanted {
    quick: bool,
    check: bool,
    json: bool,
}

fn main() -> ExitCode {
    let mut wanted = Wanted::default();
    for word in env::args().skip(1) {
        match &*word {
            "--quick" => wanted.quick = true,
            "--check" => wanted.check = true,
            "--json" => wanted.json = true,
            _ => {
                eprintln!("{HELP}");
                return ExitCode::from(2);
            }
        }
    }
    match measure(&wanted) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is linear.
fn measure(wanted: &Wanted) -> Result<bool, String> {
    let mut timer = Timer {
        scratch: Scratch::new("compile", &papy()?)?,
        rounds: if wanted.quick { 1 } else { 3 },
        salt: 0,
    };
    let modes: &[Mode] = if wanted.check {
        &[Mode::Check]
    } else {
        &[Mode::Check, Mode::Release]
    };
    let mut found = Vec::new();
    for &mode in modes {
        // papy itself, and what is read from the disk for the first time
        timer.once(mode, Shape::Chain, 0, Caller::Papy)?;
        let nothing = timer.time(mode, Shape::Chain, 0, Caller::Hand)?;
        for shape in [Shape::Chain, Shape::Fork, Shape::Uses, Shape::Nested] {
            let sizes: &[usize] = match shape {
                Shape::Uses => &[1, 5, 20],
                Shape::Nested => &[1, 2, 3],
                _ if wanted.quick && mode == Mode::Release => &[10, 50, 100],
                _ => &[10, 100, 400],
            };
            let mut growth = Growth {
                shape,
                mode,
                sizes: Vec::new(),
            };
            for &nodes in sizes {
                let papy = timer.time(mode, shape, nodes, Caller::Papy)? - nothing;
                let hand = match shape {
                    Shape::Chain | Shape::Fork => {
                        timer.time(mode, shape, nodes, Caller::Hand)? - nothing
                    }
                    Shape::Uses | Shape::Nested => 0.0,
                };
                growth.sizes.push(Size { nodes, papy, hand });
            }
            if !wanted.json {
                println!("{growth}");
            }
            found.push(growth);
        }
    }
    if wanted.json {
        let lines: Vec<String> = found.iter().map(Growth::json).collect();
        println!("[{}]", lines.join(",\n "));
    }
    Ok(found.iter().all(Growth::is_linear))
}

struct Timer {
    scratch: Scratch,
    rounds: usize,
    /// Every text is another, so that nothing is taken from an earlier one.
    salt: usize,
}

impl Timer {
    /// Milliseconds.
    fn once(
        &mut self,
        mode: Mode,
        shape: Shape,
        nodes: usize,
        caller: Caller,
    ) -> Result<f64, String> {
        self.salt += 1;
        let text = program(shape, nodes, caller, self.salt);
        let taken = self.scratch.compile(mode, &text)?;
        Ok(taken.work.as_secs_f64() * 1000.0)
    }

    /// The median of some rounds.
    fn time(
        &mut self,
        mode: Mode,
        shape: Shape,
        nodes: usize,
        caller: Caller,
    ) -> Result<f64, String> {
        let times: Result<Vec<f64>, String> = (0..self.rounds)
            .map(|_| self.once(mode, shape, nodes, caller))
            .collect();
        Ok(Spread::of(times?).median)
    }
}
