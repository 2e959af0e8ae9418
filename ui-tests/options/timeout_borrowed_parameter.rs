use papy::prelude::*;

#[worker]
fn add(x: u64, #[param] table: &[u64]) -> u64 {
    x + table[0]
}

pipeline! {
    fn soon<'a>(xs: Stream<u64>, table: &'a [u64]) -> Stream<u64> {
        xs >> add(table = table).timeout(secs(5))
    }
}

fn main() {}
