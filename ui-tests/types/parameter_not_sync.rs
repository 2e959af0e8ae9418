use papy::prelude::*;
use std::cell::Cell;

#[worker]
fn count(x: u64, #[param] seen: &Cell<u64>) -> u64 {
    seen.set(x);
    x
}

pipeline! {
    fn counted(xs: Stream<u64>) -> Stream<u64> {
        xs >> count(seen = Cell::new(0))
    }
}

fn main() {}
