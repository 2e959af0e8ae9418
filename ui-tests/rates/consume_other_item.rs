use papy::prelude::*;

#[worker]
fn sum_of_two([a, b]: [u64; 2]) -> u64 {
    a + b
}

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> show >> sum_of_two.consume(2)
    }
}

fn main() {}
