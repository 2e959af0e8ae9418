use papy::prelude::*;

pipeline! {
    fn some(xs: Stream<u64>) -> Stream<u64> {
        xs >> (|x| x > 3).filter()
    }
}

fn main() {}
