use papy::prelude::*;

pipeline! {
    fn logged(xs: Stream<u64>) -> Stream<u64> {
        let logged = xs >> log;
        logged
    }
}

fn main() {}
