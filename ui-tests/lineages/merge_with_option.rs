use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn p(xs: Stream<u64>, ys: Stream<u64>) -> Stream<u64> {
        merge(xs, ys).unordered() >> dbl
    }
}

fn main() {}
