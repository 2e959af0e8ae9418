use papy::prelude::*;

pipeline! {
    fn lengths(lines: Stream<&'static str>) -> Stream<usize> {
        lines >> len
    }
}

fn main() {}
