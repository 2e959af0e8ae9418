use papy::prelude::*;

#[worker]
fn scale(#[param] by: f64, x: f64) -> f64 {
    x * by
}

fn main() {}
