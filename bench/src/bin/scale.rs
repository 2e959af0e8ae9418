//! What an item costs as the work grows: more items, more threads, more branches, longer chains.
//!
//! Each row is measured beside the plain loop of the same work, and verified by its checksum.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use papy::Pool;
use papy_bench::checksum::Checksum;
use papy_bench::harness::{Measured, Workload};
use papy_bench::pipelines::{chain, costly};
use papy_bench::shapes::{chains, costly_on, fans, trivial_on};
use papy_bench::spin::{calibrate, spin};
use papy_bench::workers::*;

const HELP: &str = "\
usage: cargo run --release --bin scale [-- OPTION…]

Prints what an item costs in ns, and how many times what the plain loop takes, as work grows: items, strides, threads,
branches, nodes.

  --large       up to 10^9 items instead of 10^8
  --quick       a tenth of the items
  --only TABLE  items, strides, threads, fans or chains; may be given several times";

const ROUNDS: usize = 3;

fn main() -> ExitCode {
    let Some(options) = Options::parse(env::args().skip(1)) else {
        eprintln!("{HELP}");
        return ExitCode::from(2);
    };
    let spins = calibrate(Duration::from_micros(1));
    println!("ns per item, and in parentheses the ratio to the loop: medians of {ROUNDS} rounds");
    if options.wants("items") {
        items(&options, spins);
    }
    if options.wants("strides") {
        strides(&options);
    }
    if options.wants("threads") {
        threads(&options, spins);
    }
    if options.wants("fans") {
        widths(&options, spins);
    }
    if options.wants("chains") {
        lengths(&options, spins);
    }
    ExitCode::SUCCESS
}

#[derive(Default)]
struct Options {
    large: bool,
    quick: bool,
    only: Vec<String>,
}

impl Options {
    fn parse(words: impl IntoIterator<Item = String>) -> Option<Options> {
        const TABLES: [&str; 5] = ["items", "strides", "threads", "fans", "chains"];
        let mut options = Options::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match &*word {
                "--large" => options.large = true,
                "--quick" => options.quick = true,
                "--only" => {
                    let table = words.next().filter(|table| TABLES.contains(&&**table))?;
                    options.only.push(table);
                }
                _ => return None,
            }
        }
        Some(options)
    }

    fn wants(&self, table: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == table)
    }

    /// So many items, or fewer.
    fn few(&self, items: u64) -> u64 {
        if self.quick { items / 10 } else { items }
    }
}

// ---------------------------------------------------------------- tables

fn head(title: &str, first: &str) {
    println!("\n{title}");
    println!(
        "{first:>12} {:>12} {:>12} {:>22} {:>22}",
        "items", "loop", "for_each", "start"
    );
}

fn row(label: impl std::fmt::Display, measured: &Measured) {
    let figure = |at: usize| {
        let way = &measured.ways[at];
        format!("{:.2} ({:.2})", way.nanoseconds.median, way.ratio.median)
    };
    let plain = &measured.ways[0];
    println!(
        "{label:>12} {:>12} {:>12.2} {:>22} {:>22}",
        plain.items,
        plain.nanoseconds.median,
        figure(1),
        figure(2)
    );
}

/// Measures a pipeline in both ways beside its loop.
macro_rules! measured {
    ($items:expr, |$x:ident| $plain:expr, |$xs:ident| $pipeline:expr) => {
        Workload::new("scale", "", $items, move |n| {
            (0..n).map(|$x| $plain).collect::<Checksum>().value()
        })
        .way("for_each", move |n| {
            let $xs = 0..n;
            let mut sum = Checksum::default();
            $pipeline.for_each(|result| sum.add_result(result));
            sum.value()
        })
        .way("start", move |n| {
            let $xs = 0..n;
            let mut sum = Checksum::default();
            let mut run = $pipeline.start().expect("threads can be had");
            for result in &mut run {
                sum.add_result(result);
            }
            run.join().expect("the run ends well");
            sum.value()
        })
        .measure(ROUNDS)
    };
}

fn items(options: &Options, spins: u32) {
    let most = match (options.large, options.quick) {
        (true, _) => 9,
        (false, true) => 7,
        (false, false) => 8,
    };
    head("items: a chain of four trivial nodes", "");
    for power in 3..=most {
        let measured = measured!(
            10_u64.pow(power),
            |x| mix4(mix3(mix2(mix1(x)))),
            |xs| chain(xs)
        );
        row(format!("10^{power}"), &measured);
    }
    head("items: one node of 1 µs", "");
    for power in 3..=most - 2 {
        let measured = measured!(10_u64.pow(power), |x| spin(x, spins), |xs| costly(
            xs, spins
        ));
        row(format!("10^{power}"), &measured);
    }
}

/// What is the same for each stride, and what for each item.
fn strides(options: &Options) {
    head("strides: a chain of four trivial nodes", "items each");
    for stride in [1, 8, 64, 512, 2048] {
        let measured = measured!(
            options.few(500_000 * stride.min(20)),
            |x| mix4(mix3(mix2(mix1(x)))),
            |xs| chain(xs).stride(stride as usize)
        );
        row(stride, &measured);
    }
}

fn threads(options: &Options, spins: u32) {
    const COUNTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
    head(
        "threads: a trivial node on a pool, which is begun with each run",
        "threads",
    );
    for count in COUNTS {
        let measured = measured!(options.few(5_000_000), |x| mix1(x), |xs| trivial_on(
            xs,
            Pool::threads(count)
        ));
        row(count, &measured);
    }
    head(
        "threads: a node of 1 µs on a pool, which is begun with each run",
        "threads",
    );
    for count in COUNTS {
        let measured = measured!(options.few(300_000), |x| spin(x, spins), |xs| costly_on(
            xs,
            spins,
            Pool::threads(count)
        ));
        row(count, &measured);
    }
}

/// A table of the modules of a shape: trivial work, and 1 µs shared out among its nodes.
macro_rules! shapes {
    ($options:expr, $spins:expr, $first:literal, $shapes:ident: $($count:literal $name:ident),+) => {
        head(concat!(stringify!($shapes), ": trivial nodes"), $first);
        $(
            let items = $options.few(20_000_000 / $count);
            row($count, &measured!(items, |x| $shapes::$name::plain(x), |xs| $shapes::$name::trivial(xs)));
        )+
        head(concat!(stringify!($shapes), ": nodes that take 1 µs one after the other"), $first);
        $({
            let spins = ($spins / $count).max(1);
            let measured = measured!(
                $options.few(200_000),
                |x| $shapes::$name::costly_plain(x, spins),
                |xs| $shapes::$name::costly(xs, spins)
            );
            row($count, &measured);
        })+
    };
}

fn widths(options: &Options, spins: u32) {
    shapes!(options, spins, "branches", fans:
        1 of_1, 2 of_2, 4 of_4, 8 of_8, 16 of_16, 32 of_32, 64 of_64);
}

fn lengths(options: &Options, spins: u32) {
    shapes!(options, spins, "nodes", chains:
        1 of_1, 4 of_4, 16 of_16, 64 of_64, 100 of_100);
}
