use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn sum_of_two([a, b]: [u64; 2]) -> u64 {
    a + b
}

#[worker]
fn even(x: u64) -> Option<u64> {
    (x % 2 == 0).then_some(x)
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        let some = xs >> even.filter() >> sum_of_two.consume(2);
        let all = xs >> sum_of_two.consume(2);
        (some, all) >> add
    }
}

fn main() {}
