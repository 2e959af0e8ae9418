//! The wording and the place of every mistake, as a snapshot: `mistakes.txt` holds texts, each with what it is answered.
//!
//! `==== whole` is a pipeline, `==== body <outputs>` the body of one with the inputs `xs` and `ys` (used), the value
//! `n: usize` and the pool `pool`. `PAPY_BLESS=1 cargo test -p papy-macros` writes the answers; then read them.

use std::fmt::Write;

use super::{in_body, mistakes};

const SNAPSHOT: &str = include_str!("mistakes.txt");

#[test]
fn every_mistake_is_answered_at_its_place() {
    let mut answered = String::new();
    for case in SNAPSHOT.split("==== ").skip(1) {
        let (head, rest) = case.split_once('\n').unwrap();
        let (text, _) = rest.split_once("\n----").unwrap();
        let found = match head.strip_prefix("body ") {
            Some(outputs) => in_body(outputs, text),
            None => mistakes(text),
        };
        assert!(!found.is_empty(), "nothing is said about: {text}");
        let _ = write!(answered, "==== {head}\n{text}\n----\n");
        for mistake in found {
            let _ = writeln!(answered, "{}", mistake.replace('\n', "\n    "));
        }
        answered.push('\n');
    }
    if std::env::var_os("PAPY_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/mistakes.txt");
        std::fs::write(path, &answered).unwrap();
        return;
    }
    assert_eq!(answered, SNAPSHOT);
}
