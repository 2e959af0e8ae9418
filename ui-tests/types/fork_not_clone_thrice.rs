use papy::prelude::*;

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

struct Read(u64);

#[worker]
fn weigh(read: Read) -> u64 {
    read.0
}

#[worker]
fn open(x: u64) -> Read {
    Read(x)
}

pipeline! {
    fn sums(xs: Stream<u64>) -> (Stream<u64>, Stream<Read>) {
        let reads = xs >> open;
        let sums = (reads >> weigh, reads >> weigh) >> add;
        (sums, reads)
    }
}

fn main() {}
