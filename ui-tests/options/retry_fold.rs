use papy::prelude::*;

#[worker]
fn add(sum: &mut u64, x: u64) {
    *sum += x;
}

pipeline! {
    fn again(xs: Stream<u64>) -> Stream<u64> {
        xs >> add.fold().retry(3)
    }
}

fn main() {}
