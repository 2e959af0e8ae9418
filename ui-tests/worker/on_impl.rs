use papy::prelude::*;

struct Check;

#[worker]
impl Check {
    fn check(x: u8) -> u8 {
        x
    }
}

fn main() {}
