use papy::prelude::*;

#[worker]
fn shout(x: String, #[local] buf: &mut String) -> usize {
    buf.push_str(&x);
    buf.len()
}

fn main() {}
