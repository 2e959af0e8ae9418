use papy::prelude::*;

#[worker]
fn shout(x: String, #[local(String::new())] buf: String) -> usize {
    x.len() + buf.len()
}

fn main() {}
