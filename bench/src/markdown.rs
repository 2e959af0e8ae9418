//! Tables for a page: one over all workloads, and each workload's own.

use std::fmt::{self, Write};

use crate::harness::{Measured, MeasuredWay};
use crate::report::{Setting, digits};

/// The ratios of papy's ways and of the best way of each library, and then every way.
#[must_use]
pub fn markdown(setting: &Setting, workloads: &[Measured]) -> String {
    let mut text = format!("{setting}; times as a ratio to the plain loop\n\n");
    overview(&mut text, workloads).expect("a string takes everything");
    for workload in workloads {
        details(&mut text, workload).expect("a string takes everything");
    }
    text
}

/// A column of the overview: how it is called, and which of a workload's ways it shows.
struct Column {
    head: String,
    library: &'static str,
    /// Where a library has a column for each way.
    name: Option<&'static str>,
}

impl Column {
    fn of<'a>(&self, workload: &'a Measured) -> Option<&'a MeasuredWay> {
        match self.name {
            Some(name) => workload.ways.iter().find(|way| way.name == name),
            None => workload.best_of(self.library),
        }
    }
}

/// In the order in which they first appear, but papy first.
fn columns(workloads: &[Measured]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for way in workloads.iter().flat_map(|workload| &workload.ways) {
        let library = way.library();
        let name = (library == "papy").then_some(way.name);
        let is_known = |column: &Column| column.library == library && column.name == name;
        if library != "loop" && !columns.iter().any(is_known) {
            let head = name.unwrap_or(library).to_owned();
            columns.push(Column {
                head,
                library,
                name,
            });
        }
    }
    let split = "loop, split over the threads";
    columns.push(Column {
        head: "loop, split".to_owned(),
        library: "loop",
        name: Some(split),
    });
    columns.sort_by_key(|column| column.library != "papy");
    columns
}

fn overview(text: &mut String, workloads: &[Measured]) -> fmt::Result {
    let columns = columns(workloads);
    write!(text, "| | plain loop |")?;
    for column in &columns {
        write!(text, " {} |", column.head)?;
    }
    write!(text, "\n|---|---:|")?;
    text.push_str(&"---:|".repeat(columns.len()));
    for workload in workloads {
        let plain = workload.ways[0].nanoseconds.median;
        write!(text, "\n| {} | {} |", workload.name, time(plain))?;
        let ratios: Vec<Option<f64>> = columns
            .iter()
            .map(|column| column.of(workload).map(|way| way.ratio.median))
            .collect();
        let best = best(workload);
        for ratio in ratios {
            match ratio {
                Some(ratio) if Some(ratio) == best => write!(text, " **{}** |", digits(ratio, 2))?,
                Some(ratio) => write!(text, " {} |", digits(ratio, 2))?,
                None => write!(text, " |")?,
            }
        }
    }
    writeln!(text)
}

/// The least ratio of a library, where there is a choice.
fn best(workload: &Measured) -> Option<f64> {
    if !workload.has_others() {
        return None;
    }
    let libraries = workload.ways.iter().filter(|way| way.library() != "loop");
    libraries.map(|way| way.ratio.median).reduce(f64::min)
}

fn details(text: &mut String, workload: &Measured) -> fmt::Result {
    let Measured {
        name, title, unit, ..
    } = workload;
    writeln!(
        text,
        "\n<details><summary>{name}: {title}</summary>\n\n| | {unit}s | time | ratio | min–max |\n|---|---:|---:|---:|---:|"
    )?;
    for way in &workload.ways {
        let ratio = |x| digits(x, 3);
        writeln!(
            text,
            "| {} | {} | {} | {} | {}–{} |",
            way.name,
            way.items,
            time(way.nanoseconds.median),
            ratio(way.ratio.median),
            ratio(way.ratio.min),
            ratio(way.ratio.max),
        )?;
    }
    writeln!(text, "\n</details>")
}

/// For people.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        1e6.. => format!("{} ms", digits(nanoseconds / 1e6, 2)),
        1e3.. => format!("{} µs", digits(nanoseconds / 1e3, 2)),
        _ => format!("{} ns", digits(nanoseconds, 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Workload;

    #[test]
    fn every_way_has_a_place() {
        let workloads = [Workload::new("W2", "a title", 10, |n| n)
            .way("loop, split over the threads", |n| n)
            .way("papy for_each", |n| n)
            .way("papy start", |n| n)
            .way("rayon, slow", |n| n)
            .way("rayon, fast", |n| n)
            .measure(1)];
        let setting = Setting {
            threads: 2,
            rounds: 1,
            quick: true,
            spins: 1,
        };
        let text = markdown(&setting, &workloads);
        assert!(
            text.contains("| | plain loop | papy for_each | papy start | rayon | loop, split |"),
            "{text}"
        );
        for way in &workloads[0].ways {
            assert!(text.contains(&format!("\n| {} | 10 |", way.name)), "{text}");
        }
        assert_eq!(text.matches("**").count() % 2, 0);
        assert!(text.contains("**"), "{text}");
    }

    #[test]
    fn times_have_units() {
        let times = [1.5, 1500.0, 15e6].map(time);
        assert_eq!(times, ["1.50 ns", "1.50 µs", "15.00 ms"]);
    }
}
