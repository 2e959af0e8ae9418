use papy::prelude::*;

#[worker]
fn shift(x: f64, #[param(2.0)] by: f64) -> f64 {
    x + by
}

fn main() {}
