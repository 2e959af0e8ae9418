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
    fn stats(xs: Stream<u64>, ys: Stream<u64>) -> Stream<u64> {
        let a = xs >> dbl.await;
        let b = ys >> inc.isolated() >> inc.remote();
        (a, b) >> (|a, b| a + b) >> dbl.isolated()
    }
}

fn main() {}
