use papy::prelude::*;

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        scale(xs, 20)
    }
}

fn main() {}
