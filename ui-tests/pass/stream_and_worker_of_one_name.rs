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
    fn lengths(xs: Stream<u64>) -> Stream<u64> {
        let dbl = xs >> dbl;
        let inc = dbl >> inc;
        inc >> dbl >> inc
    }
}

fn main() {
    lengths([1]).run();
}
