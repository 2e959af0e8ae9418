use papy::prelude::*;

#[worker]
fn put(to: &mut impl Extend<u8>, x: u8) {
    to.extend([x]);
}

fn main() {}
