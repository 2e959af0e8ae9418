use papy::prelude::*;

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

pipeline! {
    fn shown(xs: Stream<u64>) {
        xs >> show
    }
}

fn main() {}
