use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn fetched(xs: Stream<u64>, net: Pool) -> Stream<u64> {
        xs >> dbl.on(net).await
    }
}

fn main() {}
