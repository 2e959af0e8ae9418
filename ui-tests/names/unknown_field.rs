use papy::prelude::*;

#[worker]
fn len(text: String) -> usize {
    text.len()
}

#[derive(Clone)]
struct Read {
    name: String,
}

pipeline! {
    fn lengths(reads: Stream<Read>) -> Stream<usize> {
        let lengths = reads.nam >> len;
        lengths
    }
}

fn main() {
    lengths([Read { name: String::new() }]).run();
}
