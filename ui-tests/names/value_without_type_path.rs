use papy::prelude::*;

const FACTOR: u64 = 3;

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        let by = FACTOR;
        xs >> scale(by = by)
    }
}

fn main() {}
