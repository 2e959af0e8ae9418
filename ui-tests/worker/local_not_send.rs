use papy::prelude::*;

use std::rc::Rc;

#[worker]
fn shout(x: String, #[local(Rc::new(0))] buf: &mut Rc<u8>) -> usize {
    x.len() + usize::from(**buf)
}

fn main() {}
