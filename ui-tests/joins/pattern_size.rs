use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn inc(x: u64) -> u64 {
    x + 1
}

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

pipeline! {
    fn sums(xs: Stream<u64>) -> Stream<u64> {
        let (a, b, c) = xs >> (dbl, inc);
        let _ = c;
        (a, b) >> add
    }
}

fn main() {}
