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

#[worker]
fn shape(x: u64) -> Shape {
    match x {
        0 => Shape::Dot,
        1 => Shape::Circle(x),
        _ => Shape::Square(x, x),
    }
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        match xs >> shape {
            Shape::Circle(r) => r >> dbl,
            Shape::Dott => skip,
            _ => skip,
        }
    }
}

fn main() {}
