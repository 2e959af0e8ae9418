//! One expansion in full. `PAPY_BLESS=1 cargo test -p papy-macros` writes it; then read it: it should fit on a screen or two.

use super::tokens;
use crate::pipeline::compile;

const TEXT: &str = "
    /// Documented.
    pub fn stats<'a>(reads: Stream<&'a str>, table: Arc<Table>, floor: u8, pool: Pool) -> (Stream<Row>, Stream<u64>) {
        let (clean, _) = reads >> trim(floor = floor + 1) >> (|read| (read, floor));
        let rows = (clean, clean.name >> find(table = table).filter().on(pool)) >> row;
        let sum = rows >> count.fold();
        (rows, sum)
    }";

#[test]
fn an_expansion_in_full() {
    let file = syn::parse2::<syn::File>(compile(tokens(TEXT))).unwrap();
    let text = prettyplease::unparse(&file);
    if std::env::var_os("PAPY_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/golden.txt");
        std::fs::write(path, &text).unwrap();
        return;
    }
    assert!(
        text == include_str!("golden.txt"),
        "the expansion has changed: bless it, and read the difference"
    );
}
