use papy::prelude::*;

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        xs.map(|x| x * 2)
    }
}

fn main() {}
