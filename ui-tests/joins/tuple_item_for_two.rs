use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

pipeline! {
    fn sums(pairs: Stream<(u64, u64)>) -> Stream<u64> {
        pairs >> add
    }
}

fn main() {}
