use papy::prelude::*;

/// Not a function.
#[worker]
pub struct Check {
    pub limit: u8,
}

fn main() {}
