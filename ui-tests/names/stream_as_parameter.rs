use papy::prelude::*;

pipeline! {
    fn scaled(xs: Stream<u64>, ys: Stream<u64>) -> Stream<u64> {
        xs >> scale(by = ys)
    }
}

fn main() {}
