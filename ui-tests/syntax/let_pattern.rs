use papy::prelude::*;

#[worker]
fn odd(x: u64) -> Option<u64> {
    (x % 2 == 1).then_some(x)
}

pipeline! {
    fn apart(xs: Stream<u64>) -> Stream<u64> {
        let Some(found) = xs >> odd;
        found
    }
}

fn main() {}
