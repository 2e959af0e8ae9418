//! Counts of values in bins of equal width.

use std::fmt;

#[derive(Clone, Debug)]
pub struct Histogram {
    width: usize,
    bins: Vec<u64>,
}

const BAR: usize = 40;
const MOST_LINES: usize = 12;

impl Histogram {
    pub fn of_width(width: usize) -> Self {
        Self {
            width,
            bins: Vec::new(),
        }
    }

    pub fn add(&mut self, value: usize) {
        let bin = value / self.width;
        if bin >= self.bins.len() {
            self.bins.resize(bin + 1, 0);
        }
        self.bins[bin] += 1;
    }

    /// The first value and the count of each bin that is not empty.
    pub fn counts(&self) -> impl Iterator<Item = (usize, u64)> {
        let starts = (0..).step_by(self.width);
        starts
            .zip(self.bins.iter().copied())
            .filter(|&(_, count)| count > 0)
    }

    /// The bins from the first that is not empty, joined in twos until they are few enough to print.
    fn condensed(&self) -> Self {
        let (first, bins) = (self.first_bin(), self.bins.len());
        if bins - first <= MOST_LINES {
            return self.clone();
        }
        let joined = Self {
            width: 2 * self.width,
            bins: self.bins.chunks(2).map(|pair| pair.iter().sum()).collect(),
        };
        joined.condensed()
    }

    fn first_bin(&self) -> usize {
        self.bins.iter().take_while(|&&count| count == 0).count()
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let condensed = self.condensed();
        let Self { width, bins } = &condensed;
        let most = bins.iter().copied().max().unwrap_or(1);
        for (bin, &count) in bins.iter().enumerate().skip(condensed.first_bin()) {
            let (from, to) = (bin * width, (bin + 1) * width - 1);
            let bar = "█".repeat(bar_length(count, most));
            writeln!(f, "{from:>7} –{to:>7} {count:>12}  {bar}")?;
        }
        Ok(())
    }
}

/// What is not nothing shows.
fn bar_length(count: u64, most: u64) -> usize {
    let length = (u128::from(count) * BAR as u128).div_ceil(u128::from(most));
    usize::try_from(length).unwrap_or(BAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(width: usize, values: impl IntoIterator<Item = usize>) -> Histogram {
        let mut histogram = Histogram::of_width(width);
        values.into_iter().for_each(|value| histogram.add(value));
        histogram
    }

    #[test]
    fn values_fall_into_bins() {
        let counts: Vec<_> = histogram(10, [0, 9, 10, 35]).counts().collect();
        assert_eq!(counts, [(0, 2), (10, 1), (30, 1)]);
    }

    #[test]
    fn many_bins_are_printed_as_few() {
        let printed = histogram(1, 100..150).to_string();
        assert_eq!(printed.lines().count(), 7, "{printed}");
        assert!(
            printed.starts_with("     96 –    103            4"),
            "{printed}"
        );
    }

    #[test]
    fn nothing_prints_as_nothing() {
        assert_eq!(histogram(10, []).to_string(), "");
    }
}
