use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        let clean = xs >> dbl;
        (clean, other) >> add
    }
}

fn main() {}
