use papy::prelude::*;

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        xs >> (async |x| x + 1)
    }
}

fn main() {}
