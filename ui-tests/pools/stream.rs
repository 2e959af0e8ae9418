use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn twice(xs: Stream<u64>, ys: Stream<u64>) -> Stream<u64> {
        xs >> dbl.on(ys)
    }
}

fn main() {}
