use papy::prelude::*;

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64>;
}

fn main() {}
