use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

pipeline! {
    fn p(xs: Stream<(u64, u64)>) -> Stream<u64> {
        xs >> add
    }
}

fn main() {}
