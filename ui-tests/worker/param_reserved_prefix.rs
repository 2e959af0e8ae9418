use papy::prelude::*;

#[worker]
fn shift(x: f64, #[param] __papy_by: f64) -> f64 {
    x + __papy_by
}

fn main() {}
