//! A web server's log: lines of text, what they say, and sums of it.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::str::SplitWhitespace;
use std::sync::LazyLock;

use papy::prelude::*;

use crate::random::Random;

/// Some lines, which are used over and over.
static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut random = Random(8);
    (0..50_000).map(|_| written(&mut random)).collect()
});

/// A line; one in a thousand is cut off.
fn written(random: &mut Random) -> String {
    const METHODS: [&str; 4] = ["GET", "POST", "HEAD", "PUT"];
    const STATUSES: [u16; 8] = [200, 200, 200, 304, 404, 301, 500, 204];
    let [b, c, d] = [(); 3].map(|()| random.below(256));
    let (minute, second) = (random.below(60), random.below(60));
    let method = random.one_of(&METHODS);
    let (folder, page) = (random.below(40), random.below(1000));
    let status = random.one_of(&STATUSES);
    let bytes = random.below(100_000);
    let mut line = format!(
        "10.{b}.{c}.{d} - - [25/Nov/2026:05:{minute:02}:{second:02} +0000] \
         \"{method} /folder{folder}/page{page}.html HTTP/1.1\" {status} {bytes}"
    );
    if random.below(1000) == 0 {
        line.truncate(line.len() / 2);
    }
    line
}

/// The line of this number.
#[must_use]
pub fn line(number: u64) -> &'static str {
    &LINES[number as usize % LINES.len()]
}

/// What is looked at in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub get: bool,
    pub status: u16,
    pub bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is no line of a log")
    }
}

impl Error for Malformed {}

#[worker]
pub fn parse(line: &str) -> Result<Entry, Malformed> {
    fields(line).ok_or(Malformed)
}

fn fields(line: &str) -> Option<Entry> {
    let mut parts = line.split('"');
    let (_address, request, reply) = (parts.next()?, parts.next()?, parts.next()?);
    let (method, path) = request.split_once(' ')?;
    path.strip_suffix(" HTTP/1.1")?;
    let (status, bytes) = reply.trim_start().split_once(' ')?;
    Some(Entry {
        get: method == "GET",
        status: status.parse().ok()?,
        bytes: bytes.parse().ok()?,
    })
}

/// What somebody has read.
#[worker]
pub fn read(entry: Entry) -> Option<Entry> {
    entry.get.then_some(entry)
}

/// The number of requests and their bytes, by the first digit of the status.
pub type Tallies = [(u64, u64); 10];

#[worker]
pub fn tally(tallies: &mut Tallies, entry: Entry) {
    let (count, bytes) = &mut tallies[usize::from(entry.status / 100) % 10];
    *count += 1;
    *bytes += entry.bytes;
}

/// What the lines with these numbers say.
pub fn tallied(numbers: impl IntoIterator<Item = u64>) -> Tallies {
    let mut tallies = Tallies::default();
    for number in numbers {
        if let Some(entry) = parse(line(number)).ok().and_then(read) {
            tally(&mut tallies, entry);
        }
    }
    tallies
}

/// Both together.
#[must_use]
pub fn merged(mut all: Tallies, more: Tallies) -> Tallies {
    for ((count, bytes), more) in all.iter_mut().zip(more) {
        *count += more.0;
        *bytes += more.1;
    }
    all
}

/// One number for all.
#[must_use]
pub fn digest(tallies: Tallies) -> u64 {
    let numbers = tallies
        .into_iter()
        .flat_map(|(count, bytes)| [count, bytes]);
    numbers.fold(0, |sum, n| sum.rotate_left(7) ^ n)
}

#[worker]
pub fn words(line: &'static str) -> SplitWhitespace<'static> {
    line.split_whitespace()
}

/// How often each word is there.
pub type Counts = HashMap<&'static str, u64>;

#[worker]
pub fn count(counts: &mut Counts, word: &'static str) {
    *counts.entry(word).or_default() += 1;
}

/// The words of the lines with these numbers.
pub fn counted(numbers: impl IntoIterator<Item = u64>) -> Counts {
    let mut counts = Counts::default();
    for number in numbers {
        for word in words(line(number)) {
            count(&mut counts, word);
        }
    }
    counts
}

/// Both together.
#[must_use]
pub fn added(mut all: Counts, more: Counts) -> Counts {
    for (word, times) in more {
        *all.entry(word).or_default() += times;
    }
    all
}

/// One number for all, whatever their order.
#[must_use]
pub fn weight(counts: Counts) -> u64 {
    let weigh = |(word, times): (&str, u64)| {
        let bytes = word.bytes();
        times.wrapping_mul(bytes.fold(1, |sum: u64, byte| sum.rotate_left(7) ^ u64::from(byte)))
    };
    counts.into_iter().map(weigh).fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        let line = "10.0.0.1 - - [25/Nov/2026:05:00:00 +0000] \"GET /a.html HTTP/1.1\" 404 17";
        let entry = Entry {
            get: true,
            status: 404,
            bytes: 17,
        };
        assert_eq!(parse(line), Ok(entry));
        for end in 0..line.len() - 3 {
            assert_eq!(parse(&line[..end]), Err(Malformed), "{}", &line[..end]);
        }
    }

    #[test]
    fn some_lines_are_malformed() {
        let malformed = LINES.iter().filter(|line| parse(line).is_err()).count();
        assert!((10..200).contains(&malformed), "{malformed}");
    }

    #[test]
    fn parts_add_up() {
        let whole = tallied(0..1000);
        assert_eq!(merged(tallied(0..300), tallied(300..1000)), whole);
        let whole = counted(0..1000);
        assert_eq!(added(counted(0..300), counted(300..1000)), whole);
    }
}
