use papy::prelude::*;

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        let count: u64 = xs.len();
        xs >> scale(by = count)
    }
}

fn main() {}
