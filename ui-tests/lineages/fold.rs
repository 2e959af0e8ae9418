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
fn total(total: &mut u64, x: u64) {
    *total += x;
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        let all = xs >> total.fold();
        (xs >> dbl, all) >> add
    }
}

fn main() {}
