use papy::prelude::*;

#[worker]
fn print<T: std::fmt::Display>(x: T) -> String {
    x.to_string()
}

pipeline! {
    fn printed<T: Send>(xs: Stream<T>) -> Stream<String> {
        xs >> print
    }
}

fn main() {}
