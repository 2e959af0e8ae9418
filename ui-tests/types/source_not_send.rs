use papy::prelude::*;
use std::rc::Rc;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

pipeline! {
    fn twice(xs: Stream<u64>) -> Stream<u64> {
        xs >> dbl
    }
}

fn main() {
    let limit = Rc::new(3);
    let run = twice((0..9).filter(move |x| *x < *limit)).start().unwrap();
    run.join().unwrap();
}
