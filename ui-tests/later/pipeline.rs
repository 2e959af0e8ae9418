use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        xs >> dbl
    }
}

pipeline! {
    fn fourfold(xs: Stream<u64>) -> Stream<u64> {
        xs >> twice.pipeline() >> dbl
    }
}

fn main() {
    fourfold(twice([1]).collect().into_iter().flatten()).run();
}
