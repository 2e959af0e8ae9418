use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn three(x: u64) -> [u64; 3] {
    [x; 3]
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        let a = xs >> three.produce(3);
        (a, xs) >> add
    }
}

fn main() {}
