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
    fn p(xs: Stream<u64>) -> Stream<u64> {
        let both = merge(xs >> dbl, xs);
        (both, xs) >> add
    }
}

fn main() {}
