use papy::prelude::*;

/// State comes first, then items, then parameters and scratch in any order.
#[worker]
fn count(
    bins: &mut Vec<u64>,
    x: u8,
    y: u8,
    #[local(Vec::new())] seen: &mut Vec<u8>,
    #[param] by: u64,
    #[local(String::new())] text: &mut String,
    #[param] names: &[String],
) -> Option<usize> {
    seen.push(x);
    text.push_str(names.first()?);
    *bins.get_mut(usize::from(y))? += by;
    Some(seen.len() + text.len())
}

#[worker]
const fn dbl(x: u32) -> u32 {
    x * 2
}

#[worker]
fn sink(_: u32) {}

#[worker]
fn pair((a, b): (u8, u8), mut c: u8) -> u8 {
    c += a;
    c + b
}

fn main() {}
