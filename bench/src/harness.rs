//! How it is measured: the candidates of a workload take turns, and each is compared with the loop of its own round.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

/// A way to do a workload: takes the number of items, gives a checksum of the results.
type Work = Box<dyn FnMut(u64) -> u64>;

/// Something to do, and the ways to do it. The first is what the others are compared with.
pub struct Workload {
    pub name: &'static str,
    pub title: &'static str,
    /// What is counted: `item`, or `run`.
    pub unit: &'static str,
    items: u64,
    most_rounds: usize,
    candidates: Vec<Candidate>,
}

struct Candidate {
    name: &'static str,
    items: u64,
    work: Work,
}

impl Workload {
    /// A workload of `items` items, one at least, and the plain way to do it.
    pub fn new(
        name: &'static str,
        title: &'static str,
        items: u64,
        plain: impl FnMut(u64) -> u64 + 'static,
    ) -> Workload {
        let workload = Workload {
            name,
            title,
            unit: "item",
            items: items.max(1),
            most_rounds: usize::MAX,
            candidates: Vec::new(),
        };
        workload.way("plain loop", plain)
    }

    /// What is counted, where it is not items, and what the first candidate is then.
    #[must_use]
    pub fn counting(mut self, unit: &'static str, plain: &'static str) -> Workload {
        self.unit = unit;
        self.candidates[0].name = plain;
        self
    }

    /// No more rounds than this: a single one takes long.
    #[must_use]
    pub fn at_most(mut self, rounds: usize) -> Workload {
        self.most_rounds = rounds;
        self
    }

    /// Another way.
    #[must_use]
    pub fn way(self, name: &'static str, work: impl FnMut(u64) -> u64 + 'static) -> Workload {
        self.way_with_fewer(1, name, work)
    }

    /// Another way, for a `part`th of the items: it is slow, or keeps them all.
    #[must_use]
    pub fn way_with_fewer(
        mut self,
        part: u64,
        name: &'static str,
        work: impl FnMut(u64) -> u64 + 'static,
    ) -> Workload {
        self.candidates.push(Candidate {
            name,
            items: (self.items / part).max(1),
            work: Box::new(work),
        });
        self
    }

    /// Measures every candidate once in each round, in turn.
    ///
    /// # Panics
    ///
    /// When a candidate gives another checksum than the plain way does.
    #[must_use]
    pub fn measure(mut self, rounds: usize) -> Measured {
        let plain = &mut self.candidates[0].work;
        let mut expected = BTreeMap::new();
        // also takes away the cost of a first time
        expected.insert(self.items, plain(self.items));
        for candidate in &mut self.candidates[1..] {
            let few = (candidate.items / 20).max(1);
            black_box((candidate.work)(few));
        }
        let (first, others) = self.candidates.split_at_mut(1);
        for candidate in others {
            let items = candidate.items;
            expected
                .entry(items)
                .or_insert_with(|| (first[0].work)(items));
        }
        let mut times = vec![Vec::new(); self.candidates.len()];
        for _ in 0..rounds.min(self.most_rounds) {
            for (candidate, times) in self.candidates.iter_mut().zip(&mut times) {
                let began = Instant::now();
                let sum = black_box((candidate.work)(black_box(candidate.items)));
                let nanoseconds = began.elapsed().as_nanos() as f64;
                assert_eq!(
                    sum, expected[&candidate.items],
                    "{}: {} gives something else",
                    self.name, candidate.name
                );
                times.push(nanoseconds / candidate.items as f64);
            }
        }
        let ways = self.candidates.iter().zip(&times);
        let ways = ways.map(|(candidate, own)| MeasuredWay {
            name: candidate.name,
            items: candidate.items,
            nanoseconds: Spread::of(own.clone()),
            ratio: Spread::of(own.iter().zip(&times[0]).map(|(t, of)| t / of).collect()),
        });
        Measured {
            name: self.name,
            title: self.title,
            unit: self.unit,
            ways: ways.collect(),
        }
    }
}

/// What came out of a workload.
#[derive(Debug)]
pub struct Measured {
    pub name: &'static str,
    pub title: &'static str,
    pub unit: &'static str,
    pub ways: Vec<MeasuredWay>,
}

impl Measured {
    /// Whether there are other libraries beside papy.
    #[must_use]
    pub fn has_others(&self) -> bool {
        let is_of_others = |way: &MeasuredWay| !matches!(way.library(), "loop" | "papy");
        self.ways.iter().any(is_of_others)
    }

    /// The fastest way of a library.
    #[must_use]
    pub fn best_of(&self, library: &str) -> Option<&MeasuredWay> {
        let ways = self.ways.iter().filter(|way| way.library() == library);
        ways.min_by(|a, b| a.ratio.median.total_cmp(&b.ratio.median))
    }
}

#[derive(Debug)]
pub struct MeasuredWay {
    pub name: &'static str,
    pub items: u64,
    /// For each item.
    pub nanoseconds: Spread,
    /// To the plain way, within a round.
    pub ratio: Spread,
}

impl MeasuredWay {
    /// Whose way it is: the first word of its name, which is `loop` where there is no library.
    #[must_use]
    pub fn library(&self) -> &'static str {
        let end = self.name.find([' ', ',']).unwrap_or(self.name.len());
        match &self.name[..end] {
            "plain" => "loop",
            library => library,
        }
    }
}

/// Some measurements of one thing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(values[middle - 1], values[middle])
        } else {
            values[middle]
        };
        Spread {
            median,
            min: values[0],
            max: values[values.len() - 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads() {
        let spread = |values: &[f64]| {
            let spread = Spread::of(values.to_vec());
            [spread.min, spread.median, spread.max]
        };
        assert_eq!(spread(&[3.0, 1.0, 2.0]), [1.0, 2.0, 3.0]);
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), [1.0, 2.5, 4.0]);
        assert_eq!(spread(&[1.0]), [1.0; 3]);
    }

    #[test]
    fn ways_with_fewer_items_are_checked_against_as_many() {
        let workload = Workload::new("W", "", 100, |n| n * n)
            .way("same", |n| n * n)
            .way_with_fewer(10, "fewer", |n| n * n);
        let measured = workload.measure(3);
        let items: Vec<_> = measured.ways.iter().map(|way| way.items).collect();
        assert_eq!(items, [100, 100, 10]);
        assert_eq!(measured.ways[0].ratio, Spread::of(vec![1.0]));
    }

    #[test]
    fn a_long_workload_has_fewer_rounds() {
        let mut calls = 0;
        let count = move |_| {
            calls += 1;
            assert!(calls <= 3, "once to warm up, and two rounds");
            0
        };
        let _ = Workload::new("W", "", 1, count).at_most(2).measure(9);
    }

    #[test]
    #[should_panic(expected = "W: wrong gives something else")]
    fn a_wrong_result_is_noticed() {
        let _ = Workload::new("W", "", 100, |n| n)
            .way("wrong", |n| n + 1)
            .measure(1);
    }
}
