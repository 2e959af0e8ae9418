use papy::prelude::*;

pipeline! {
    fn twice(xs: Stream<u64>, by: u64) -> Stream<u64> {
        xs >> by
    }
}

fn main() {}
