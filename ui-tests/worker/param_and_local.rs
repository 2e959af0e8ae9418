use papy::prelude::*;

#[worker]
fn shift(
    x: f64,
    #[param]
    #[local(1.0)]
    by: f64,
) -> f64 {
    x + by
}

fn main() {}
