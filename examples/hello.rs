//! The first program of the README.

use papy::prelude::*;

#[worker]
fn parse(line: &str) -> Result<f64, std::num::ParseFloatError> {
    line.parse()
}

#[worker]
fn square(x: f64) -> f64 {
    x * x
}

#[worker]
fn row(x: f64, squared: f64) -> String {
    format!("{x} squared is {squared}")
}

#[worker]
fn sum(total: &mut f64, x: f64) {
    *total += x;
}

pipeline! {
    /// Squares numbers, and adds the squares up.
    fn squares(lines: Stream<&'static str>) -> (Stream<String>, Stream<f64>) {
        let numbers = lines >> parse;
        let squared = numbers >> square;
        let rows = (numbers, squared) >> row;
        let total = squared >> sum.fold();
        (rows, total)
    }
}

fn main() -> Result<(), papy::StartError> {
    let mut run = squares(["2", "three", "4"]).start()?;
    for row in &mut run.rows {
        match row {
            Ok(row) => println!("{row}"),
            Err(fault) => println!("{fault}"),
        }
    }
    for total in run.total.flatten() {
        println!("together {total}");
    }
    Ok(())
}
