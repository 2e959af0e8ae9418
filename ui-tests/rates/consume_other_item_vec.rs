use papy::prelude::*;

#[worker]
fn sum(xs: Vec<u64>) -> u64 {
    xs.iter().sum()
}

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> show >> sum.consume(2)
    }
}

fn main() {}
