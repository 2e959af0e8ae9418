use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

pipeline! {
    fn sums(xs: Stream<u64>) -> Stream<u64> {
        (xs, || 3) >> add
    }
}

fn main() {}
