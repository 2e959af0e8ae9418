use papy::prelude::*;

#[worker]
fn count(x: u8, n: &mut u64) {
    *n += u64::from(x);
}

fn main() {}
