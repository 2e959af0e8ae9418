use papy::prelude::*;

#[worker]
fn same<T>(x: T) -> T {
    x
}

pipeline! {
    fn soon<T: Send>(xs: Stream<T>) -> Stream<T> {
        xs >> same::<T>.timeout(secs(5))
    }
}

fn main() {}
