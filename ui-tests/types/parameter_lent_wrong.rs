use papy::prelude::*;

#[worker]
fn find(x: u64, #[param] table: &[u64]) -> bool {
    table.contains(&x)
}

pipeline! {
    fn found(xs: Stream<u64>) -> Stream<bool> {
        xs >> find(table = "one two")
    }
}

fn main() {}
