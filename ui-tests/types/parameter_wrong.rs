use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        let scaled = xs >> scale(by = "three");
        scaled >> dbl
    }
}

fn main() {}
