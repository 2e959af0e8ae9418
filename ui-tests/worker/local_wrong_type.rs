use papy::prelude::*;

#[worker]
fn shout(x: String, #[local(0)] buf: &mut String) -> usize {
    buf.push_str(&x);
    buf.len()
}

fn main() {}
