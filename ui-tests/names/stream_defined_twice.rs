use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn inc(x: u64) -> u64 {
    x + 1
}

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        let xs = xs >> dbl;
        xs >> inc
    }
}

fn main() {
    twice([1]).run();
}
