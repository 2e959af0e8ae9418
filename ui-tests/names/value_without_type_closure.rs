use papy::prelude::*;

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        let triple = |x: u64| x * 3;
        xs >> (|x| triple(x))
    }
}

fn main() {}
