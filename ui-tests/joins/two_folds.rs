use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn sum(total: &mut u64, x: u64) {
    *total += x;
}

pipeline! {
    fn share(xs: Stream<u64>, ys: Stream<u64>) -> Stream<u64> {
        let a = xs >> sum.fold();
        let b = ys >> sum.fold();
        (a, b) >> add
    }
}

fn main() {}
