//! What is known of one read, and the table of it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::reads::Read;

/// The measures of a read, as counts and sums, so that adding them up is exact.
#[derive(Clone, Debug)]
pub struct Row {
    pub read: Read,
    pub gc: usize,
    pub unknown: usize,
    pub quality: u64,
}

impl Row {
    /// The share of G and C, or nothing for an empty read.
    pub fn gc_share(&self) -> Option<f64> {
        share(self.gc as u64, self.read.len() as u64)
    }

    pub fn mean_quality(&self) -> Option<f64> {
        share(self.quality, self.read.len() as u64)
    }
}

/// `part / whole`, or nothing where there is no whole.
#[allow(clippy::cast_precision_loss)]
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Rows as tab-separated values in a file.
pub struct Table {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Table {
    pub fn create(path: PathBuf) -> Result<Self, String> {
        let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut table = Self {
            path,
            file: BufWriter::new(file),
        };
        let header = writeln!(table.file, "read\tlength\tgc\tmean_quality");
        table.checked(header)?;
        Ok(table)
    }

    pub fn write(&mut self, row: &Row) -> Result<(), String> {
        let written = write_row(&mut self.file, row);
        self.checked(written)
    }

    pub fn finish(mut self) -> Result<(), String> {
        let written = self.file.flush();
        self.checked(written)
    }

    fn checked(&self, written: io::Result<()>) -> Result<(), String> {
        written.map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

fn write_row(out: &mut impl Write, row: &Row) -> io::Result<()> {
    out.write_all(row.read.name())?;
    let gc = row.gc_share().unwrap_or_default();
    let quality = row.mean_quality().unwrap_or_default();
    writeln!(out, "\t{}\t{gc:.4}\t{quality:.2}", row.read.len())
}

#[cfg(test)]
mod tests {
    use noodles_fastq::Record;
    use noodles_fastq::record::Definition;

    use super::*;

    #[test]
    fn a_row_is_a_line_of_four_columns() {
        let row = Row {
            read: Read::new(Record::new(Definition::new("r1", "x"), "ACGN", "IIII")),
            gc: 2,
            unknown: 1,
            quality: 160,
        };
        let mut line = Vec::new();
        write_row(&mut line, &row).unwrap();
        assert_eq!(line, b"r1\t4\t0.5000\t40.00\n");
    }
}
