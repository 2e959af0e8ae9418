use papy::prelude::*;

#[worker]
fn same<T>(x: T) -> T {
    x
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<Vec<u64>> {
        xs >> same.consume(3)
    }
}

fn main() {}
