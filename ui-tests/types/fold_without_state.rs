use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn total(xs: Stream<u64>) -> Stream<u64> {
        xs >> dbl.fold()
    }
}

fn main() {
    total([1]).run();
}
