//! The workers of random pipelines. As plain functions they are what the interpreter calls.
//!
//! Results are kept small, so that no arithmetic overflows.
#![allow(dead_code)]

use std::ops::Range;
use std::sync::Mutex;

use papy::prelude::*;

/// An item with fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub left: i64,
    pub right: i64,
}

/// What a route tells apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Sort {
    Nothing,
    Small(i64),
    Wide { left: i64, right: i64 },
    Both(i64, i64),
}

fn small(x: i64) -> i64 {
    x % 9973
}

/// Whether a mishap that befalls one of `every` items befalls this one.
fn befalls(x: i64, every: i64, at: i64) -> bool {
    x.rem_euclid(every) == at
}

fn check(x: i64, every: i64, at: i64) -> Result<i64, String> {
    if befalls(x, every, at) {
        Err(format!("{x} fails"))
    } else {
        Ok(x)
    }
}

fn survive(x: i64, every: i64, at: i64) -> i64 {
    assert!(!befalls(x, every, at), "on purpose: {x}");
    x
}

/// A fault as a number.
pub fn code(fault: &Fault) -> i64 {
    let kind = match fault.kind() {
        FaultKind::Error => 1,
        FaultKind::Panic => 2,
        FaultKind::Unequal => 3,
        FaultKind::Incomplete => 4,
        FaultKind::Input => 5,
        _ => 6,
    };
    -(10 * fault.others().count() as i64 + kind)
}

// ---------------------------------------------------------------- one item each

#[worker]
pub fn inc(x: i64) -> i64 {
    small(x + 1)
}

#[worker]
pub fn scale(x: i64, #[param] by: i64) -> i64 {
    small(x * by + 3)
}

#[worker]
pub fn scale_lent(x: i64, #[param] by: &i64, #[local(Vec::new())] buf: &mut Vec<i64>) -> i64 {
    buf.clear();
    buf.push(x);
    small(buf[0] * by - 1)
}

#[worker]
pub fn fragile(x: i64, #[param] every: i64, #[param] at: i64) -> i64 {
    small(survive(x, every, at) + 5)
}

#[worker]
pub fn brittle(x: i64, #[param] every: i64, #[param] at: i64) -> Result<i64, String> {
    Ok(small(check(x, every, at)? - 2))
}

#[worker]
pub fn digits(x: i64) -> Vec<i64> {
    (0..x.rem_euclid(4)).map(|n| small(x + n)).collect()
}

#[worker]
pub fn total(xs: Vec<i64>) -> i64 {
    total_of(&xs)
}

pub fn total_of(xs: &[i64]) -> i64 {
    xs.iter().fold(xs.len() as i64, |sum, x| small(sum * 3 + x))
}

#[worker]
pub fn halves(x: i64) -> Point {
    Point {
        left: x / 2,
        right: x - x / 2,
    }
}

#[worker]
pub fn measure(point: Point) -> i64 {
    small(point.left * 2 - point.right)
}

#[worker]
pub fn both(x: i64) -> (i64, i64) {
    (small(x + 7), -x)
}

#[worker]
pub fn both_brittle(x: i64, #[param] every: i64, #[param] at: i64) -> Result<(i64, i64), String> {
    Ok(both(check(x, every, at)?))
}

// ---------------------------------------------------------------- joins

#[worker]
pub fn sum(x: i64, y: i64) -> i64 {
    small(x * 2 + y)
}

#[worker]
pub fn sum_brittle(x: i64, y: i64, #[param] every: i64, #[param] at: i64) -> Result<i64, String> {
    Ok(sum(check(x, every, at)?, y))
}

#[worker]
pub fn sum_fragile(x: i64, y: i64, #[param] every: i64, #[param] at: i64) -> i64 {
    sum(x, survive(y, every, at))
}

#[worker]
pub fn sum3(x: i64, y: i64, z: i64) -> i64 {
    small(x * 4 + y * 2 + z)
}

#[worker]
pub fn extended(xs: Vec<i64>, x: i64) -> Vec<i64> {
    xs.into_iter().chain([x]).take(9).collect()
}

// ---------------------------------------------------------------- filters

#[worker]
pub fn keep(x: i64, #[param] every: i64, #[param] at: i64) -> Option<i64> {
    (!befalls(x, every, at)).then_some(x)
}

