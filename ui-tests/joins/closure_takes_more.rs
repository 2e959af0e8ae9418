use papy::prelude::*;

pipeline! {
    fn sums(xs: Stream<u64>) -> Stream<u64> {
        xs >> (|x, y| x + y)
    }
}

fn main() {}
