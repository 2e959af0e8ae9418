use papy::prelude::*;

#[worker]
fn len(text: String) -> usize {
    text.len()
}

pipeline! {
    fn lengths(lines: Stream<&'static str>) -> Stream<usize> {
        lines >> len
    }
}

fn main() {}
