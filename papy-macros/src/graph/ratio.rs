//! How many slots of one stream go with how many of another.

/// A positive fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    pub num: u64,
    pub den: u64,
}

impl Ratio {
    pub const ONE: Ratio = Ratio { num: 1, den: 1 };

    /// `num` for `den`, reduced. Neither may be 0.
    pub fn new(num: u64, den: u64) -> Ratio {
        let common = gcd(num, den);
        Ratio {
            num: num / common,
            den: den / common,
        }
    }

    pub fn whole(n: u64) -> Ratio {
        Ratio { num: n, den: 1 }
    }

    pub fn times(self, other: Ratio) -> Ratio {
        // across first, so that products stay as small as they can be
        let (a, b) = (
            Ratio::new(self.num, other.den),
            Ratio::new(other.num, self.den),
        );
        Ratio::new(a.num.saturating_mul(b.num), a.den.saturating_mul(b.den))
    }

    pub fn over(self, other: Ratio) -> Ratio {
        self.times(Ratio {
            num: other.den,
            den: other.num,
        })
    }
}

pub fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

pub fn lcm(a: u64, b: u64) -> u64 {
    (a / gcd(a, b)).saturating_mul(b)
}
