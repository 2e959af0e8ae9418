//! The workers of the pipeline. They take their items by value, also where they only look at them.

#![allow(clippy::needless_pass_by_value)]

use papy::prelude::*;

use crate::reads::Read;
use crate::rows::Row;
use crate::summary::{Summary, Tally};

/// Cuts the end of a read where its quality stays below the floor: at the point that maximises the sum of what the scores
/// behind it lack (the rule of BWA and cutadapt).
#[worker]
pub fn trim(read: Read, #[param] floor: u8) -> Read {
    let (mut lack, mut most, mut len) = (0, 0, read.len());
    for (at, score) in read.scores().enumerate().rev() {
        lack += i64::from(floor) - i64::from(score);
        if lack < 0 {
            break;
        }
        if lack > most {
            (most, len) = (lack, at);
        }
    }
    read.truncate(len)
}

#[worker]
pub fn long_enough(read: Read, #[param] length: usize) -> Option<Read> {
    (read.len() >= length).then_some(read)
}

/// How many bases are G or C.
#[worker]
pub fn gc(read: Read) -> usize {
    let is_gc = |base: &&u8| matches!(base.to_ascii_uppercase(), b'G' | b'C');
    read.bases().iter().filter(is_gc).count()
}

/// How many bases the sequencer could not tell.
#[worker]
pub fn unknown(read: Read) -> usize {
    let is_unknown = |base: &&u8| base.eq_ignore_ascii_case(&b'N');
    read.bases().iter().filter(is_unknown).count()
}

/// The sum of the Phred scores.
#[worker]
pub fn quality(read: Read) -> u64 {
    read.scores().map(u64::from).sum()
}

#[worker]
pub fn row(read: Read, gc: usize, unknown: usize, quality: u64) -> Row {
    Row {
        read,
        gc,
        unknown,
        quality,
    }
}

#[worker]
pub fn tally(total: &mut Tally, read: Read) {
    total.add(&read);
}

#[worker]
pub fn summarise(summary: &mut Summary, row: Row) {
    summary.add(&row);
}

#[cfg(test)]
mod tests {
    use noodles_fastq::Record;
    use noodles_fastq::record::Definition;

    use super::*;

    fn read(bases: &str, symbols: &str) -> Read {
        Read::new(Record::new(Definition::new("r", ""), bases, symbols))
    }

    #[test]
    fn a_bad_end_is_trimmed() {
        let read = read("ACGTACGT", "IIIIII##");
        assert_eq!(trim(read.clone(), 20).bases(), b"ACGTAC");
        assert_eq!(trim(read, 0).bases(), b"ACGTACGT");
    }

    #[test]
    fn one_good_base_does_not_save_a_bad_end() {
        assert_eq!(trim(read("ACGTACGT", "IIII##5#"), 20).bases(), b"ACGT");
    }

    #[test]
    fn bad_bases_inside_a_good_read_stay() {
        assert_eq!(trim(read("ACGTACGT", "II##IIII"), 20).bases(), b"ACGTACGT");
    }

    #[test]
    fn a_bad_read_is_trimmed_to_nothing() {
        assert_eq!(trim(read("ACGT", "####"), 20).bases(), b"");
    }

    #[test]
    fn a_short_read_is_dropped() {
        assert!(long_enough(read("ACG", "III"), 4).is_none());
        assert!(long_enough(read("ACGT", "IIII"), 4).is_some());
    }

    #[test]
    fn measures_see_only_what_trimming_left() {
        let read = trim(read("GcANngGG", "IIIII###"), 20);
        assert_eq!(gc(read.clone()), 2);
        assert_eq!(unknown(read.clone()), 2);
        assert_eq!(quality(read), 200);
    }

    #[test]
    fn rows_add_up() {
        let mut summary = Summary::default();
        summarise(&mut summary, row(read("GG", "II"), 2, 0, 80));
        summarise(&mut summary, row(read("AN", "++"), 0, 1, 20));
        let json = summary.to_json(&Tally::default(), 0);
        assert_eq!(json["kept"], 2);
        assert_eq!(json["bases"], 4);
        assert_eq!(json["gc"], 0.5);
        assert_eq!(json["n"], 0.25);
        assert_eq!(json["mean_quality"], 25.0);
    }
}
