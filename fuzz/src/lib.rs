//! What the fuzz targets call.
//!
//! A crate of macros gives other crates nothing but its macros, and an example gives nothing at all. So their modules are
//! compiled here once more, by their paths, each at the place that it has in its own crate.

// What the targets do not need is no less needed there.
#![allow(dead_code)]

#[path = "../../papy-macros/src/check/mod.rs"]
mod check;
#[path = "../../papy-macros/src/diagnostics.rs"]
mod diagnostics;
#[path = "../../papy-macros/src/expand/mod.rs"]
mod expand;
#[path = "../../papy-macros/src/graph/mod.rs"]
mod graph;
#[path = "../../papy-macros/src/lower/mod.rs"]
mod lower;
#[path = "../../papy-macros/src/mistakes.rs"]
mod mistakes;
#[path = "../../papy-macros/src/partition/mod.rs"]
mod partition;
#[path = "../../papy-macros/src/pipeline.rs"]
mod pipeline;
#[path = "../../papy-macros/src/suggest.rs"]
mod suggest;
#[path = "../../papy-macros/src/syntax/mod.rs"]
mod syntax;
#[path = "../../papy-macros/src/worker/mod.rs"]
mod worker;

#[path = "../../papy-macros/src/tests/laws.rs"]
pub mod laws;
#[path = "../../papy-macros/src/tests/texts/mod.rs"]
mod texts;

#[path = "../../examples/read_stats/arguments.rs"]
mod arguments;
#[path = "../../examples/read_stats/fastq.rs"]
mod fastq;
#[path = "../../examples/read_stats/reads.rs"]
mod reads;
#[path = "../../examples/read_stats/rewind.rs"]
mod rewind;

/// Records or what is wrong with them, and an end; what is read is as long as it says, and places go forwards. No byte is read
/// more than once as part of a good record.
pub fn fastq(bytes: &[u8]) {
    // Where a buffer ends must not matter.
    let (size, text) = bytes
        .split_first()
        .map_or((1, bytes), |(first, rest)| (1 + usize::from(*first), rest));
    let whole = outcome(text);
    assert_eq!(
        outcome(std::io::BufReader::with_capacity(size, text)),
        whole
    );
    let good: usize = whole
        .iter()
        .filter_map(|read| read.as_ref().ok())
        .map(|(_, bases)| 2 * bases.len())
        .sum();
    assert!(good <= text.len(), "{good} bytes out of {}", text.len());
    assert!(whole.len() <= text.len(), "more records than bytes");
}

/// Each record's name and bases, or what is wrong with it.
fn outcome(text: impl std::io::BufRead) -> Vec<Result<(Vec<u8>, Vec<u8>), String>> {
    let mut reads = fastq::Reads::new("x.fq".into(), text);
    let outcome = reads.by_ref().map(|read| match read {
        Ok(read) => {
            assert_eq!(read.len(), read.bases().len());
            assert_eq!(read.len(), read.scores().len());
            assert!(read.scores().all(|score| score <= 93));
            Ok((read.name().to_vec(), read.bases().to_vec()))
        }
        Err(bad) => {
            assert!(!bad.ends_input(), "memory can be read");
            Err(bad.to_string())
        }
    });
    let outcome = outcome.collect();
    assert!(reads.next().is_none(), "the end is the end");
    outcome
}

/// The words of a command line, a line each, are a command or an error with a text.
pub fn arguments(bytes: &[u8]) {
    use std::os::unix::ffi::OsStrExt;
    let words: Vec<&std::ffi::OsStr> = bytes
        .split(|&byte| byte == b'\n')
        .map(std::ffi::OsStr::from_bytes)
        .collect();
    let parser = lexopt::Parser::from_args(&words);
    match arguments::parse_from(parser) {
        Ok(arguments::Command::Run(arguments)) => assert!(arguments.files.len() <= words.len()),
        Ok(arguments::Command::Help) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
