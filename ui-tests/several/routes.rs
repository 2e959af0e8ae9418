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
fn even(x: u64) -> Option<u64> {
    (x % 2 == 0).then_some(x)
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
    fn p(xs: Stream<u64>, ys: Stream<u64>) -> (Stream<u64>, Stream<u64>, Stream<u64>, Stream<u64>, Stream<u64>) {
        let a = match xs >> shape {
            Shape::Circle(ref r) => r >> dbl,
            Shape::Square(a, b) if a > ys => a + b,
            Shape::Dot => skp,
        };
        let b = match xs >> even {
            Some(_) => skip,
            None => skip,
        };
        let c = xs >> match even {
            Some(x) => x >> dbl,
            None => skip,
        };
        let d = merge((xs, ys)).serial();
        let e = skip;
        (a, b, c, d, e)
    }
}

fn main() {}
