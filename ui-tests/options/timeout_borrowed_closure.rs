use papy::prelude::*;

pipeline! {
    fn soon<'a>(xs: Stream<u64>, table: &'a [u64]) -> Stream<u64> {
        xs >> (|x| x + table[0]).timeout(secs(5))
    }
}

fn main() {}
