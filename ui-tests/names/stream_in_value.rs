use papy::prelude::*;

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        let count: u64 = xs.len();
        xs >> scale(by = count)
    }
}

fn main() {}
