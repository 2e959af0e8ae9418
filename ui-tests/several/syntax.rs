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
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

pipeline! {
    fn stats(xs: Stream<u64>, by: u64) -> Stream<u64> {
        let a = xs -> dbl;
        let b = a >> inc >>;
        let c = (a, b) >> |x, y| x + y >> dbl
        let d = c >> scale(by, by = 3);
        d >> dbl | inc
    }
}

fn main() {
    stats([1], 3).run();
}
