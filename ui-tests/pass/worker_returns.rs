use papy::prelude::*;

use std::io;

type Checked<T> = Result<T, std::fmt::Error>;

#[worker]
fn open(x: &str) -> io::Result<usize> {
    Ok(x.len())
}

#[worker(fallible)]
fn check(x: u8) -> Checked<u8> {
    Ok(x)
}

#[worker]
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(' ')
}

#[worker]
fn bytes(line: String) -> Result<impl Iterator<Item = u8>, io::Error> {
    Ok(line.into_bytes().into_iter())
}

#[worker]
fn split(line: String, #[param] sep: &str) -> impl Iterator<Item = String> + use<> {
    line.split(sep)
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

#[worker]
fn never(_: u8) -> ! {
    panic!("never")
}

fn main() {}
