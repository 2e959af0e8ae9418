use papy::prelude::*;

#[worker]
fn split<'a>(line: &'a str) -> Vec<&'a str> {
    line.split(' ').collect()
}

pipeline! {
    fn soon<'a>(lines: Stream<&'a str>) -> Stream<Vec<&'a str>> {
        let long = lines >> (|line| line);
        long >> split.timeout(secs(5)).retry(2)
    }
}

fn main() {}
