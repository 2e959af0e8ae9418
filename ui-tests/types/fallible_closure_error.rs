use papy::prelude::*;

struct Bad;

pipeline! {
    fn numbers(xs: Stream<u64>) -> Stream<u64> {
        xs >> (|x| if x > 1 { Ok(x) } else { Err(Bad) }).fallible()
    }
}

fn main() {}
