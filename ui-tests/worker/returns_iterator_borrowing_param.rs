use papy::prelude::*;

#[worker]
fn words(line: String, #[param] sep: &str) -> impl Iterator<Item = String> {
    line.split(sep)
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

fn main() {}
