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
    fn twice(xs: Stream<u64>, more: bool) -> Stream<u64> {
        if more { xs >> dbl >> inc } else { xs >> dbl }
    }
}

fn main() {}
