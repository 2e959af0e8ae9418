use papy::prelude::*;

pipeline! {
    fn some(xs: Stream<u64>) -> Stream<u64> {
        xs >> skip
    }
}

fn main() {}
