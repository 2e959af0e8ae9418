use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn three(x: u64) -> [u64; 3] {
    [x; 3]
}

#[worker]
fn sum_of_two([a, b]: [u64; 2]) -> u64 {
    a + b
}

#[worker]
fn up_to(x: u64) -> std::ops::Range<u64> {
    0..x
}

pipeline! {
    fn p(xs: Stream<u64>, n: usize) -> Stream<u64> {
        let a = xs >> three.produce(0) >> dbl.repeat(n) >> sum_of_two.consume("2");
        let b = xs >> up_to.flat().produce(2) >> dbl.flatten() >> (|a, b| a + b).consume(2);
        (a, b) >> add
    }
}

fn main() {}
