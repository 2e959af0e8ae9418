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
        let a = xs >> dbl.produce(2).timeout(secs(1)).retry(3);
        let b = merge(a, ys) >> dbl;
        match b {
            x if x > 3 => x >> inc,
            _ => skip,
        }
    }
}

fn main() {}
