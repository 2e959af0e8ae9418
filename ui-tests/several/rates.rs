use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn three(x: u64) -> [u64; 3] {
    [x; 3]
}

#[worker]
fn two(x: u64) -> [u64; 2] {
    [x; 2]
}

#[worker]
fn up_to(x: u64) -> std::ops::Range<u64> {
    0..x
}

#[worker]
fn total(total: &mut u64, x: u64) {
    *total += x;
}

pipeline! {
    fn p(xs: Stream<u64>) -> (Stream<u64>, Stream<u64>, Stream<u64>, Stream<u64>) {
        let a = xs >> three.produce(3);
        let b = xs >> two.produce(2);
        let many = xs >> up_to.flat();
        let all = xs >> total.fold();
        let first = (a, xs) >> add;
        let second = (a, b) >> add;
        let third = (many, xs) >> add;
        let fourth = (xs, all) >> add;
        (first, second, third, fourth)
    }
}

fn main() {}
