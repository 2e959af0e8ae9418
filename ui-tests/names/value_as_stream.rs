use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

pipeline! {
    fn twice(xs: Stream<u64>, by: u64) -> Stream<u64> {
        (xs, by) >> add
    }
}

fn main() {}