#[worker]
pub fn keep_brittle(x: i64, #[param] every: i64, #[param] at: i64) -> Result<Option<i64>, String> {
    Ok(keep(check(x, every, at)?, every, (at + 1) % every))
}

#[worker]
pub fn keep_sum(x: i64, y: i64, #[param] every: i64, #[param] at: i64) -> Option<i64> {
    keep(sum(x, y), every, at)
}

// ---------------------------------------------------------------- state, item for item

#[worker]
pub fn running(state: &mut i64, x: i64) -> i64 {
    *state = small(*state * 3 + x);
    *state
}

#[worker]
pub fn running_brittle(
    state: &mut i64,
    x: i64,
    #[param] every: i64,
    #[param] at: i64,
) -> Result<i64, String> {
    running(state, x);
    check(x, every, at)?;
    Ok(*state)
}

#[worker]
pub fn running_fragile(state: &mut i64, x: i64, #[param] every: i64, #[param] at: i64) -> i64 {
    running(state, x);
    survive(x, every, at);
    *state
}

#[worker]
pub fn running_sum(state: &mut i64, x: i64, y: i64) -> i64 {
    running(state, sum(x, y))
}

#[worker]
pub fn running_keep(state: &mut i64, x: i64) -> Option<i64> {
    *state += 1;
    (*state % 3 != 0).then_some(small(x + *state))
}

#[worker]
pub fn running_caught(state: &mut i64, x: Result<i64, Fault>) -> i64 {
    running(state, caught(x))
}

// ---------------------------------------------------------------- folds

#[worker]
pub fn gather(state: &mut i64, x: i64) {
    running(state, x);
}

#[worker]
pub fn gather_list(state: &mut Vec<i64>, x: i64) {
    state.push(x);
}

#[worker]
pub fn gather_brittle(
    state: &mut i64,
    x: i64,
    #[param] every: i64,
    #[param] at: i64,
) -> Result<(), String> {
    running_brittle(state, x, every, at).map(drop)
}

#[worker]
pub fn gather_fragile(state: &mut i64, x: i64, #[param] every: i64, #[param] at: i64) {
    running_fragile(state, x, every, at);
}

#[worker]
pub fn gather_sum(state: &mut i64, x: i64, y: i64) {
    running_sum(state, x, y);
}

#[worker]
pub fn gather_caught(state: &mut i64, x: Result<i64, Fault>) {
    running_caught(state, x);
}

// ---------------------------------------------------------------- nodes that see faults

#[worker]
pub fn caught(x: Result<i64, Fault>) -> i64 {
    caught_of(x.map_err(|fault| code(&fault)))
}

pub fn caught_of(x: Result<i64, i64>) -> i64 {
    x.unwrap_or_else(|code| code)
}

#[worker]
pub fn sum_caught(x: Result<i64, Fault>, y: Result<i64, Fault>) -> i64 {
    sum(caught(x), caught(y))
}

// ---------------------------------------------------------------- several items of one

fn part(x: i64, n: usize) -> i64 {
    small(x + 10 * n as i64)
}

#[worker]
pub fn many<const N: usize>(x: i64) -> [i64; N] {
    std::array::from_fn(|n| part(x, n))
}

#[worker]
pub fn many_brittle<const N: usize>(
    x: i64,
    #[param] every: i64,
    #[param] at: i64,
) -> Result<[i64; N], String> {
    Ok(many(check(x, every, at)?))
}

#[worker]
pub fn many_fragile<const N: usize>(x: i64, #[param] every: i64, #[param] at: i64) -> [i64; N] {
    many(survive(x, every, at))
}

#[worker]
pub fn many_sum<const N: usize>(x: i64, y: i64) -> [i64; N] {
    many(sum(x, y))
}

pub fn many_of(x: i64, n: usize) -> Vec<i64> {
    (0..n).map(|n| part(x, n)).collect()
}

// ---------------------------------------------------------------- one item of several

#[worker]
pub fn group<const N: usize>(xs: [i64; N]) -> i64 {
    total_of(&xs)
}

#[worker]
pub fn group_list<const N: usize>(xs: [i64; N]) -> Vec<i64> {
    xs.into()
}

