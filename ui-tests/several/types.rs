use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

#[worker]
fn number(n: &mut u64, x: u64) -> (u64, u64) {
    *n += 1;
    (*n, x)
}

#[derive(Debug)]
struct Read(u64);

#[worker]
fn weigh(read: Read) -> u64 {
    read.0
}

pipeline! {
    fn stats(reads: Stream<Read>, xs: Stream<u64>) -> (Stream<u64>, Stream<String>) {
        let light = reads >> weigh;
        let heavy = reads >> weigh;
        let texts = xs >> show >> dbl;
        let odds = xs >> dbl.filter();
        let numbers = xs >> number;
        let found = xs >> scale(bye = 3);
        let sums = (light, heavy, odds, numbers, found) >> (|a, b, c, (d, _), e| a + b + c + d + e);
        (sums, texts)
    }
}

fn main() {
    let (sums, texts) = stats([Read(1)], [2]).collect();
    println!("{} {}", sums.len(), texts.len());
}
