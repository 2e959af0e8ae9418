use papy::prelude::*;

#[worker("fallible")]
fn check(x: u8) -> Result<u8, std::fmt::Error> {
    Ok(x)
}

fn main() {}
