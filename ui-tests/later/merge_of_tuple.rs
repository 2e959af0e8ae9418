use papy::prelude::*;

pipeline! {
    fn all(xs: Stream<u64>, ys: Stream<u64>) -> Stream<u64> {
        (xs, ys) >> merge
    }
}

fn main() {}
