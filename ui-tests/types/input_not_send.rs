use papy::prelude::*;
use std::rc::Rc;

#[worker]
fn open(x: Rc<u64>) -> u64 {
    *x
}

pipeline! {
    fn shared(shares: Stream<Rc<u64>>) -> Stream<u64> {
        shares >> open
    }
}

fn main() {
    shared([Rc::new(1)]).run();
}
