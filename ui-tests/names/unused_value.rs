#![deny(unused_variables)]

use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn twice(xs: Stream<u64>, by: u64) -> Stream<u64> {
        xs >> dbl
    }
}

fn main() {
    twice([1], 2).run();
}
