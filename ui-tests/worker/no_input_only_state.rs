use papy::prelude::*;

#[worker]
fn count(n: &mut u64) {
    *n += 1;
}

fn main() {}
