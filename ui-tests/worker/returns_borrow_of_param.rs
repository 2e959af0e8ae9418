use papy::prelude::*;

#[worker]
fn pick(x: usize, #[param] names: &Vec<String>) -> &str {
    &names[x]
}

fn main() {}
