use papy::prelude::*;

#[worker]
fn shift(x: f64, #[param] state: f64) -> f64 {
    x + state
}

fn main() {}
