//! The nearest legal text of mistakes with rates, lineages, routes and merges.

#![deny(warnings)]

use papy::prelude::*;

#[derive(Clone, Copy)]
enum Shape {
    Circle(u64),
    Square(u64, u64),
    Dot,
}

#[worker]
fn shape(x: u64) -> Shape {
    match x {
        0 => Shape::Dot,
        1 => Shape::Circle(x),
        _ => Shape::Square(x, x),
    }
}

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
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
fn sum(xs: Vec<u64>) -> u64 {
    xs.iter().sum()
}

#[worker]
fn sum_of_two([a, b]: [u64; 2]) -> u64 {
    a + b
}

#[worker]
fn sum_of_sums(pairs: Vec<(u64, u64)>) -> u64 {
    pairs.iter().map(|(a, b)| a + b).sum()
}

#[worker]
fn up_to(x: u64) -> std::ops::Range<u64> {
    0..x
}

#[worker]
fn lazily(x: u64) -> impl Iterator<Item = u64> {
    (0..x).filter(|x| x % 2 == 0)
}

#[worker]
fn even(x: u64) -> Option<u64> {
    (x % 2 == 0).then_some(x)
}

#[worker]
fn same<T>(x: T) -> T {
    x
}

#[worker]
fn total(total: &mut u64, x: u64) {
    *total += x;
}

#[worker]
fn print(x: u64) {
    println!("{x}");
}

#[worker]
fn swapped((x, y): (u64, u64)) -> (u64, u64) {
    (y, x)
}

pipeline! {
    fn balanced(xs: Stream<u64>, ys: Stream<u64>) -> (Stream<u64>, Stream<u64>, Stream<u64>) {
        let a = xs >> three.produce(3);
        let b = (a, xs >> dbl.repeat(3)) >> add;
        let c = (a >> sum.consume(3), xs) >> add;
        let d = (xs, ys) >> sum_of_sums.consume(2);
        let e = (xs >> same::<Vec<u64>>.consume(2) >> (|group| group.len() as u64), d) >> add;
        (b, c, e)
    }
}

pipeline! {
    fn groups(xs: Stream<u64>) -> (Stream<u64>, Stream<u64>, Stream<u64>) {
        let a = xs >> (|[a, b]| a + b).consume(2);
        let b = xs >> (|group| group.len() as u64).consume(3);
        let c = xs >> even.filter() >> sum_of_two.consume(2);
        (a, b, c)
    }
}

pipeline! {
    fn floods(xs: Stream<u64>, ys: Stream<u64>) -> (Stream<u64>, Stream<u64>, Stream<u64>) {
        let many = xs >> up_to.flat();
        let twice = (many, many >> dbl) >> add;
        let few = ys >> lazily.flat() >> total.fold();
        let both = merge(many, merge(ys, twice));
        (twice, few, both)
    }
}

pipeline! {
    fn routes(xs: Stream<u64>, floor: u64) -> (Stream<u64>, Stream<u64>) {
        let shapes = xs >> shape;
        let areas = match shapes {
            Shape::Circle(r) if r > floor => r >> dbl,
            Shape::Circle(_) => skip,
            Shape::Square(a, b) => (a, b) >> add,
            Shape::Dot => xs >> (|_| 0),
        };
        match (areas, xs) {
            (0, _) => {}
            (area, x) if x < area => area >> up_to.flat() >> print,
            (_, x) => x >> print,
        }
        let pairs = xs >> (|x| (x, x)) >> swapped >> (|(x, _)| x);
        (areas, pairs)
    }
}

pipeline! {
    fn nested(xs: Stream<u64>, floor: u64) -> Stream<u64> {
        let (a, b) = xs >> routes(floor = floor).pipeline();
        (a, b >> dbl) >> add
    }
}

fn main() {
    balanced([1, 2], [3, 4]).run();
    groups([1, 2]).run();
    floods([1, 2], [3, 4]).run();
    routes([0, 1, 2], 1).run();
    nested([0, 1, 2], 1).run();
}
