use papy::prelude::*;

#[worker(quickly)]
fn check(x: u8) -> u8 {
    x
}

fn main() {}
