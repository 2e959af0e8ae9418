use papy::prelude::*;

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        let nothing = xs >> skip;
        nothing
    }
}

fn main() {}
