use papy::prelude::*;

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        xs >> (|x, by| x * by)(3)
    }
}

fn main() {}
