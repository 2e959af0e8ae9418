use papy::prelude::*;

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        xs >> scale.serial()(by = 3)
    }
}

fn main() {}
