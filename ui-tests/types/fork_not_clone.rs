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
        let light = reads >> weigh;
        let heavy = reads >> weigh;
        (light, heavy) >> add
    }
}

fn main() {
    sums([Read(1)]).run();
}
