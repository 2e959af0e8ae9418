use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn log(x: u64) {
    println!("{x}");
}

pipeline! {
    fn logged(xs: Stream<u64>) -> Stream<u64> {
        xs >> log >> dbl
    }
}

fn main() {}
