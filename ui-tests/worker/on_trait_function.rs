use papy::prelude::*;

trait Check {
    #[worker]
    fn check(x: u8) -> u8;
}

fn main() {}
