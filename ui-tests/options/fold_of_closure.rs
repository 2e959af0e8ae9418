use papy::prelude::*;

pipeline! {
    fn total(xs: Stream<u64>) -> Stream<u64> {
        xs >> (|total, x| total + x).fold()
    }
}

fn main() {}
