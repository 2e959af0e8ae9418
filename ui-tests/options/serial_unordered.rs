use papy::prelude::*;

#[worker]
fn number(n: &mut u64, x: u64) -> (u64, u64) {
    *n += 1;
    (*n, x)
}

pipeline! {
    fn numbered(xs: Stream<u64>) -> Stream<(u64, u64)> {
        xs >> number.serial().unordered()
    }
}

fn main() {}
