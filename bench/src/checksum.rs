//! The serial sink of every workload.

/// What counts of a result.
pub trait Digest {
    fn digest(&self) -> u64;
}

impl Digest for u64 {
    #[inline]
    fn digest(&self) -> u64 {
        *self
    }
}

/// A hash of bytes, eight at a time.
impl Digest for Vec<u8> {
    fn digest(&self) -> u64 {
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(FACTOR).rotate_left(29);
        let (words, rest) = self.as_chunks::<8>();
        let words = words.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let rest = rest.iter().map(|byte| u64::from(*byte));
        words.chain(rest).fold(self.len() as u64, mix)
    }
}

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
    pub fn add_result<T: Digest, E>(&mut self, result: Result<T, E>) {
        self.add(result.map_or(Self::FAULT, |item| item.digest()));
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

impl<T: Digest> FromIterator<T> for Checksum {
    #[inline]
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Checksum {
        let mut sum = Checksum::default();
        for item in items {
            sum.add(item.digest());
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
    fn every_byte_counts() {
        let bytes: Vec<u8> = (0..19).collect();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] += 1;
            assert_ne!(bytes.digest(), other.digest(), "{at}");
        }
        assert_ne!(vec![0].digest(), vec![0, 0].digest());
    }

    #[test]
    fn two_parts_make_one() {
        for length in [0, 1, 63, 64, 100, 1000] {
            let (first, rest) = ((7..57).collect::<Checksum>(), (57..57 + length).collect());
            assert_eq!(first.then(rest, length), (7..57 + length).collect());
        }
    }
}
