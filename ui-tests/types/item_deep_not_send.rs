use papy::prelude::*;

struct Deep {
    shared: std::rc::Rc<u64>,
}

#[worker]
fn deep(x: u64) -> Deep {
    Deep {
        shared: std::rc::Rc::new(x),
    }
}

#[worker]
fn dbl_of(x: Deep) -> u64 {
    *x.shared * 2
}

pipeline! {
    fn p(xs: Stream<u64>) -> Stream<u64> {
        xs >> deep >> dbl_of.serial()
    }
}

fn main() {}
