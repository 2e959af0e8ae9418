use papy::prelude::*;

#[worker]
fn sum(total: &mut u64, x: u64) {
    *total += x;
}

pipeline! {
    fn total(xs: Stream<u64>) -> Stream<()> {
        let total = xs >> sum;
        total
    }
}

fn main() {}
