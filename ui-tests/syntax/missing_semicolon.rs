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
        let doubled = xs >> dbl
        let more = doubled >> inc;
        more
    }
}

fn main() {
    twice([1]).run();
}
