use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

pipeline! {
    fn sums(xs: Stream<u64>) -> Stream<u64> {
        let texts = xs >> show;
        (xs, texts) >> add
    }
}

fn main() {
    sums([1]).run();
}
