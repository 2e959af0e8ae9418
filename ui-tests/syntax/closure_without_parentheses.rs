use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        xs >> |x| x + 1 >> dbl
    }
}

fn main() {
    twice([1]).run();
}
