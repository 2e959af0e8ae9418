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
fn show(x: u64) -> String {
    x.to_string()
}

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

pipeline! {
    fn stats(xs: Stream<u64>, ys: Stream<u64>) -> (Stream<u64>, Stream<String>) {
        let by = 3;
        let scaled = xs >> scale(by = by).on(gpu);
        let clean = sclaed >> dbl;
        let sums = (clean, zs) >> add;
        let sums = (clean, late) >> add;
        let late = sums >> inc;
        let texts = sums >> show.serail();
        (sums, texts >> show)
    }
}

fn main() {
    let (sums, texts) = stats([1], [2]).collect();
    println!("{} {}", sums.len(), texts.len());
}
