//! Tells whether a run of ten times as many items takes more memory.
//!
//! Each run is a process of its own, whose peak is what Linux says it was.

use std::env;
use std::fs;
use std::process::{Command, ExitCode};
use std::time::Duration;

use papy_bench::checksum::Checksum;
use papy_bench::harness::Spread;
use papy_bench::pipelines::costly;
use papy_bench::{by_hand, spin};

const HELP: &str = "\
usage: cargo run --release --bin memory [-- ITEMS]

Runs a pipeline with one node of 1 µs for ITEMS (500000) and for ten times as many items, five times each, in processes
of their own, and prints their peak resident memory. Fails if the medians differ by more than 10 %.";

const WAYS: [&str; 2] = ["for_each", "start"];
/// Processes for each size: how threads are scheduled makes peaks differ too.
const CHILDREN: usize = 5;
/// What the peaks may differ by, as a part of the smaller.
const MAY_DIFFER: f64 = 0.1;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["child", way, items, spins] => child(way, items, spins),
        [] => compare(500_000),
        [items] => match items.parse() {
            Ok(items) => compare(items),
            Err(_) => Err(HELP.to_owned()),
        },
        _ => Err(HELP.to_owned()),
    };
    match done {
        Ok(code) => code,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// Measures both sizes of every way.
fn compare(items: u64) -> Result<ExitCode, String> {
    let spins = spin::calibrate(Duration::from_micros(1));
    let mut code = ExitCode::SUCCESS;
    let sizes = [items, items.saturating_mul(10)];
    let expected = sizes.map(|n| by_hand::split(n, by_hand::threads(), |x| spin::spin(x, spins)));
    println!("peak resident memory in KiB: median (min–max) of {CHILDREN} processes");
    let [small, large] = sizes.map(|items| format!("{items} items"));
    println!("{:10} {small:>22} {large:>22} {:>8}", "", "ratio");
    for way in WAYS {
        let mut peaks = [const { Vec::new() }; 2];
        for _ in 0..CHILDREN {
            for ((peaks, items), expected) in peaks.iter_mut().zip(sizes).zip(expected) {
                peaks.push(measure(way, items, spins, expected)? as f64);
            }
        }
        let peaks = peaks.map(Spread::of);
        let [small, large] = peaks.map(|peak| peak.median);
        let [first, second] =
            peaks.map(|peak| format!("{:.0} ({:.0}–{:.0})", peak.median, peak.min, peak.max));
        println!("{way:10} {first:>22} {second:>22} {:>8.3}", large / small);
        if (large - small).abs() > MAY_DIFFER * small.min(large) {
            let percent = MAY_DIFFER * 100.0;
            println!("{way}: the medians differ by more than {percent:.0} %");
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// The peak of a child process, in KiB.
fn measure(way: &str, items: u64, spins: u32, expected: u64) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
    let output = Command::new(program)
        .args(["child", way, &items.to_string(), &spins.to_string()])
        .output()
        .map_err(|error| format!("a child process: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = said.split_whitespace().flat_map(str::parse).collect();
    match numbers[..] {
        [sum, peak] if output.status.success() && sum == expected => Ok(peak),
        [sum, _] if output.status.success() => Err(format!(
            "{way}: the checksum is {sum} instead of {expected}"
        )),
        _ => Err(format!(
            "{way}: {}, {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// Runs once and prints the checksum and this process's peak.
fn child(way: &str, items: &str, spins: &str) -> Result<ExitCode, String> {
    let items: u64 = items.parse().map_err(|_| HELP)?;
    let spins: u32 = spins.parse().map_err(|_| HELP)?;
    let mut sum = Checksum::default();
    let pipeline = costly(0..items, spins);
    match way {
        "for_each" => {
            pipeline.for_each(|result| sum.add_result(result));
        }
        "start" => {
            let mut run = pipeline.start().map_err(|error| error.to_string())?;
            for result in &mut run {
                sum.add_result(result);
            }
            run.join().map_err(|error| error.to_string())?;
        }
        _ => return Err(HELP.to_owned()),
    }
    println!("{} {}", sum.value(), peak()?);
    Ok(ExitCode::SUCCESS)
}

/// The most memory that this process has had so far, in KiB.
fn peak() -> Result<u64, String> {
    let status = fs::read_to_string("/proc/self/status")
        .map_err(|error| format!("/proc/self/status: {error}; this needs Linux"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    peak.ok_or_else(|| "/proc/self/status has no VmHWM".to_owned())
}
