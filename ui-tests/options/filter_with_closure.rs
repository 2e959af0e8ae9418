use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn some(xs: Stream<u64>) -> Stream<u64> {
        xs >> dbl.filter(|x| x > 3)
    }
}

fn main() {}
