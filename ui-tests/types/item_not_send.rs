use papy::prelude::*;
use std::rc::Rc;

#[worker]
fn share(x: u64) -> Rc<u64> {
    Rc::new(x)
}

#[worker]
fn open(x: Rc<u64>) -> u64 {
    *x
}

pipeline! {
    fn shared(xs: Stream<u64>, blocking: Pool) -> Stream<u64> {
        let shares = xs >> share;
        shares >> open.on(blocking)
    }
}

fn main() {
    shared([1], Pool::threads(1)).run();
}
