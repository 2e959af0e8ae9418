use papy::prelude::*;

struct Sealed(u64);

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn open(x: Sealed) -> u64 {
    x.0
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        let sealed = xs >> (|x| [Sealed(x), Sealed(x)]).produce(2);
        (sealed >> open, sealed >> open) >> add
    }
}

fn main() {}
