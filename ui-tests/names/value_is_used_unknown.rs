use papy::prelude::*;

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

pipeline! {
    fn scaled(xs: Stream<u64>, factor: u64) -> Stream<u64> {
        xs >> scale(by = facto)
    }
}

fn main() {
    scaled([1], 2).run();
}