#[worker]
pub fn group_brittle<const N: usize>(
    xs: [i64; N],
    #[param] every: i64,
    #[param] at: i64,
) -> Result<i64, String> {
    batch_brittle(xs.into(), every, at)
}

#[worker]
pub fn group_sum<const N: usize>(xs: [(i64, i64); N]) -> i64 {
    batch_sum(xs.into())
}

#[worker]
pub fn group_caught<const N: usize>(xs: [Result<i64, Fault>; N]) -> i64 {
    batch_caught(xs.into())
}

#[worker]
pub fn regroup<const N: usize, const M: usize>(xs: [i64; N]) -> [i64; M] {
    many(total_of(&xs))
}

#[worker]
pub fn batch(xs: Vec<i64>) -> i64 {
    total_of(&xs)
}

#[worker]
pub fn batch_list(xs: Vec<i64>) -> Vec<i64> {
    xs
}

#[worker]
pub fn batch_brittle(xs: Vec<i64>, #[param] every: i64, #[param] at: i64) -> Result<i64, String> {
    check(total_of(&xs), every, at)
}

#[worker]
pub fn batch_sum(xs: Vec<(i64, i64)>) -> i64 {
    total_of(&sums(&xs))
}

pub fn sums(xs: &[(i64, i64)]) -> Vec<i64> {
    xs.iter().map(|&(x, y)| sum(x, y)).collect()
}

#[worker]
pub fn batch_caught(xs: Vec<Result<i64, Fault>>) -> i64 {
    let xs: Vec<i64> = xs.into_iter().map(caught).collect();
    total_of(&xs)
}

#[worker]
pub fn batch_many<const M: usize>(xs: Vec<i64>) -> [i64; M] {
    many(total_of(&xs))
}

#[worker]
pub fn batch_keep(xs: Vec<i64>, #[param] every: i64, #[param] at: i64) -> Option<i64> {
    keep(total_of(&xs), every, at)
}

#[worker]
pub fn batch_spread(xs: Vec<i64>) -> Vec<i64> {
    spread(total_of(&xs))
}

#[worker]
pub fn running_batch(state: &mut i64, xs: Vec<i64>) -> i64 {
    running(state, total_of(&xs))
}

#[worker]
pub fn gather_batch(state: &mut i64, xs: Vec<i64>) {
    running_batch(state, xs);
}

#[worker]
pub fn running_many<const N: usize>(state: &mut i64, x: i64) -> [i64; N] {
    many(running(state, x))
}

// ---------------------------------------------------------------- any number of items of one

#[worker]
pub fn spread(x: i64) -> Vec<i64> {
    many_of(x, x.rem_euclid(4) as usize)
}

#[worker]
pub fn spread_brittle(x: i64, #[param] every: i64, #[param] at: i64) -> Result<Vec<i64>, String> {
    Ok(spread(check(x, every, at)?))
}

#[worker]
pub fn spread_fragile(x: i64, #[param] every: i64, #[param] at: i64) -> Vec<i64> {
    spread(survive(x, every, at))
}

#[worker]
pub fn spread_sum(x: i64, y: i64) -> Vec<i64> {
    spread(sum(x, y))
}

#[worker]
pub fn climb(x: i64) -> Range<i64> {
    x..x + x.rem_euclid(3)
}

#[worker]
pub fn unpack(xs: Vec<i64>) -> Vec<i64> {
    xs
}

#[worker]
pub fn running_spread(state: &mut i64, x: i64) -> Vec<i64> {
    spread(running(state, x))
}

// ---------------------------------------------------------------- routes and sinks

#[worker]
pub fn sort(x: i64) -> Sort {
    let left = x / 3;
    match x.rem_euclid(4) {
        0 => Sort::Nothing,
        1 => Sort::Small(left),
        2 => Sort::Wide { left, right: -x },
        _ => Sort::Both(x, left),
    }
}

#[worker]
pub fn sort_brittle(x: i64, #[param] every: i64, #[param] at: i64) -> Result<Sort, String> {
    Ok(sort(check(x, every, at)?))
}

#[worker]
pub fn perhaps(x: i64) -> Option<i64> {
    (x.rem_euclid(3) != 1).then_some(small(x * 5))
}

#[worker]
pub fn put(x: i64, #[param] to: &Mutex<Vec<i64>>) {
    to.lock().expect("no call panics with it").push(x);
}
