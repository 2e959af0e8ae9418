use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        let scaled = xs >> scale(by = "three");
        scaled >> dbl
    }
}

fn main() {}
