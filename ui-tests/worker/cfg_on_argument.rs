use papy::prelude::*;

#[worker]
fn shift(x: f64, #[cfg(all())] y: f64) -> f64 {
    x + y
}

fn main() {}
