use papy::prelude::*;

#[worker]
fn constant(#[param] value: u8) -> u8 {
    value
}

fn main() {}
