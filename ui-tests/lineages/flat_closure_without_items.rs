use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> (|x| x + 1).flat() >> dbl
    }
}

fn main() {}
