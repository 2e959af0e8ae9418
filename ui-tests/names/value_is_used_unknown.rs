use papy::prelude::*;

pipeline! {
    fn scaled(xs: Stream<u64>, factor: u64) -> Stream<u64> {
        xs >> scale(by = facto)
    }
}

fn main() {
    scaled([1], 2).run();
}
