use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn twice(xs: Stream<u64>, n: u32) -> Stream<u64> {
        xs >> dbl.stride(n)
    }
}

fn main() {}
