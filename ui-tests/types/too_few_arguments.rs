use papy::prelude::*;

pipeline! {
    fn scaled(xs: Stream<u64>, by: u64) -> Stream<u64> {
        xs >> scale(by = by)
    }
}

fn main() {
    scaled([1]).run();
}
