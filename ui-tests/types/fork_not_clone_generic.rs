use papy::prelude::*;

pipeline! {
    fn both<T: Send>(xs: Stream<T>) -> (Stream<T>, Stream<T>) {
        let a = xs;
        let b = xs >> (|x| x);
        (a, b)
    }
}

fn main() {}
