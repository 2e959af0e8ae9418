use papy::prelude::*;

use std::collections::HashSet;

#[worker]
fn key(line: &str) -> &str {
    line.split('=').next().unwrap_or_default()
}

#[worker]
fn longer<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a.len() > b.len() { a } else { b }
}

#[worker]
fn is_new<'a>(seen: &mut HashSet<&'a str>, word: &'a str) -> bool {
    seen.insert(word)
}

#[worker]
fn total(a: &str, b: &[&str], c: Option<&str>) -> usize {
    a.len() + b.len() + c.map_or(0, str::len)
}

fn main() {}
