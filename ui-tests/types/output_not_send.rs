use papy::prelude::*;
use std::rc::Rc;

#[worker]
fn share(x: u64) -> Rc<u64> {
    Rc::new(x)
}

pipeline! {
    fn shared(xs: Stream<u64>) -> Stream<Rc<u64>> {
        let shares = xs >> share;
        shares
    }
}

fn main() {
    shared([1]).run();
}
