//! How many slots of one stream go with how many of another.

/// A positive fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// What is counted.
    pub num: u64,
    /// For so many of the other.
    pub den: u64,
}

impl Ratio {
    /// One for one.
    pub const ONE: Ratio = Ratio { num: 1, den: 1 };

    /// `num` for `den`, reduced. Neither may be 0.
    #[must_use]
    pub const fn new(num: u64, den: u64) -> Ratio {
        let common = gcd(num, den);
        Ratio {
            num: num / common,
            den: den / common,
        }
    }

    /// The product.
    #[must_use]
    pub const fn times(self, other: Ratio) -> Ratio {
        // across first, so that products stay as small as they can be
        let (a, b) = (
            Ratio::new(self.num, other.den),
            Ratio::new(other.num, self.den),
        );
        Ratio::new(a.num.saturating_mul(b.num), a.den.saturating_mul(b.den))
    }

    /// The quotient.
    #[must_use]
    pub const fn over(self, other: Ratio) -> Ratio {
        self.times(Ratio {
            num: other.den,
            den: other.num,
        })
    }

    /// Whether they are the same.
    #[must_use]
    pub const fn is(self, other: Ratio) -> bool {
        self.num == other.num && self.den == other.den
    }

    /// So many of these, rounded down.
    pub(crate) fn floor_of(self, n: u64) -> u64 {
        if self.den == 1 {
            n * self.num
        } else {
            (u128::from(n) * u128::from(self.num) / u128::from(self.den)) as u64
        }
    }
}

/// The greatest common divisor.
#[must_use]
pub const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The least common multiple.
#[must_use]
pub const fn lcm(a: u64, b: u64) -> u64 {
    (a / gcd(a, b)).saturating_mul(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_stay_in_lowest_terms() {
        let two_thirds = Ratio::new(4, 6);
        assert_eq!(two_thirds, Ratio { num: 2, den: 3 });
        assert_eq!(two_thirds.times(Ratio::new(3, 2)), Ratio::ONE);
        assert_eq!(two_thirds.over(Ratio::new(2, 9)), Ratio::new(3, 1));
        assert_eq!(two_thirds.floor_of(5), 3);
        assert_eq!(lcm(4, 6), 12);
    }
}
