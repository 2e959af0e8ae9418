use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn even(x: u64) -> Option<u64> {
    (x % 2 == 0).then_some(x)
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        if let Some(x) = xs >> even {
            x >> dbl
        } else {
            skip
        }
    }
}

fn main() {}
