use papy::prelude::*;

#[worker]
fn parse(line: String) -> Result<u64, std::num::ParseIntError> {
    line.parse()
}

pipeline! {
    fn numbers(lines: Stream<String>) -> Stream<u64> {
        lines >> parse.retry(2)
    }
}

fn main() {}
