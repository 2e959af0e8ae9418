use papy::prelude::*;

#[worker]
fn mean(xs: Vec<u64>) -> u64 {
    xs.iter().sum::<u64>() / xs.len() as u64
}

pipeline! {
    fn means(xs: Stream<u64>) -> Stream<u64> {
        xs >> mean.consume(4)
    }
}

fn main() {}
