use papy::prelude::*;
use std::rc::Rc;

pipeline! {
    fn scaled(xs: Stream<u64>, by: Rc<u64>) -> Stream<u64> {
        xs >> (|x| x * *by)
    }
}

fn main() {}
