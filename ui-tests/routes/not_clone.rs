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

#[worker]
fn maybe(x: u64) -> Option<Sealed> {
    Some(Sealed(x))
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        match xs >> maybe {
            Some(sealed) => (sealed >> open, sealed >> open) >> add,
            None => skip,
        }
    }
}

fn main() {}
