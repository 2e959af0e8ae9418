//! How much of everything there was.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Counts by what is counted, in an order for reading.
#[derive(Debug, Default)]
pub struct Counts(Mutex<BTreeMap<(usize, String), u64>>);

/// What is counted, in the order that it is told in; what is not among these comes last.
const ORDER: &[&str] = &[
    "rounds",
    "runs",
    "pipelines",
    "items",
    "calls",
    "values",
    "faults",
    "timeouts",
    "abandoned",
    "late",
    "pauses",
    "stops",
    "cancels",
    "drops",
    "outputs dropped",
    "forgotten",
    "joins",
    "waits",
    "reader panics",
    "in place",
    "on pools",
];

impl Counts {
    pub fn add(&self, what: &str, n: u64) {
        if n > 0 {
            let place = ORDER.iter().position(|known| what.starts_with(known));
            let key = (place.unwrap_or(ORDER.len()), what.to_owned());
            *self.lock().entry(key).or_default() += n;
        }
    }

    pub fn of(&self, what: &str) -> u64 {
        self.lock()
            .iter()
            .filter(|((_, known), _)| known == what)
            .map(|(_, n)| n)
            .sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(usize, String), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for ((_, what), n) in &*self.lock() {
            writeln!(f, "{n:>12} {what}")?;
        }
        Ok(())
    }
}

/// What went wrong, all in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wrongs {
    pub lost: u64,
    pub doubled: u64,
    pub disordered: u64,
    pub hangs: u64,
    pub leaks: u64,
}

impl Wrongs {
    pub fn any(self) -> bool {
        self != Wrongs::default()
    }

    pub fn and(self, other: Wrongs) -> Wrongs {
        Wrongs {
            lost: self.lost + other.lost,
            doubled: self.doubled + other.doubled,
            disordered: self.disordered + other.disordered,
            hangs: self.hangs + other.hangs,
            leaks: self.leaks + other.leaks,
        }
    }
}

impl fmt::Display for Wrongs {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Wrongs {
            lost,
            doubled,
            disordered,
            hangs,
            leaks,
        } = self;
        write!(
            f,
            "lost {lost} doubled {doubled} disordered {disordered} hangs {hangs} leaks {leaks}"
        )
    }
}
