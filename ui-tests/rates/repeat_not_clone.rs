use papy::prelude::*;

struct Sealed(u64);

#[worker]
fn seal(x: u64) -> Sealed {
    Sealed(x)
}

#[worker]
fn open(x: Sealed) -> u64 {
    x.0
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> seal.repeat(3) >> open
    }
}

fn main() {}
