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

pipeline! {
    fn sums(reads: Stream<Read>) -> Stream<u64> {
        reads >> (weigh, weigh) >> add
    }
}

fn main() {}
