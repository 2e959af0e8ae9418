use papy::prelude::*;

#[worker]
fn scale(x: f64, #[param] by: &mut f64) -> f64 {
    x * *by
}

fn main() {}
