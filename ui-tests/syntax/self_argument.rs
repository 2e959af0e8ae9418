use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

struct Machine;

impl Machine {
    pipeline! {
        fn twice(&self, xs: Stream<u64>) -> Stream<u64> {
            xs >> dbl
        }
    }
}

fn main() {}
