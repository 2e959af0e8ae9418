#![deny(warnings)]

use papy::prelude::*;
use std::collections::HashMap;

#[worker]
fn dbl(x: u64) -> u64 {
    x * 2
}

#[worker]
fn add(x: u64, y: u64) -> u64 {
    x + y
}

#[worker]
fn len(text: String) -> usize {
    text.len()
}

#[worker]
fn odd(x: u64) -> Option<u64> {
    (x % 2 == 1).then_some(x)
}

#[worker]
fn scale(x: u64, #[param] by: u64) -> u64 {
    x * by
}

#[worker]
fn find(x: u64, #[param] table: &[u64]) -> bool {
    table.contains(&x)
}

#[worker]
fn number(n: &mut u64, x: u64) -> (u64, u64) {
    *n += 1;
    (*n, x)
}

#[worker]
fn sum(total: &mut u64, x: u64) {
    *total += x;
}

#[worker]
fn log(x: u64) {
    println!("{x}");
}

#[worker]
fn parse(line: String) -> Result<u64, std::num::ParseIntError> {
    line.parse()
}

pipeline! {
    fn numbered(xs: Stream<u64>) -> Stream<(u64, u64)> {
        xs >> number(state = 4).serial()
    }
}

pipeline! {
    fn total(xs: Stream<u64>) -> Stream<u64> {
        let total = xs >> sum.fold();
        total
    }
}

pipeline! {
    fn odds(xs: Stream<u64>) -> Stream<u64> {
        xs >> odd.filter() >> (|x| (x > 3).then_some(x)).filter()
    }
}

pipeline! {
    fn looked_up(xs: Stream<u64>, pool: Pool) -> Stream<bool> {
        let by: u64 = 3;
        let table: HashMap<_, _> = HashMap::from([(1, 2)]);
        let rows: Vec<u64> = vec![1, 2];
        let scaled = xs >> scale(by = by) >> (|x| *table.get(&x).unwrap_or(&x));
        scaled >> find(table = rows).on(&pool)
    }
}

pipeline! {
    fn sums(xs: Stream<u64>, ys: Stream<u64>) -> (Stream<u64>, Stream<u64>) {
        let a = (xs, ys) >> (|x, y| x + y);
        let b = add(xs, ys) >> dbl();
        (a, b)
    }
}

pipeline! {
    fn apart(mut pairs: Stream<(u64, u64)>) -> Stream<u64> {
        let (mut x, _) = pairs;
        x >> dbl
    }
}

pipeline! {
    fn logged(xs: Stream<u64>) {
        xs >> log;
        let _ = xs >> dbl;
    }
}

pipeline! {
    fn last_line_is_a_sink(xs: Stream<u64>) {
        xs >> log
    }
}

pipeline! {
    fn numbers(lines: Stream<String>) -> (Stream<u64>, Stream<usize>) {
        let parsed: Stream<u64> = lines >> parse;
        let lengths = lines >> len;
        (parsed, lengths)
    }
}

pipeline! {
    fn fallible(lines: Stream<String>) -> Stream<u64> {
        lines >> (|line| line.parse::<u64>()).fallible()
    }
}

fn main() {
    assert_eq!(numbered([7]).collect().len(), 1);
    assert_eq!(*total([7, 8]).collect()[0].as_ref().unwrap(), 15);
    odds([7]).run();
    looked_up([1], Pool::inline()).run();
    sums([1], [2]).run();
    apart([(1, 2)]).run();
    logged([1]).run();
    last_line_is_a_sink([1]).run();
    numbers(["1".to_owned()]).run();
    fallible(["1".to_owned()]).run();
    log(sum_of_nothing());
}

fn sum_of_nothing() -> u64 {
    let mut total = 0;
    sum(&mut total, 1);
    total + dbl(add(1, scale(2, 3))) + number(&mut 0, 1).1 + u64::from(find(1, &[1])) + odd(1).unwrap_or(0)
        + parse("1".to_owned()).unwrap_or(0) + len(String::new()) as u64
}
