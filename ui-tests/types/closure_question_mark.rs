use papy::prelude::*;

pipeline! {
    fn numbers(lines: Stream<String>) -> Stream<u64> {
        lines >> (|line| line.parse::<u64>()?)
    }
}

fn main() {}
