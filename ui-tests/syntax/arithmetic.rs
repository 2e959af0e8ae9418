use papy::prelude::*;

pipeline! {
    fn sums(xs: Stream<u64>, ys: Stream<u64>) -> Stream<u64> {
        xs + ys
    }
}

fn main() {}
