use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn boxed(x: u64) -> Box<dyn Iterator<Item = u64>> {
    Box::new(0..x)
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> boxed.flat() >> dbl
    }
}

fn main() {}
