use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    async fn stats(&self, xs: Stream, ys: Vec<Stream<u64>>, (a, b): Stream<(u64, u64)>) -> (Vec<u64>, Stream<&str>) {
        let doubled = xs >> dbl;
        (doubled, a)
    }
}

fn main() {}
