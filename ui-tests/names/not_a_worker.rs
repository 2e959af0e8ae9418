use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

struct Triple;

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        let tripled = xs >> Triple;
        tripled >> dbl
    }
}

fn main() {
    twice([1]).run();
}
