use papy::prelude::*;

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

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
