use papy::prelude::*;

#[worker]
mod checks {}

fn main() {}
