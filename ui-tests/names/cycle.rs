use papy::prelude::*;

#[worker]
fn inc(x: u64) -> u64 {
    x + 1
}

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

pipeline! {
    fn round(xs: Stream<u64>) -> Stream<u64> {
        let a = (xs, b) >> add;
        let b = a >> inc;
        a
    }
}

fn main() {}
