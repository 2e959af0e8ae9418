//! Tells what the smallest program costs with papy and with other libraries: crates, the time of a build, and bytes.

use std::env;
use std::process::ExitCode;

use papy_bench::compile::crates::{Mode, Scratch, papy};
use papy_bench::compile::smallest::{ALL, Smallest};

const HELP: &str = "\
usage: cargo run --release --bin build_cost [-- NAME…]

Builds the smallest program with papy, and with other libraries, from nothing and for release, with their default
features; prints a table in Markdown: the crates that are built, how long that takes, and the size of the stripped program.
NAME is one of them; without, all are built.";

fn main() -> ExitCode {
    let names: Vec<String> = env::args().skip(1).collect();
    let is_known = |name: &String| ALL.iter().any(|smallest| smallest.name == name);
    if !names.iter().all(is_known) {
        let known = ALL.map(|smallest| smallest.name).join(", ");
        eprintln!("{HELP}\n\nNames: {known}");
        return ExitCode::from(2);
    }
    println!("| | crates | build | processor time | program |\n|---|---:|---:|---:|---:|");
    for smallest in ALL {
        if names.is_empty() || names.iter().any(|name| name == smallest.name) {
            match row(smallest) {
                Ok(row) => println!("{row}"),
                Err(why) => {
                    eprintln!("{}: {why}", smallest.name);
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    ExitCode::SUCCESS
}

fn row(smallest: Smallest) -> Result<String, String> {
    let Smallest {
        name, dependency, ..
    } = smallest;
    let dependency = match name {
        "papy" => papy()?,
        _ => dependency.to_owned(),
    };
    let folder = format!("build_cost/{}", name.replace(' ', "-"));
    let scratch = Scratch::new(&folder, &dependency)?;
    scratch.fetch()?;
    scratch.clean();
    let taken = scratch.compile(Mode::Release, &smallest.program())?;
    let (crates, bytes) = (scratch.crates()?, scratch.size()?);
    scratch.clean();
    Ok(format!(
        "| {name} | {} | {:.1} s | {:.1} s | {} KiB |",
        crates.len(),
        taken.wall.as_secs_f64(),
        taken.work.as_secs_f64(),
        bytes / 1024,
    ))
}
