use papy::prelude::*;

#[worker]
fn sum(xs: Vec<u64>) -> u64 {
    xs.iter().sum()
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> sum.consume(0)
    }
}

fn main() {}
