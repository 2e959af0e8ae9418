//! FASTQ as an iterator of reads, in which a bad record is an error but not the end.

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead};
use std::mem;
use std::sync::Arc;

use noodles_fastq::{Record, io::Reader};

use crate::reads::Read;
use crate::rewind::Rewind;

/// The reads of one input.
pub struct Reads<R> {
    reader: Reader<Rewind<R>>,
    file: Arc<str>,
    lines: u64,
    records: u64,
    is_astray: bool,
    has_ended: bool,
}

impl<R: BufRead> Reads<R> {
    pub fn new(file: Arc<str>, inner: R) -> Self {
        Self {
            reader: Reader::new(Rewind::new(inner)),
            file,
            lines: 0,
            records: 0,
            is_astray: false,
            has_ended: false,
        }
    }

    fn read(&mut self) -> Result<Option<Read>, Reason> {
        if mem::take(&mut self.is_astray) {
            self.skip_bad_record()?;
        }
        self.skip_blank_lines()?;
        match self.peek()? {
            None => return Ok(None),
            Some(b'@') => {}
            Some(_) => return Err(Reason::Start),
        }
        let mut record = Record::default();
        match self.reader.read_record(&mut record) {
            Ok(_) => check(without_line_end(record)).map(Some),
            Err(error) if self.reader.get_ref().has_failed() => Err(Reason::Unreadable(error)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Reason::Truncated),
            Err(_) => Err(Reason::Separator),
        }
    }

    fn skip_blank_lines(&mut self) -> io::Result<()> {
        while let Some(b'\n' | b'\r') = self.peek()? {
            self.skip_line()?;
        }
        self.reader.get_mut().mark();
        Ok(())
    }

    /// Goes back to the second line of the bad record, and from there to where the next one seems to start.
    fn skip_bad_record(&mut self) -> io::Result<()> {
        self.reader.get_mut().rewind();
        self.skip_line()?;
        while self.peek()?.is_some() && !self.is_at_record()? {
            self.skip_line()?;
        }
        Ok(())
    }

    /// A line of scores may start with `@` as well, but then the next line but one does not start with `+`.
    fn is_at_record(&mut self) -> io::Result<bool> {
        if self.peek()? != Some(b'@') {
            return Ok(false);
        }
        let reader = self.reader.get_mut();
        reader.mark();
        reader.skip_until(b'\n')?;
        reader.skip_until(b'\n')?;
        let is_separator = reader.peek()? == Some(b'+');
        reader.rewind();
        Ok(is_separator)
    }

    fn skip_line(&mut self) -> io::Result<()> {
        self.lines += 1;
        self.reader.get_mut().skip_until(b'\n').map(drop)
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        self.reader.get_mut().peek()
    }
}

impl<R: BufRead> Iterator for Reads<R> {
    type Item = Result<Read, BadRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let read = self.read().transpose();
        self.records += 1;
        match read {
            None => {
                self.has_ended = true;
                None
            }
            Some(Ok(read)) => {
                self.lines += 4;
                Some(Ok(read))
            }
            Some(Err(reason)) => {
                self.is_astray = true;
                self.has_ended = matches!(reason, Reason::Unreadable(_));
                Some(Err(BadRecord {
                    file: Arc::clone(&self.file),
                    line: self.lines + 1,
                    record: self.records,
                    reason,
                }))
            }
        }
    }
}

/// The parser leaves a `\r` in the name where a buffer ends before the `\n`.
fn without_line_end(mut record: Record) -> Record {
    let name = record.name_mut();
    while name.last() == Some(&b'\r') {
        name.pop();
    }
    record
}

/// What the parser leaves unchecked.
fn check(record: Record) -> Result<Read, Reason> {
    let (bases, scores) = (record.sequence().len(), record.quality_scores());
    if bases != scores.len() {
        let scores = scores.len();
        return Err(Reason::Lengths { bases, scores });
    }
    if !scores.iter().all(|score| (b'!'..=b'~').contains(score)) {
        return Err(Reason::Score);
    }
    Ok(Read::new(record))
}

/// A record that can't be used, and where it starts.
#[derive(Debug)]
pub struct BadRecord {
    file: Arc<str>,
    line: u64,
    record: u64,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Start,
    Separator,
    Lengths { bases: usize, scores: usize },
    Score,
    Truncated,
    Unreadable(io::Error),
}

impl BadRecord {
    /// Whether nothing can be read behind it.
    pub fn ends_input(&self) -> bool {
        matches!(self.reason, Reason::Unreadable(_))
    }
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{}:{}: record {}: {}",
            self.file, self.line, self.record, self.reason
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Start => f.write_str("does not start with `@`"),
            Self::Separator => f.write_str("its third line does not start with `+`"),
            Self::Lengths { bases, scores } => write!(f, "has {bases} bases but {scores} scores"),
            Self::Score => f.write_str("has a score outside `!` to `~`"),
            Self::Truncated => f.write_str("the input ends inside it"),
            Self::Unreadable(error) => write!(f, "nothing can be read from here on: {error}"),
        }
    }
}

