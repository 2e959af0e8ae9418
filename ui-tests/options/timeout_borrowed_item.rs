use papy::prelude::*;

#[worker]
fn length<'a>(word: &'a str) -> usize {
    word.len()
}

pipeline! {
    fn soon<'a>(words: Stream<&'a str>) -> Stream<usize> {
        words >> length.timeout(secs(5))
    }
}

fn main() {}
