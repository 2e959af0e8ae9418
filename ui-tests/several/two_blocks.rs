use papy::prelude::*;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn len(text: String) -> usize {
    text.len()
}

pipeline! {
    fn first(xs: Stream<u64>) -> Stream<u64> {
        xs >> dbl.fliter()
    }
}

pipeline! {
    fn second(xs: Stream<u64>) -> Stream<u64> {
        ys >> dbl
    }
}

pipeline! {
    fn third(xs: Stream<u64>) -> Stream<u64> {
        xs >> len
    }
}

fn main() {
    let mut run = second(first([1]).collect().into_iter().flatten()).start().unwrap();
    let rows: Vec<Result<u64, Fault>> = run.by_ref().collect();
    println!("{rows:?}");
    third([1]).run();
    run.join().unwrap();
}
