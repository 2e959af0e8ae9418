use papy::prelude::*;

#[worker]
fn sum_of_two([a, b]: [u64; 2]) -> u64 {
    a + b
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> sum_of_two.consume(3)
    }
}

fn main() {}
