//! Measures, and prints what it has measured.

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use papy_bench::arguments::{Arguments, HELP};
use papy_bench::harness::Measured;
use papy_bench::json::json;
use papy_bench::markdown::markdown;
use papy_bench::picture::picture;
use papy_bench::report::Setting;
use papy_bench::workloads::{Scale, all};
use papy_bench::{by_hand, spin};

fn main() -> ExitCode {
    let arguments = match Arguments::parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    if arguments.help {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let spins = if arguments.list {
        1
    } else {
        spin::calibrate(Duration::from_micros(1))
    };
    let scale = Scale {
        down: if arguments.quick { 10 } else { 1 },
        spins,
        threads: by_hand::threads(),
    };
    let mut workloads = all(scale);
    workloads.retain(|workload| arguments.wants(workload.name));
    if arguments.list {
        for workload in workloads {
            println!("{:12} {}", workload.name, workload.title);
        }
        return ExitCode::SUCCESS;
    }
    if workloads.is_empty() {
        eprintln!("there is no such workload; --list names them");
        return ExitCode::from(2);
    }
    let setting = Setting {
        threads: scale.threads,
        rounds: arguments
            .rounds
            .unwrap_or(if arguments.quick { 3 } else { 7 }),
        quick: arguments.quick,
        spins,
    };
    if !arguments.json {
        println!("{setting}\n");
    }
    let mut measured = Vec::new();
    for workload in workloads {
        let workload = workload.measure(setting.rounds);
        if !arguments.json {
            println!("{workload}");
        }
        measured.push(workload);
    }
    if arguments.json {
        print!("{}", json(&setting, &measured));
    }
    match write_files(&arguments, &setting, &measured) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn write_files(
    arguments: &Arguments,
    setting: &Setting,
    measured: &[Measured],
) -> Result<(), String> {
    let write = |path: &Path, text: String| {
        fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    if let Some(path) = &arguments.markdown {
        write(path, markdown(setting, measured))?;
    }
    if let Some(path) = &arguments.svg {
        write(path, picture(setting, measured))?;
    }
    Ok(())
}