impl Error for BadRecord {}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "@r1\nACGT\n+\nIIII\n";
    const LAST: &str = "@r9 behind\nGGCC\n+r9\n@@@@\n";

    /// The names of the reads and what is said of the bad records.
    fn outcome(text: &str) -> Vec<String> {
        let reader = io::BufReader::with_capacity(7, text.as_bytes());
        Reads::new("x.fq".into(), reader)
            .map(|read| match read {
                Ok(read) => String::from_utf8(read.name().to_vec()).unwrap(),
                Err(bad) => bad.to_string(),
            })
            .collect()
    }

    fn between(bad: &str) -> Vec<String> {
        outcome(&format!("{FIRST}{bad}{LAST}"))
    }

    #[test]
    fn good_records_are_read() {
        assert_eq!(between("@r2\r\nAC\r\n+\r\nII\r\n"), ["r1", "r2", "r9"]);
    }

    #[test]
    fn line_ends_may_fall_between_buffers() {
        for size in 1..16 {
            let reader = io::BufReader::with_capacity(size, &b"@r1\r\nAC\r\n+\r\nII\r\n"[..]);
            let read = Reads::new("x.fq".into(), reader).next().unwrap().unwrap();
            assert_eq!(
                (read.name(), read.bases()),
                (&b"r1"[..], &b"AC"[..]),
                "{size}"
            );
        }
    }

    #[test]
    fn an_empty_input_has_no_reads() {
        assert!(outcome("").is_empty());
    }

    #[test]
    fn the_last_line_may_lack_its_end_and_blank_lines_are_skipped() {
        assert_eq!(outcome("\n@r1\nA\n+\nI\n\n\n@r2\nA\n+\nI"), ["r1", "r2"]);
    }

    #[test]
    fn an_empty_read_is_a_read() {
        assert_eq!(between("@r2\n\n+\n\n"), ["r1", "r2", "r9"]);
    }

    #[test]
    fn unequal_lengths_cost_one_record() {
        let bad = "x.fq:5: record 2: has 4 bases but 3 scores";
        assert_eq!(between("@r2\nACGT\n+\nIII\n"), ["r1", bad, "r9"]);
        assert_eq!(between("@r2\nACGT\n+\n@II\n"), ["r1", bad, "r9"]);
    }

    #[test]
    fn a_missing_line_costs_one_record() {
        let separator = "x.fq:5: record 2: its third line does not start with `+`";
        assert_eq!(between("@r2\nACGT\nIIII\n"), ["r1", separator, "r9"]);
        assert_eq!(between("@r2\n+\nIIII\n"), ["r1", separator, "r9"]);
        let lengths = "x.fq:5: record 2: has 4 bases but 10 scores";
        assert_eq!(between("@r2\nACGT\n+\n"), ["r1", lengths, "r9"]);
        let start = "x.fq:5: record 2: does not start with `@`";
        assert_eq!(between("ACGT\n+\nIIII\n"), ["r1", start, "r9"]);
    }

    #[test]
    fn a_score_that_is_none_is_found() {
        let bad = "x.fq:5: record 2: has a score outside `!` to `~`";
        assert_eq!(between("@r2\nACGT\n+\nII I\n"), ["r1", bad, "r9"]);
    }

    #[test]
    fn rubbish_is_one_bad_record() {
        let bad = "x.fq:5: record 2: does not start with `@`";
        assert_eq!(
            between("some\n@text\nthat is\nno FASTQ\n"),
            ["r1", bad, "r9"]
        );
    }

    #[test]
    fn a_truncated_last_record_is_bad() {
        let bad = "x.fq:5: record 2: the input ends inside it";
        for text in ["@", "@r2", "@r2\n", "@r2\nAC", "@r2\nACGT\n"] {
            assert_eq!(outcome(&format!("{FIRST}{text}")), ["r1", bad], "{text:?}");
        }
        let bad = "x.fq:5: record 2: has 4 bases but 1 scores";
        assert_eq!(outcome(&format!("{FIRST}@r2\nACGT\n+\nI")), ["r1", bad]);
    }

    #[test]
    fn line_numbers_go_on_behind_a_bad_record() {
        let outcome = outcome("@r1\nA\n+\n\n\n@r2\nA\n+\nI\n@r3\nA\n+\nII\n");
        let first = "x.fq:1: record 1: has 1 bases but 0 scores";
        let last = "x.fq:10: record 3: has 1 bases but 2 scores";
        assert_eq!(outcome, [first, "r2", last]);
    }

    #[test]
    fn an_input_that_fails_is_said_once() {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("cable cut"))
            }
        }
        for begun in ["", "@r2\nAC"] {
            let text = format!("{FIRST}{begun}");
            let reader = io::BufReader::new(io::Read::chain(text.as_bytes(), Broken));
            let mut reads = Reads::new("x.fq".into(), reader);
            assert!(reads.next().unwrap().is_ok());
            let bad = reads.next().unwrap().unwrap_err();
            assert!(bad.ends_input());
            assert_eq!(
                bad.to_string(),
                "x.fq:5: record 2: nothing can be read from here on: cable cut"
            );
            assert!(reads.next().is_none());
        }
    }
}
