use papy::prelude::*;

#[worker]
fn shown(x: u8) -> impl std::fmt::Display {
    x
}

fn main() {}
