use papy::prelude::*;

#[worker(fallible)]
fn check(x: u8) -> u8 {
    x
}

fn main() {}
