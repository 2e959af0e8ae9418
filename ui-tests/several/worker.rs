use papy::prelude::*;

#[worker(falible, serial)]
fn scale(#[param] by: &mut f64, x: f64, #[local] buf: Vec<f64>, n: &mut u64) -> impl Send {
    *n += 1;
    *by *= x;
    buf.len()
}

fn main() {}
