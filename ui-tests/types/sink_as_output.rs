use papy::prelude::*;

#[worker]
fn log(x: u64) {
    println!("{x}");
}

pipeline! {
    fn logged(xs: Stream<u64>) -> Stream<u64> {
        let logged = xs >> log;
        logged
    }
}

fn main() {}
