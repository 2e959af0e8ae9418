use papy::prelude::*;

pipeline! {}

fn main() {}
