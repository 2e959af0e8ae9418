//! The tables that are printed.

use std::fmt::{self, Display};

use crate::harness::{Measured, Spread};

/// A workload as a table.
impl Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, self.title)?;
        let heads = [
            format!("{}s", self.unit),
            format!("ns/{}", self.unit),
            "min–max".to_owned(),
            "ratio".to_owned(),
            "min–max".to_owned(),
        ];
        let [items, each, each_range, ratio, ratio_range] = heads;
        let first = self.ways[0].name;
        writeln!(
            f,
            "  {:34} {items:>10} {each:>10} {each_range:>19} {ratio:>8} {ratio_range:>15}",
            format!("(ratio: to the {first})"),
        )?;
        for way in &self.ways {
            let nanoseconds = |x| digits(x, 2);
            let ratio = |x| digits(x, 3);
            writeln!(
                f,
                "  {:34} {:>10} {:>10} {:>19} {:>8} {:>15}",
                way.name,
                way.items,
                nanoseconds(way.nanoseconds.median),
                range(way.nanoseconds, nanoseconds),
                ratio(way.ratio.median),
                range(way.ratio, ratio),
            )?;
        }
        Ok(())
    }
}

fn range(spread: Spread, show: impl Fn(f64) -> String) -> String {
    format!("{}–{}", show(spread.min), show(spread.max))
}

/// Fewer decimals for larger numbers, and more where none would be left.
pub(crate) fn digits(x: f64, decimals: usize) -> String {
    let decimals = match x {
        1000.0.. => 0,
        100.0.. => 1.min(decimals),
        10.0.. => 2.min(decimals),
        ..0.01 => decimals + 2,
        _ => decimals,
    };
    format!("{x:.decimals$}")
}

/// What a run was made under.
#[derive(Debug)]
pub struct Setting {
    pub threads: usize,
    pub rounds: usize,
    pub quick: bool,
    /// Rounds of the spinning worker that take a microsecond.
    pub spins: u32,
}

impl Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting {
            threads,
            rounds,
            quick,
            spins,
        } = self;
        let quick = if *quick { ", quick" } else { "" };
        write!(
            f,
            "{threads} threads, {rounds} rounds{quick}; 1 µs is {spins} spins; medians"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Workload;

    fn measured() -> Measured {
        let workload = Workload::new("W1-chain", "a title", 1000, |n| n);
        workload.way("papy for_each", |n| n).measure(2)
    }

    #[test]
    fn the_table_has_a_line_for_each_way() {
        let table = measured().to_string();
        assert_eq!(table.lines().count(), 4, "{table}");
        assert!(table.contains("papy for_each"), "{table}");
    }
}
