use papy::prelude::*;

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        let by = 3;
        xs >> scale(by = by)
    }
}

fn main() {
    scaled([1]).run();
}
