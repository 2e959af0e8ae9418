use papy::prelude::*;

pipeline! {
    fn scaled(xs: Stream<u64>) -> Stream<u64> {
        xs >> scale.serial()(by = 3)
    }
}

fn main() {}
