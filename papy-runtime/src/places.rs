//! Where the slots of a stride come from: their positions in the input.

use crate::ratio::Ratio;

/// The source position of each slot of a stride.
#[derive(Debug, Clone)]
pub(crate) enum Places {
    /// Slots number `first` and on, so many for each source item.
    Even { first: u64, rate: Ratio },
    /// From each of these slots on, up to the next, the source item at that position.
    Runs(Vec<(usize, u64)>),
}

impl Places {
    /// One slot for each item, from the item at `first` on.
    pub(crate) fn from(first: u64) -> Places {
        Places::Even {
            first,
            rate: Ratio::ONE,
        }
    }

    /// The source position of slot `at`.
    pub(crate) fn at(&self, at: usize) -> u64 {
        match self {
            Places::Even { first, rate } if *rate == Ratio::ONE => first + at as u64,
            Places::Even { first, rate } => Ratio {
                num: rate.den,
                den: rate.num,
            }
            .floor_of(first + at as u64),
            Places::Runs(runs) => {
                let run = runs.partition_point(|(from, _)| *from <= at);
                run.checked_sub(1).map_or(0, |run| runs[run].1)
            }
        }
    }

    /// The places of rounds of `each` slots.
    pub(crate) fn rounds(self, each: usize) -> Places {
        match self {
            places if each == 1 => places,
            Places::Even { first, rate } => Places::Even {
                first: first / each as u64,
                rate: rate.over(Ratio::new(each as u64, 1)),
            },
            Places::Runs(mut runs) => {
                for (from, _) in &mut runs {
                    *from = from.div_ceil(each);
                }
                Places::Runs(runs)
            }
        }
    }

    /// The places of `each` slots for every one.
    pub(crate) fn times(&self, each: usize) -> Places {
        match self {
            places if each == 1 => places.clone(),
            Places::Even { first, rate } => Places::Even {
                first: first * each as u64,
                rate: rate.times(Ratio::new(each as u64, 1)),
            },
            Places::Runs(runs) => {
                Places::Runs(runs.iter().map(|(from, at)| (from * each, *at)).collect())
            }
        }
    }
}

/// Positions that are written down one by one.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    runs: Vec<(usize, u64)>,
    len: usize,
}

impl Trail {
    /// The next slot comes from `position`.
    pub(crate) fn push(&mut self, position: u64) {
        self.extend(position, 1);
    }

    /// The next so many slots come from `position`.
    pub(crate) fn extend(&mut self, position: u64, slots: usize) {
        if slots > 0 && self.runs.last().is_none_or(|(_, last)| *last != position) {
            self.runs.push((self.len, position));
        }
        self.len += slots;
    }

    /// The last position.
    pub(crate) fn last(&self) -> Option<u64> {
        self.runs.last().map(|(_, position)| *position)
    }

    /// The places, or `none` where there are none.
    pub(crate) fn places(self, none: Places) -> Places {
        if self.len == 0 {
            none
        } else {
            Places::Runs(self.runs)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_places_follow_the_rate() {
        let places = Places::from(10).times(3);
        assert_eq!([0, 1, 2, 3].map(|at| places.at(at)), [10, 10, 10, 11]);
        let pairs = places.rounds(2);
        assert_eq!([0, 1, 2, 3].map(|at| pairs.at(at)), [10, 10, 11, 12]);
    }

    #[test]
    fn trails_keep_runs() {
        let mut trail = Trail::default();
        for position in [7, 7, 9, 9, 9, 4] {
            trail.push(position);
        }
        let places = trail.places(Places::from(0));
        assert_eq!([0, 1, 2, 4, 5].map(|at| places.at(at)), [7, 7, 9, 9, 4]);
        assert_eq!(places.times(2).at(3), 7);
    }
}
