//! Statistics of sequencing reads: trims and filters FASTQ, measures every read, and sums it all up.
//!
//! ```text
//! read_stats [FILE…] [--rows PATH] [--json] [--min-quality N] [--min-length N]
//! ```
//!
//! Every FILE is FASTQ, plain or gzip (several members, so also bgzip); `-` is standard input. Without a FILE, the sample
//! that ships with the example is read. The summary goes to standard output, as a table or as one JSON object; with
//! `--rows` there is also a table of tab-separated values with a row for each read that was kept.
//!
//! A bad record is a fault: it is shown on standard error with its file and line, it is counted, and reading goes on with
//! the next record. The exit status is
//!
//! - 0 when every input was read to its end, also if there were bad records in it;
//! - 1 when an input could not be opened or read to its end (the summary then covers what could be read), or an output
//!   could not be written;
//! - 2 when the command line makes no sense;
//! - 130 after Ctrl-C: no more reads are taken in, those that were are finished, and the summary covers them. A second
//!   Ctrl-C ends the program at once.

mod arguments;
mod fastq;
mod faults;
mod histogram;
mod input;
mod reads;
mod rewind;
mod rows;
mod summary;
mod workers;

use std::error::Error;
use std::io::{self, Write};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use papy::prelude::*;
use papy::source::fallible;

use arguments::{Arguments, Command};
use faults::Faults;
use input::Input;
use reads::Read;
use rows::{Row, Table};
use summary::{Summary, Tally};
use workers::{gc, long_enough, quality, row, summarise, tally, trim, unknown};

const INTERRUPTED: u8 = 130;

pipeline! {
    /// Trims the bad ends of reads, drops those that get too short, and measures the others.
    fn read_stats(
        reads: Stream<Read>,
        min_quality: u8,
        min_length: usize,
    ) -> (Stream<Row>, Stream<Tally>, Stream<Summary>) {
        let total = reads >> tally.fold();

        let trimmed = reads >> trim(floor = min_quality);
        let kept = trimmed >> long_enough(length = min_length).filter();

        let rows = (kept, kept >> gc, kept >> unknown, kept >> quality) >> row;
        let summary = rows >> summarise.fold();

        (rows, total, summary)
    }
}

fn main() -> ExitCode {
    let arguments = match arguments::parse() {
        Ok(Command::Run(arguments)) => arguments,
        Ok(Command::Help) => {
            println!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("read_stats: {error}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    run(arguments).unwrap_or_else(|error| {
        eprintln!("read_stats: {error}");
        ExitCode::FAILURE
    })
}

fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let (inputs, progress) = Input::open_all(&arguments.files)?;
    let mut table = arguments.rows.map(Table::create).transpose()?;
    let mut faults = Faults::new(progress.clone());

    let reads = inputs.into_iter().flat_map(Input::reads);
    let mut run =
        read_stats(fallible(reads), arguments.min_quality, arguments.min_length).start()?;

    let handle = run.handle();
    let interrupted = on_interrupt(move || handle.stop())?;

    for row in &mut run.rows {
        match (row, &mut table) {
            (Ok(row), Some(table)) => table.write(&row)?,
            (Ok(_), None) => {}
            (Err(fault), _) => faults.show(&fault),
        }
    }
    if let Some(table) = table {
        table.finish()?;
    }
    let (total, summary) = (folded(&mut run.total), folded(&mut run.summary));
    run.join()?;
    progress.finish_and_clear();
    faults.finish();

    if arguments.json {
        print(&summary.to_json(&total, faults.count()))?;
    } else {
        print(&summary.to_text(&total, faults.count()))?;
    }

    Ok(if interrupted.load(Ordering::Relaxed) {
        eprintln!("read_stats: interrupted; these are the reads so far");
        ExitCode::from(INTERRUPTED)
    } else if faults.cut_short() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Calls `stop` at the first Ctrl-C, which then is `true`, and exits at the second.
fn on_interrupt(stop: impl Fn() + Send + 'static) -> Result<Arc<AtomicBool>, ctrlc::Error> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let is_second = Arc::clone(&interrupted);
    ctrlc::set_handler(move || {
        if is_second.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED.into());
        }
        stop();
    })?;
    Ok(interrupted)
}

/// What a fold gives at its end; the faults that pass it by were shown with the rows.
fn folded<T>(output: impl Iterator<Item = Result<T, Fault>>) -> T {
    output
        .filter_map(Result::ok)
        .last()
        .expect("a fold gives one value")
}

/// Prints to standard output; that nobody reads it to its end is no error.
fn print(text: &dyn std::fmt::Display) -> Result<(), String> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}"))
        }
        _ => Ok(()),
    }
}
