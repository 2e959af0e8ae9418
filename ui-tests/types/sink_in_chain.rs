use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn logged(xs: Stream<u64>) -> Stream<u64> {
        xs >> log >> dbl
    }
}

fn main() {}
