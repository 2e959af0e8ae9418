use papy::prelude::*;

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

fn main() {
    let by = 3_u64;

    pipeline! {
        fn scaled(xs: Stream<u64>) -> Stream<u64> {
            xs >> scale(by = by)
        }
    }

    scaled([1]).run();
}
