use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        merge(xs, xs >> show) >> dbl
    }
}

fn main() {}
