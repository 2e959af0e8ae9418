use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn up_to(x: u64) -> std::ops::Range<u64> {
    0..x
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        let many = xs >> up_to.flat();
        (xs, many) >> add
    }
}

fn main() {}
