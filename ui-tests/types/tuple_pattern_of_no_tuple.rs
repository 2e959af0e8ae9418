use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn apart(xs: Stream<u64>) -> (Stream<u64>, Stream<u64>) {
        let (a, b) = xs >> dbl;
        (a, b)
    }
}

fn main() {}
