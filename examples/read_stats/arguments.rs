//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt;

pub const HELP: &str = "\
usage: read_stats [FILE…] [OPTION…]

Every FILE is FASTQ, plain or gzip; `-` is standard input; no FILE means the bundled sample.

  --rows PATH      write a row for every kept read to PATH, as tab-separated values
  --json           print the summary as a JSON object
  --min-quality N  trim ends below this Phred score (20)
  --min-length N   drop reads that trimming leaves shorter than this (30)";

pub enum Command {
    Run(Arguments),
    Help,
}

pub struct Arguments {
    pub files: Vec<OsString>,
    pub rows: Option<PathBuf>,
    pub json: bool,
    pub min_quality: u8,
    pub min_length: usize,
}

pub fn parse() -> Result<Command, lexopt::Error> {
    parse_from(lexopt::Parser::from_env())
}

/// The command that the words of a parser are.
pub fn parse_from(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut arguments = Arguments {
        files: Vec::new(),
        rows: None,
        json: false,
        min_quality: 20,
        min_length: 30,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Value(file) => arguments.files.push(file),
            Long("rows") => arguments.rows = Some(parser.value()?.into()),
            Long("json") => arguments.json = true,
            Long("min-quality") => arguments.min_quality = parser.value()?.parse()?,
            Long("min-length") => arguments.min_length = parser.value()?.parse()?,
            Short('h') | Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Run(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Command, lexopt::Error> {
        parse_from(lexopt::Parser::from_args(words))
    }

    #[test]
    fn files_and_options_mix() {
        let words = [
            "a.fq",
            "--json",
            "-",
            "--rows=out.tsv",
            "--min-length",
            "50",
        ];
        let Ok(Command::Run(arguments)) = parse(&words) else {
            panic!("should parse");
        };
        assert_eq!(arguments.files, ["a.fq", "-"]);
        assert_eq!(arguments.rows, Some("out.tsv".into()));
        assert!(arguments.json);
        assert_eq!((arguments.min_quality, arguments.min_length), (20, 50));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(parse(&["--jsn"]).is_err());
        assert!(parse(&["--min-quality", "high"]).is_err());
        assert!(parse(&["--rows"]).is_err());
    }
}
