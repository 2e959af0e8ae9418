use papy::prelude::*;

#[worker]
fn len(text: String) -> usize {
    text.len()
}

#[worker]
fn words(line: String) -> Vec<String> {
    line.split(' ').map(String::from).collect()
}

pipeline! {
    fn lengths(lines: Stream<String>) -> Stream<usize> {
        lines >> words.flat() >> len
    }
}

fn main() {}
