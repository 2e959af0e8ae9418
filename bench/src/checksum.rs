//! The serial sink of every workload.

/// A checksum that depends on the order of its items.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Checksum(u64);

impl Checksum {
    const TURN: u32 = 5;
    /// What a fault counts as.
    const FAULT: u64 = 0xFA17_FA17_FA17_FA17;

    #[inline]
    pub fn add(&mut self, item: u64) {
        self.0 = self.0.rotate_left(Self::TURN) ^ item;
    }

    #[inline]
    pub fn add_result<E>(&mut self, result: Result<u64, E>) {
        self.add(result.unwrap_or(Self::FAULT));
    }

    /// The checksum of `self`'s items and then `length` more, of which `rest` is the checksum.
    #[must_use]
    pub fn then(self, rest: Checksum, length: u64) -> Checksum {
        let turns = (length % 64) as u32 * Self::TURN % 64;
        Checksum(self.0.rotate_left(turns) ^ rest.0)
    }

    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}

impl FromIterator<u64> for Checksum {
    #[inline]
    fn from_iter<I: IntoIterator<Item = u64>>(items: I) -> Checksum {
        let mut sum = Checksum::default();
        for item in items {
            sum.add(item);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_counts() {
        let sum = |items: &[u64]| items.iter().copied().collect::<Checksum>();
        assert_ne!(sum(&[1, 2]), sum(&[2, 1]));
        assert_ne!(sum(&[1]), sum(&[1, 0]));
    }

    #[test]
    fn two_parts_make_one() {
        for length in [0, 1, 63, 64, 100, 1000] {
            let (first, rest) = ((7..57).collect::<Checksum>(), (57..57 + length).collect());
            assert_eq!(first.then(rest, length), (7..57 + length).collect());
        }
    }
}
