use papy::prelude::*;

fn main() {
    let by = 3_u64;

    pipeline! {
        fn scaled(xs: Stream<u64>) -> Stream<u64> {
            xs >> scale(by = by)
        }
    }

    scaled([1]).run();
}
