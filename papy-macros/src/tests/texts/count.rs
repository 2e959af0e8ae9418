//! What a stream is counted in, so that joins can mostly be of streams that agree.

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub root: usize,
    pub times: usize,
    pub over: usize,
    pub holes: bool,
}

impl Count {
    pub fn times(self, n: usize) -> Count {
        let (times, over) = (self.times.saturating_mul(n), self.over);
        let (mut a, mut b) = (times, over);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        Count {
            times: times / a,
            over: over / a,
            ..self
        }
    }

    pub fn over(self, n: usize) -> Count {
        let turned = Count {
            times: self.over,
            over: self.times,
            ..self
        };
        let turned = turned.times(n);
        Count {
            times: turned.over,
            over: turned.times,
            ..self
        }
    }

    pub fn agrees(self, other: Count) -> bool {
        (self.root, self.times, self.over) == (other.root, other.times, other.over)
    }
}
