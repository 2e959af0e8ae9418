use papy::prelude::*;

pipeline! {
    fn p(xs: Stream<String>) -> Stream<usize> {
        xs >> String::len
    }
}

fn main() {}
