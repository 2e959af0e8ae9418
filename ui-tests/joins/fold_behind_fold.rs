use papy::prelude::*;

#[worker]
fn inc(x: u64) -> u64 {
    x + 1
}

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn sum(total: &mut u64, x: u64) {
    *total += x;
}

pipeline! {
    fn share(xs: Stream<u64>) -> Stream<u64> {
        let total = xs >> sum.fold();
        let grand = total >> sum.fold();
        (total >> inc, grand) >> add
    }
}

fn main() {}
