use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

type Parsed = std::result::Result<u64, std::num::ParseIntError>;

#[worker]
fn read(line: String) -> Parsed {
    line.parse()
}

pipeline! {
    fn twice(lines: Stream<String>) -> Stream<u64> {
        lines >> read >> dbl
    }
}

fn main() {}
