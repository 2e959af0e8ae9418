use papy::prelude::*;

#[worker]
fn trim(line: &str) -> &str {
    line.trim()
}

pipeline! {
    fn trimmed(lines: Stream<&str>) -> Stream<&str> {
        lines >> trim
    }
}

fn main() {}
