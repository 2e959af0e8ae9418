use papy::prelude::*;

use std::rc::Rc;

#[worker]
fn cells(x: u64) -> Vec<Rc<u64>> {
    vec![Rc::new(x)]
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> cells.flat() >> (|x| *x)
    }
}

fn main() {}
