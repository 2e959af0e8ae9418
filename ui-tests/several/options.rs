use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn inc(x: u64) -> u64 {
    x + 1
}

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn number(n: &mut u64, x: u64) -> (u64, u64) {
    *n += 1;
    (*n, x)
}

pipeline! {
    fn stats(xs: Stream<u64>) -> Stream<u64> {
        let a = xs >> dbl.stride(0).srial().on();
        let b = a >> number.serial().unordered().serial();
        let c = b >> (dbl, inc).on(Pool::inline()) >> add;
        c.fold() >> dbl.named(3)
    }
}

fn main() {}
