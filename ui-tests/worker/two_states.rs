use papy::prelude::*;

#[worker]
fn count(n: &mut u64, sum: &mut u64, x: u8) {
    *n += 1;
    *sum += u64::from(x);
}

fn main() {}
