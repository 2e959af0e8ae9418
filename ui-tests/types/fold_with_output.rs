use papy::prelude::*;

#[worker]
fn number(n: &mut u64, x: u64) -> (u64, u64) {
    *n += 1;
    (*n, x)
}

pipeline! {
    fn total(xs: Stream<u64>) -> Stream<u64> {
        let total = xs >> number.fold();
        total
    }
}

fn main() {
    total([1]).run();
}
