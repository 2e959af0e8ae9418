use papy::prelude::*;

#[worker]
fn last<'a>(seen: &'a mut Vec<String>, x: String) -> Option<&'a String> {
    seen.push(x);
    seen.last()
}

fn main() {}
