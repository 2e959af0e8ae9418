use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn inc(x: u64) -> u64 {
    x + 1
}

pipeline! {
    fn both(xs: Stream<u64>) -> (Stream<u64>, Stream<u64>) {
        let doubled = xs >> dbl;
        let more = xs >> inc;
        (doubled, more)
    }
}

fn main() {
    for x in both([1]).start().unwrap() {
        println!("{x:?}");
    }
}
