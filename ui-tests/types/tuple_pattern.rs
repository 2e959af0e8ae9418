use papy::prelude::*;

#[worker]
fn number(n: &mut u64, x: u64) -> (u64, u64) {
    *n += 1;
    (*n, x)
}

#[worker]
fn pair(x: u64) -> (u64, String) {
    (x, x.to_string())
}

pipeline! {
    fn apart(xs: Stream<u64>) -> (Stream<u64>, Stream<String>) {
        let (number, text, rest) = xs >> pair;
        let _ = rest;
        (number, text)
    }
}

fn main() {}
