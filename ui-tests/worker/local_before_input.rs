use papy::prelude::*;

#[worker]
fn shout(#[local(String::new())] buf: &mut String, x: String) -> usize {
    buf.push_str(&x);
    buf.len()
}

fn main() {}
