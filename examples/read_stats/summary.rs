//! What is known of all reads together.

use std::fmt::{self, Write};

use serde_json::{Value, json};

use crate::histogram::Histogram;
use crate::reads::Read;
use crate::rows::{Row, share};

/// The reads as they came.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    reads: u64,
    bases: u64,
}

impl Tally {
    pub fn add(&mut self, read: &Read) {
        self.reads += 1;
        self.bases += read.len() as u64;
    }
}

/// The reads that were kept, as trimming left them.
#[derive(Clone, Debug)]
pub struct Summary {
    kept: u64,
    bases: u64,
    gc: u64,
    unknown: u64,
    quality: u64,
    lengths: Histogram,
    qualities: Histogram,
    gc_percents: Histogram,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            kept: 0,
            bases: 0,
            gc: 0,
            unknown: 0,
            quality: 0,
            lengths: Histogram::of_width(10),
            qualities: Histogram::of_width(1),
            gc_percents: Histogram::of_width(5),
        }
    }
}

impl Summary {
    pub fn add(&mut self, row: &Row) {
        self.kept += 1;
        self.bases += row.read.len() as u64;
        self.gc += row.gc as u64;
        self.unknown += row.unknown as u64;
        self.quality += row.quality;
        self.lengths.add(row.read.len());
        self.qualities.add(floor(row.mean_quality()));
        self.gc_percents
            .add(floor(row.gc_share().map(|share| 100.0 * share)));
    }

    /// An object in which `gc` and `n` are shares, and each histogram is a list of `[first value of the bin, count]`.
    pub fn to_json(&self, total: &Tally, faults: u64) -> Value {
        let pairs = |histogram: &Histogram| histogram.counts().collect::<Vec<_>>();
        json!({
            "reads": total.reads,
            "kept": self.kept,
            "faults": faults,
            "bases_read": total.bases,
            "bases": self.bases,
            "gc": share(self.gc, self.bases),
            "n": share(self.unknown, self.bases),
            "mean_quality": share(self.quality, self.bases),
            "lengths": pairs(&self.lengths),
            "qualities": pairs(&self.qualities),
            "gc_percents": pairs(&self.gc_percents),
        })
    }

    pub fn to_text(&self, total: &Tally, faults: u64) -> String {
        let mut text = String::new();
        self.write_text(&mut text, total, faults)
            .expect("a string takes all");
        text
    }

    fn write_text(&self, out: &mut String, total: &Tally, faults: u64) -> fmt::Result {
        let percent = |part| shown(share(100 * part, self.bases), " %");
        writeln!(
            out,
            "reads        {:>14}  {} bases",
            total.reads, total.bases
        )?;
        writeln!(out, "kept         {:>14}  {} bases", self.kept, self.bases)?;
        writeln!(out, "faults       {faults:>14}")?;
        writeln!(out, "GC           {:>14}", percent(self.gc))?;
        writeln!(out, "N            {:>14}", percent(self.unknown))?;
        writeln!(
            out,
            "mean quality {:>14}",
            shown(share(self.quality, self.bases), "")
        )?;
        writeln!(out, "\nlength\n{}", self.lengths)?;
        writeln!(out, "mean quality\n{}", self.qualities)?;
        write!(out, "GC in percent\n{}", self.gc_percents)
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn floor(value: Option<f64>) -> usize {
    value.unwrap_or_default() as usize
}

fn shown(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.2}{unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reads_have_no_mean() {
        let json = Summary::default().to_json(&Tally::default(), 0);
        assert_eq!(json["reads"], 0);
        assert_eq!(json["gc"], Value::Null);
        assert_eq!(json["mean_quality"], Value::Null);
    }
}
