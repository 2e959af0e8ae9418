use papy::prelude::*;

enum Shape {
    Circle(u64),
    Square(u64, u64),
    Dot,
}

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> match shape {
            Shape::Circle(r) => r >> dbl,
            _ => skip,
        }
    }
}

fn main() {}
