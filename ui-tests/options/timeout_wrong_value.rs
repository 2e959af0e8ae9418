use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn soon(xs: Stream<u64>, limit: u64) -> Stream<u64> {
        xs >> dbl.timeout(limit)
    }
}

fn main() {}
