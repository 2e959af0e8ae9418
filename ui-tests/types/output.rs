use papy::prelude::*;

pipeline! {
    fn shown(xs: Stream<u64>) -> Stream<u64> {
        let texts = xs >> show;
        texts
    }
}

fn main() {
    for row in shown([1]).collect() {
        println!("{}", row.unwrap());
    }
}
