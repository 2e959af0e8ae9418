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
        let a = xs >> up_to.flat();
        let b = xs >> up_to.flat();
        (a, b) >> add
    }
}

fn main() {}
