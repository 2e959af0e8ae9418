use papy::prelude::*;

#[worker(serial)]
fn check(x: u8) -> u8 {
    x
}

fn main() {}
