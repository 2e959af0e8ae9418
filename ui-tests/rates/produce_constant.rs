use papy::prelude::*;

#[worker]
fn three(x: u64) -> [u64; 3] {
    [x; 3]
}

const N: usize = 3;

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> three.produce(N)
    }
}

fn main() {}
