use papy::prelude::*;
use std::rc::Rc;

#[worker]
fn gather(all: &mut Vec<Rc<u64>>, x: u64) -> u64 {
    all.push(Rc::new(x));
    x
}

pipeline! {
    fn gathered(xs: Stream<u64>) -> Stream<u64> {
        xs >> gather.serial()
    }
}

fn main() {}
