use papy::prelude::*;
use std::cell::Cell;

pipeline! {
    fn scaled(xs: Stream<u64>, by: Cell<u64>) -> Stream<u64> {
        xs >> (|x| x * by.get())
    }
}

fn main() {}
