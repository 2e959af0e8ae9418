use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

pipeline! {
    fn p(xs: Stream<u64>, ys: Stream<u64>) -> Stream<u64> {
        let both = merge(xs, ys);
        (both, xs) >> add
    }
}

fn main() {}
