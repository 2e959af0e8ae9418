use papy::prelude::*;

pipeline! {
    fn scaled(xs: Stream<u64>, by: &u64) -> Stream<u64> {
        xs >> (|x| x * by)
    }
}

fn main() {
    let by = 3;
    let run = scaled([1], &by).start().unwrap();
    run.join().unwrap();
}
