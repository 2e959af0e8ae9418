use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn len(text: String) -> usize {
    text.len()
}

pipeline! {
    fn lengths(xs: Stream<u64>) -> Stream<usize> {
        let doubled = xs >> dbl;
        doubled >> len
    }
}

fn main() {
    lengths([1]).run();
}
