use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn first(rows: Stream<Vec<u64>>) -> Stream<u64> {
        rows[0] >> dbl
    }
}

fn main() {}
