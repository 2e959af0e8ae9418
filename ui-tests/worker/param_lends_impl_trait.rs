use papy::prelude::*;

#[worker]
fn shown(x: u8, #[param] by: &impl Fn(u8) -> String) -> String {
    by(x)
}

fn main() {}
