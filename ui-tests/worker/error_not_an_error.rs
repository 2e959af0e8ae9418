use papy::prelude::*;

struct Code(u8);

#[worker]
fn check(x: u8) -> Result<u8, Code> {
    if x == 0 { Err(Code(x)) } else { Ok(x) }
}

fn main() {}
