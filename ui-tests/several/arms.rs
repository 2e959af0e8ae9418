use papy::prelude::*;

enum Shape {
    Circle(u64),
    Square(u64, u64),
    Dot,
}

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn three(x: u64) -> [u64; 3] {
    [x; 3]
}

#[worker]
fn up_to(x: u64) -> std::ops::Range<u64> {
    0..x
}

#[worker]
fn total(total: &mut u64, x: u64) {
    *total += x;
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
            Shape::Circle(r) => r >> up_to.flat(),
            Shape::Square(a, b) => (a, b) >> add >> three.produce(3),
            Shape::Dot => xs >> total.fold(),
        }
    }
}

fn main() {}
