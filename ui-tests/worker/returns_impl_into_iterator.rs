use papy::prelude::*;

#[worker]
fn digits(x: u8) -> impl IntoIterator<Item = u8> {
    [x / 10, x % 10]
}

fn main() {}
