use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn both(x: u64) -> [u64; 2] {
    [x, x + 1]
}

pipeline! {
    fn all(xs: Stream<u64>) -> Stream<u64> {
        xs >> both.produce(2) >> dbl
    }
}

fn main() {
    all([1]).run();
}
