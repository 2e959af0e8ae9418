use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

fn triple(x: u64) -> u64 {
    x * 3
}

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        let tripled = xs >> triple;
        tripled >> dbl
    }
}

fn main() {
    println!("{}", triple(1));
    twice([1]).run();
}
