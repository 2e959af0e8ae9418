use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn twice(xs: Stream<u64>, name: &'static str) -> Stream<u64> {
        xs >> dbl.named(name)
    }
}

fn main() {}
