use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn fetched(xs: Stream<u64>) -> Stream<u64> {
        let net: Pool = Pool::tokio(64);
        xs >> dbl.on(net)
    }
}

fn main() {}
