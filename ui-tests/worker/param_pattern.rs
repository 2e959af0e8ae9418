use papy::prelude::*;

#[worker]
fn shift(x: f64, #[param] (a, b): (f64, f64)) -> f64 {
    x * a + b
}

fn main() {}
