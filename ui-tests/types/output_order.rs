use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

pipeline! {
    fn both(xs: Stream<u64>) -> (Stream<u64>, Stream<String>) {
        let doubled = xs >> dbl;
        let texts = xs >> show;
        (texts, doubled)
    }
}

fn main() {}
