use papy::prelude::*;

#[worker]
fn show(x: u64) -> String {
    x.to_string()
}

pipeline! {
    fn sums(xs: Stream<u64>) -> Stream<usize> {
        let texts = xs >> show;
        texts >> (|text| text.len() + "1")
    }
}

fn main() {}
