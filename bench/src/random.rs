//! Numbers that look random, and are the same in every run.

/// A generator of 64 bits of state (SplitMix64).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// One of some things; the first ones are chosen more often.
    pub fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let limit = things.len() as u64;
        let highest = self.below(limit) + 1;
        &things[self.below(highest) as usize]
    }
}
