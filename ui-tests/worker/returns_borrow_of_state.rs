use papy::prelude::*;

#[worker]
fn last(seen: &mut String, x: char) -> &str {
    seen.push(x);
    seen
}

fn main() {}
