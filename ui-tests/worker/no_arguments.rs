use papy::prelude::*;

#[worker]
fn seven() -> u8 {
    7
}

fn main() {}
