use papy::prelude::*;

#[worker]
fn words(line: String) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

pipeline! {
    fn p(xs: Stream<String>) -> Stream<String> {
        xs >> words.produce(3)
    }
}

fn main() {}
