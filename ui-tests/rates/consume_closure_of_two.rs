use papy::prelude::*;

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> (|a, b| a + b).consume(2)
    }
}

fn main() {}
