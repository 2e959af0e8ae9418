//! Which streams may be joined by position: lineages, and rates as balance equations.

/// Where the slots of a stream come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lineage {
    Input(usize),
    /// Behind a `.flat()`, a `.fold()` and the like.
    New(usize),
}

/// A positive fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub num: u64,
    pub den: u64,
}

impl Rate {
    pub const ONE: Rate = Rate { num: 1, den: 1 };

    pub fn new(num: u64, den: u64) -> Rate {
        let by = common(num, den);
        Rate {
            num: num / by,
            den: den / by,
        }
    }

    pub fn times(self, other: Rate) -> Rate {
        Rate::new(self.num * other.num, self.den * other.den)
    }

    pub fn over(self, other: Rate) -> Rate {
        Rate::new(self.num * other.den, self.den * other.num)
    }
}

fn common(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common(b, a % b) }
}

/// How the inputs that are joined depend on each other.
#[derive(Debug, Clone)]
pub struct Balance {
    /// For each input the first one that it is joined with, and how many items it gives for one of that.
    inputs: Vec<(usize, Rate)>,
    lineages: usize,
    /// Inputs that must never be joined.
    apart: Vec<(usize, usize)>,
    /// Inputs that are joined may give different numbers of items.
    uneven: bool,
}

impl Balance {
    pub fn new(inputs: usize, uneven: bool) -> Balance {
        Balance {
            inputs: (0..inputs).map(|input| (input, Rate::ONE)).collect(),
            lineages: 0,
            apart: Vec::new(),
            uneven,
        }
    }

    pub fn lineage(&mut self) -> Lineage {
        self.lineages += 1;
        Lineage::New(self.lineages)
    }

    /// A stream's lineage as that of a first input, and its rate by that input's items.
    fn canonical(&self, (lineage, rate): (Lineage, Rate)) -> (Lineage, Rate) {
        match lineage {
            Lineage::Input(input) => {
                let (first, weight) = self.inputs[input];
                (Lineage::Input(first), rate.times(weight))
            }
            Lineage::New(_) => (lineage, rate),
        }
    }

    /// How many slots of `b` come for one of `a`, if they have one lineage.
    pub fn ratio(&self, a: (Lineage, Rate), b: (Lineage, Rate)) -> Option<Rate> {
        let (a, b) = (self.canonical(a), self.canonical(b));
        (a.0 == b.0).then(|| b.1.over(a.1))
    }

    pub fn may_join(&self, a: (Lineage, Rate), b: (Lineage, Rate)) -> bool {
        self.clone().join(a, b)
    }

    /// Joins two streams, if they may be joined.
    pub fn join(&mut self, a: (Lineage, Rate), b: (Lineage, Rate)) -> bool {
        let (a, b) = (self.canonical(a), self.canonical(b));
        if a.0 == b.0 {
            return a.1 == b.1;
        }
        let (Lineage::Input(to), Lineage::Input(from)) = (a.0, b.0) else {
            return false;
        };
        let meets = |&(x, y): &(usize, usize)| {
            let (x, y) = (self.inputs[x].0, self.inputs[y].0);
            (x, y) == (to, from) || (y, x) == (to, from)
        };
        if self.apart.iter().any(meets) {
            return false;
        }
        let factor = a.1.over(b.1);
        if factor != Rate::ONE && (!self.uneven || factor.num.max(factor.den) > 4) {
            return false;
        }
        for (first, weight) in &mut self.inputs {
            if *first == from {
                *first = to;
                *weight = weight.times(factor);
            }
        }
        true
    }

    /// The smallest numbers of items of each input that go together.
    pub fn round(&self) -> Vec<u64> {
        let mut all = Vec::new();
        for &(first, weight) in &self.inputs {
            let group = self.inputs.iter().filter(|(other, _)| *other == first);
            let scale = group.fold(1, |lcm, (_, weight)| {
                lcm * weight.den / common(lcm, weight.den)
            });
            all.push(weight.num * scale / weight.den);
        }
        all
    }

    /// Refuses to join these inputs from now on.
    pub fn keep_apart(&mut self, a: usize, b: usize) {
        self.apart.push((a, b));
    }

    /// Whether two inputs are joined.
    pub fn joined(&self, a: usize, b: usize) -> bool {
        self.inputs[a].0 == self.inputs[b].0
    }
}
