//! What rustc says of wrong pipelines and workers, and that their nearest legal text compiles.
//!
//! A file holds one mistake and has its name; `several/` holds blocks with many, and shows that one compile tells all of
//! them and none twice. The messages are those of one toolchain, Rust 1.95.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes them; then read them.

#[path = "common/guard.rs"]
mod guard;

use guard::within;

const WRONG: &[&str] = &[
    "syntax", "names", "types", "joins", "rates", "lineages", "routes", "pools", "options",
    "worker", "later", "several",
];

#[test]
fn wrong_text_is_answered_and_legal_text_compiles() {
    within(900, || {
        let cases = trybuild::TestCases::new();
        cases.pass("ui-tests/pass/*.rs");
        for folder in WRONG {
            cases.compile_fail(format!("ui-tests/{folder}/*.rs"));
        }
    });
}
