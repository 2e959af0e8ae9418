use papy::prelude::*;

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
