use papy::prelude::*;

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

fn factor() -> u64 {
    3
}

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        let by = factor();
        xs >> scale(by = by)
    }
}

fn main() {}
