use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn odd(x: u64) -> Option<u64> {
    (x % 2 == 1).then_some(x)
}

pipeline! {
    fn odds(xs: Stream<u64>) -> Stream<u64> {
        xs >> odd >> dbl
    }
}

fn main() {}
