use papy::prelude::*;

use std::fmt::Display;

#[worker]
fn scale(x: f64, #[param] by: f64) -> f64 {
    x * by
}

#[worker]
fn shown(x: u8, #[param] by: &(dyn Fn(u8) -> String + Send + Sync)) -> String {
    by(x)
}

#[worker]
fn apply(x: u8, #[param] f: impl Fn(u8) -> u8) -> u8 {
    f(x)
}

#[worker]
fn prefixed<T: Display>(x: T, #[param] prefix: &str, #[param] states: Option<&str>) -> String {
    format!("{prefix}{x}{}", states.unwrap_or_default())
}

/// A named lifetime says that what is returned borrows from the parameter.
#[worker]
fn pick<'t>(x: usize, #[param] names: &'t [String]) -> &'t str {
    &names[x]
}

fn main() {}
