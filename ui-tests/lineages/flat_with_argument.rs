use papy::prelude::*;

#[worker]
fn up_to(x: u64) -> std::ops::Range<u64> {
    0..x
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> up_to.flat(3)
    }
}

fn main() {}
