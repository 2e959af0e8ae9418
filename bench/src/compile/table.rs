//! What the times say: for each node, and whether they grow as the nodes do.

use std::fmt::{self, Display, Write};

use super::crates::Mode;
use super::programs::Shape;

/// The times of one shape, by size.
#[derive(Debug)]
pub struct Growth {
    pub shape: Shape,
    pub mode: Mode,
    /// Size, nodes, and milliseconds beyond what the smallest program takes: with papy, and by hand.
    pub sizes: Vec<Size>,
}

#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub nodes: usize,
    /// Milliseconds beyond a program with nothing in it.
    pub papy: f64,
    /// The same functions called by hand; 0 where there is nothing to compare with.
    pub hand: f64,
}

impl Size {
    /// What papy adds.
    fn beyond(self) -> f64 {
        self.papy - self.hand
    }
}

/// A step from one size to the next may cost so many times as much for each node as the smallest step: what is quadratic
/// would cost several times as much.
const MAY_GROW: f64 = 2.0;

impl Growth {
    /// Milliseconds for each node between two sizes.
    fn steps(&self) -> Vec<f64> {
        let pairs = self.sizes.windows(2);
        pairs
            .map(|pair| {
                let nodes = (pair[1].nodes - pair[0].nodes) as f64;
                (pair[1].beyond() - pair[0].beyond()) / nodes
            })
            .collect()
    }

    /// How much more the nodes of the last step cost than those of the first.
    #[must_use]
    pub fn growth(&self) -> f64 {
        let steps = self.steps();
        match (steps.first(), steps.last()) {
            // below a hundredth of a millisecond it is what clocks do
            (Some(first), Some(last)) => last / first.max(0.01),
            _ => 1.0,
        }
    }

    #[must_use]
    pub fn is_linear(&self) -> bool {
        self.growth() <= MAY_GROW
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> String {
        let sizes: Vec<String> = self
            .sizes
            .iter()
            .map(|size| {
                let Size { nodes, papy, hand } = size;
                format!(r#"{{"size":{nodes},"papy_ms":{papy:.1},"hand_ms":{hand:.1}}}"#)
            })
            .collect();
        format!(
            r#"{{"shape":"{}","mode":"{}","growth":{:.2},"linear":{},"sizes":[{}]}}"#,
            self.shape,
            self.mode,
            self.growth(),
            self.is_linear(),
            sizes.join(",")
        )
    }
}

impl Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = format!("{} {}", self.mode, self.shape);
        writeln!(
            f,
            "{head:16} {:>10} {:>10} {:>10} {:>12}",
            "papy ms", "by hand", "ms each", "ms each more"
        )?;
        let mut steps = self.steps().into_iter();
        let mut more = String::new();
        for size in &self.sizes {
            let each = size.beyond() / size.nodes.max(1) as f64;
            writeln!(
                f,
                "{:16} {:>10.0} {:>10.0} {each:>10.2} {more:>12}",
                size.nodes, size.papy, size.hand
            )?;
            more.clear();
            if let Some(step) = steps.next() {
                write!(more, "{step:.2}")?;
            }
        }
        let verdict = if self.is_linear() {
            "linear"
        } else {
            "more than linear"
        };
        writeln!(
            f,
            "  {verdict}: the last cost {:.2} of the first",
            self.growth()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(times: [(usize, f64); 3]) -> Growth {
        let size = |(nodes, papy)| Size {
            nodes,
            papy,
            hand: 0.0,
        };
        Growth {
            shape: Shape::Chain,
            mode: Mode::Check,
            sizes: times.map(size).to_vec(),
        }
    }

    #[test]
    fn a_constant_is_no_growth() {
        let linear = growth([(10, 1010.0), (100, 1100.0), (400, 1400.0)]);
        assert!(linear.is_linear());
        assert!((linear.growth() - 1.0).abs() < 1e-9);
        assert!(linear.to_string().contains("  linear: "));
    }

    #[test]
    fn squares_are() {
        let squares = growth([(10, 1.0), (100, 100.0), (400, 1600.0)]);
        assert!(!squares.is_linear());
        assert!(squares.to_string().contains("more than linear"));
    }
}
