use papy::prelude::*;

#[worker]
fn two(x: u64) -> [u64; 2] {
    [x; 2]
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> two.produce(3)
    }
}

fn main() {}
