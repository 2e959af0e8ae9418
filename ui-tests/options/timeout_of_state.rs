use papy::prelude::*;

#[worker]
fn number(next: &mut u64, x: u64) -> u64 {
    *next += 1;
    x + *next
}

pipeline! {
    fn soon(xs: Stream<u64>) -> Stream<u64> {
        xs >> number.timeout(secs(5))
    }
}

fn main() {}
