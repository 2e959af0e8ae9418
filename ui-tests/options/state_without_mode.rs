use papy::prelude::*;

pipeline! {
    fn numbered(xs: Stream<u64>) -> Stream<(u64, u64)> {
        xs >> number(state = 4)
    }
}

fn main() {}
