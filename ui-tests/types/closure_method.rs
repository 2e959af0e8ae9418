use papy::prelude::*;

pipeline! {
    fn sums(xs: Stream<u64>) -> Stream<usize> {
        xs >> (|x| x.len())
    }
}

fn main() {}
