use papy::prelude::*;

struct Scaler(f64);

impl Scaler {
    #[worker]
    fn scale(&self, x: f64) -> f64 {
        x * self.0
    }
}

fn main() {}
