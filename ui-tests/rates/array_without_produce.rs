use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn three(x: u64) -> [u64; 3] {
    [x; 3]
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> three >> dbl
    }
}

fn main() {}
