use papy::prelude::*;

#[worker]
fn read<T: std::str::FromStr>(line: String) -> Option<T> {
    line.parse().ok()
}

pipeline! {
    fn count(lines: Stream<String>) -> Stream<String> {
        let numbers = lines >> read.filter();
        numbers >> (|_| String::new())
    }
}

fn main() {}
