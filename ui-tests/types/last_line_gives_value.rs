use papy::prelude::*;

pipeline! {
    fn shown(xs: Stream<u64>) {
        xs >> show
    }
}

fn main() {}
