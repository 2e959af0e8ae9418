use papy::prelude::*;

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        let by = 3;
        xs >> scale(by = by)
    }
}

fn main() {
    scaled([1]).run();
}
