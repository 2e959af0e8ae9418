use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn inc(x: u64) -> u64 {
    x + 1
}

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

#[worker]
fn len(text: String) -> usize {
    text.len()
}

pipeline! {
    fn lengths(xs: Stream<u64>) -> Stream<usize> {
        let texts = xs >> show;
        let doubled = texts >> dbl;
        let more = doubled >> inc;
        more >> show >> len
    }
}

fn main() {}
