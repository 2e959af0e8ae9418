use papy::prelude::*;

struct Pair {
    a: u64,
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> Pair
    }
}

fn main() {}
