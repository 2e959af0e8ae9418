use papy::prelude::*;

pipeline! {
    fn numbers(xs: Stream<u64>) -> Stream<u64> {
        xs >> (|x| x + 1).fallible()
    }
}

fn main() {}
