use papy::prelude::*;

pipeline! {
    struct Twice {
        xs: Stream<u64>,
    }
}

fn main() {}
