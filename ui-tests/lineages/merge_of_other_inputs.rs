use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn p(xs: Stream<u64>, ys: Stream<String>) -> Stream<u64> {
        merge(xs, ys) >> dbl
    }
}

fn main() {}
