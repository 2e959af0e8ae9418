use papy::prelude::*;

#[worker]
fn find(x: u64, #[param] table: &[u64]) -> bool {
    table.contains(&x)
}

pipeline! {
    fn found(xs: Stream<u64>) -> Stream<bool> {
        let table = vec![1, 2];
        xs >> find(table = table)
    }
}

fn main() {}
