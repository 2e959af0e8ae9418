use papy::prelude::*;

struct Meters(f64);

impl Meters {
    #[worker]
    fn new(x: f64) -> Self {
        Meters(x)
    }
}

fn main() {}
