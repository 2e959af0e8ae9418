use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn check(x: u64) -> Result<u64, String> {
    if x > 3 { Ok(x) } else { Err(x.to_string()) }
}

pipeline! {
    fn sorted(xs: Stream<u64>) -> Stream<u64> {
        let good = match xs >> check.catch() {
            Ok(x) => x >> dbl,
            Err(_) => skip,
        };
        good
    }
}

fn main() {}
