use papy::prelude::*;

#[worker]
fn sum(total: &mut u64, x: u64) {
    *total += x;
}

pipeline! {
    fn total(xs: Stream<u64>) -> Stream<u64> {
        xs >> sum.fold().filter()
    }
}

fn main() {}
