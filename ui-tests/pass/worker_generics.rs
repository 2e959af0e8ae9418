use papy::prelude::*;

use std::collections::HashMap;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::str::FromStr;

#[worker]
fn show<T: Debug>(x: T) -> String {
    format!("{x:?}")
}

#[worker]
fn parse<T>(x: &str) -> Result<T, T::Err>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    x.parse()
}

#[worker]
fn fill<const N: usize>(x: u8) -> [u8; N] {
    [x; N]
}

#[worker]
fn tally<K: Hash + Eq>(counts: &mut HashMap<K, u64>, key: K) {
    *counts.entry(key).or_default() += 1;
}

#[worker]
fn text(x: &(impl Display + ?Sized), y: impl Debug) -> String {
    format!("{x}{y:?}")
}

#[worker]
fn boxed<T: ?Sized + Display>(x: Box<T>) -> String {
    x.to_string()
}

fn main() {}
