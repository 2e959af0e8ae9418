//! What a text is made of: `.flat()`, a `match` route, groups, a fold, and a pipeline in a pipeline.
//!
//!     cargo run --release --example words [FILE]
//!     cargo run --release --example words -- --graph

use std::cmp::Reverse;
use std::collections::BTreeMap;

use papy::prelude::*;

/// What stands between two blanks.
enum Token {
    Word(String),
    Number(f64),
    Mark,
}

#[worker]
fn tokens(line: String) -> Vec<Token> {
    let token = |text: &str| match text.trim_matches(|c: char| !c.is_alphanumeric()) {
        "" => Token::Mark,
        bare => bare
            .parse()
            .map_or_else(|_| Token::Word(bare.to_lowercase()), Token::Number),
    };
    line.split_whitespace().map(token).collect()
}

#[worker]
fn quoted(word: String) -> String {
    format!("`{word}`")
}

#[worker]
fn rounded(number: f64) -> String {
    format!("a number of about {number:.0}")
}

#[worker]
fn count(counts: &mut BTreeMap<String, usize>, what: String) {
    *counts.entry(what).or_default() += 1;
}

#[worker]
fn most(counts: BTreeMap<String, usize>, #[param] rows: usize) -> Vec<(String, usize)> {
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort_by_key(|(what, n)| (Reverse(*n), what.clone()));
    all.truncate(rows);
    all
}

#[worker]
fn mean(lengths: Vec<usize>) -> usize {
    lengths.iter().sum::<usize>() / lengths.len()
}

pipeline! {
    /// What occurs most, one after the other.
    fn ranking(all: Stream<String>, rows: usize) -> Stream<(String, usize)> {
        all >> count.fold() >> most(rows = rows).flat()
    }
}

pipeline! {
    /// What a text has most of, and how long its lines are, four by four.
    fn text(lines: Stream<String>, rows: usize) -> (Stream<(String, usize)>, Stream<usize>) {
        let found = match lines >> tokens.flat() {
            Token::Word(word) if word.len() < 4 => skip,
            Token::Word(word) => word >> quoted,
            Token::Number(number) => number >> rounded,
            Token::Mark => skip,
        };
        let ranks = ranking(found, rows = rows).pipeline();
        let lengths = lines >> (|line: String| line.len()) >> mean.consume(4);
        (ranks, lengths)
    }
}

/// A text to try it on.
const SAMPLE: &str = "\
The dog that the cat chased 2 times chased the cat
that had chased it 3 times , and the dog and the cat
were tired . That was in 1997 : the dog was 7 then ,
and the cat was 3 .";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = std::env::args().nth(1);
    let lines = match argument.as_deref() {
        Some("--graph") => {
            println!("{}\n\n{}", ranking::GRAPH, text::GRAPH);
            return Ok(());
        }
        Some(file) => std::fs::read_to_string(file)?,
        None => SAMPLE.to_owned(),
    };
    let (ranks, lengths) = text(lines.lines().map(String::from), 5).collect();
    for rank in ranks {
        let (what, n) = rank?;
        println!("{n:>4} {what}");
    }
    let lengths: Vec<String> = lengths
        .into_iter()
        .map(|length| length.map(|length| length.to_string()))
        .collect::<Result<_, _>>()?;
    println!("lines have about {} bytes", lengths.join(", then "));
    Ok(())
}
