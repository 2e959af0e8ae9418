use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        let doubled = xs >> dbl
        doubled
    }
}

fn main() {
    twice([1]).run();
}
