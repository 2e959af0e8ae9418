use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn odds(xs: Stream<u64>) -> Stream<u64> {
        xs >> odd >> dbl
    }
}

fn main() {}
