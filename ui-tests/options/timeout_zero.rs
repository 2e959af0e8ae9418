use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn soon(xs: Stream<u64>) -> Stream<u64> {
        xs >> dbl.timeout(secs(0))
    }
}

fn main() {}
