use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn again(xs: Stream<u64>) -> Stream<u64> {
        xs >> dbl.retry(0)
    }
}

fn main() {}
