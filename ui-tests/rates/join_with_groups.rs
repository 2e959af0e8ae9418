use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn sum_of_two([a, b]: [u64; 2]) -> u64 {
    a + b
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        let pairs = xs >> sum_of_two.consume(2);
        (pairs, xs) >> add
    }
}

fn main() {}
