use papy::prelude::*;

struct Sealed(u64);

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn two(x: u64) -> [u64; 2] {
    [x; 2]
}

#[worker]
fn sum_of_two([a, b]: [u64; 2]) -> u64 {
    a + b
}

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

#[worker]
fn seal(x: u64) -> Sealed {
    Sealed(x)
}

#[worker]
fn open(x: Sealed) -> u64 {
    x.0
}

pipeline! {
    fn p(xs: Stream<u64>) -> (Stream<u64>, Stream<u64>, Stream<u64>, Stream<u64>, Stream<u64>) {
        let a = xs >> two.produce(3);
        let b = xs >> dbl.flat();
        let c = xs >> sum_of_two.consume(3);
        let d = xs >> seal.repeat(2) >> open;
        let e = merge(xs, xs >> show);
        (a, b, c, d, e)
    }
}

fn main() {}
