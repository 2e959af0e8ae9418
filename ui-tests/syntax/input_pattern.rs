use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

pipeline! {
    fn sums((xs, ys): Stream<(u64, u64)>) -> Stream<u64> {
        (xs, ys) >> add
    }
}

fn main() {}
