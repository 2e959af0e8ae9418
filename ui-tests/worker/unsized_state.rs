use papy::prelude::*;

#[worker]
fn count(bins: &mut [u64], x: u8) {
    bins[usize::from(x)] += 1;
}

fn main() {}
