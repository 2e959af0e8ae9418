use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn lengths<T: Send>(xs: Stream<T>) -> Stream<u64> {
        xs >> dbl
    }
}

fn main() {}
