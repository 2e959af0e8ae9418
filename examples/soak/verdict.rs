//! Whether what came out is what should have.

use std::collections::BTreeMap;

use crate::catalogue::Order;
use crate::counts::Wrongs;
use crate::told::Told;

/// What is wrong with one run, in numbers and in words.
#[derive(Debug, Default)]
pub struct Verdict {
    pub wrongs: Wrongs,
    pub words: Vec<String>,
}

/// How much of the results there must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    Whole,
    /// The first ones.
    Beginning,
}

impl Verdict {
    /// Compares the results of an output.
    pub fn compare(
        &mut self,
        name: &str,
        got: &[Told],
        want: &[Told],
        order: Order,
        extent: Extent,
    ) {
        let in_order = match extent {
            Extent::Whole => got == want,
            Extent::Beginning => want.starts_with(got),
        };
        if order == Order::Kept && in_order {
            return;
        }
        let mut counts: BTreeMap<&Told, i64> = BTreeMap::new();
        for told in want {
            *counts.entry(told).or_default() += 1;
        }
        for told in got {
            *counts.entry(told).or_default() -= 1;
        }
        let lost: i64 = counts.values().filter(|n| **n > 0).sum();
        let doubled: i64 = -counts.values().filter(|n| **n < 0).sum::<i64>();
        let lost = match extent {
            Extent::Whole => lost,
            // of the first ones, none may be left out
            Extent::Beginning if order == Order::Kept && doubled == 0 => gaps(got, want),
            Extent::Beginning => 0,
        };
        let disordered = u64::from(order == Order::Kept && lost == 0 && doubled == 0);
        if lost > 0 || doubled > 0 || disordered > 0 {
            self.wrongs.lost += lost as u64;
            self.wrongs.doubled += doubled as u64;
            self.wrongs.disordered += disordered;
            self.words.push(format!(
                "{name}: lost {lost}, doubled or strange {doubled}, {extent:?}\n{}",
                difference(got, want)
            ));
        }
    }

    /// Compares what must be the same.
    pub fn same<T: PartialEq + std::fmt::Debug>(&mut self, name: &str, got: &T, want: &T) {
        if got != want {
            self.wrongs.lost += 1;
            self.words
                .push(format!("{name}: {got:?}, where it should be {want:?}"));
        }
    }

    /// What is left over.
    pub fn leak(&mut self, n: u64, words: String) {
        self.wrongs.leaks += n;
        self.words.push(words);
    }

    /// What must not be at all.
    pub fn wrong(&mut self, words: String) {
        self.wrongs.lost += 1;
        self.words.push(words);
    }
}

/// How many of the wanted were left out before the last that was got, where those that were got are in order.
fn gaps(got: &[Told], want: &[Told]) -> i64 {
    let mut rest = want.iter();
    let mut gaps = 0;
    for told in got {
        match rest.position(|wanted| wanted == told) {
            Some(at) => gaps += at as i64,
            None => return 0,
        }
    }
    gaps
}

/// Where two lists part.
fn difference(got: &[Told], want: &[Told]) -> String {
    let at = got
        .iter()
        .zip(want)
        .take_while(|(got, want)| got == want)
        .count();
    let around = |told: &[Told]| format!("{:?}", &told[at..told.len().min(at + 4)]);
    format!(
        "  from {at} on, of {} and {}\n  got {}\n  not {}",
        got.len(),
        want.len(),
        around(got),
        around(want)
    )
}
