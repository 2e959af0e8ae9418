use papy::prelude::*;

struct Total(u64);

#[worker]
fn gather(total: &mut Total, x: u64) {
    total.0 += x;
}

pipeline! {
    fn total(xs: Stream<u64>) -> Stream<Total> {
        xs >> gather.fold()
    }
}

fn main() {}
