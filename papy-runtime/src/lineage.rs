//! What is known of a stream when a run is wired: which slots it has, and how they stand to those of other streams.
//!
//! The slots of a stream are counted from a *root*: an input, or a place where counting begins anew (`.fold()`,
//! `.flat()`, a group of what may have holes). The *rate* says how many slots there are for each of the root. The rates
//! of roots that meet are settled here, as the macro has checked that they can be.
//!
//! Streams *in phase* hold as many slots as each other in every wave, up to a factor, so they can be joined wave by
//! wave. Grouping puts a stream out of phase: what is short of a group waits for the next wave.

use crate::ratio::Ratio;

/// What is known of one stream.
#[derive(Debug, Clone, Copy)]
pub struct Lineage {
    pub(crate) root: usize,
    pub(crate) rate: Ratio,
    pub(crate) phase: Phase,
    /// How many rounds behind the last wave it may still have slots: one for each fold or group before it.
    pub(crate) depth: u64,
    /// Whether there may be holes, other than those of an arm that is not taken.
    pub(crate) holes: bool,
    /// Whether slots come in input order.
    pub(crate) ordered: bool,
    /// The first input in header order that leads here.
    pub(crate) origin: usize,
}

/// How many slots each wave holds: so many times what it holds of the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) class: usize,
    pub(crate) times: Ratio,
}

/// The roots, classes and parts of a run that is being wired.
#[derive(Debug, Default)]
pub(crate) struct Lineages {
    roots: Vec<Root>,
    /// Each class, by what it holds.
    classes: Vec<Class>,
    /// Parts, as a forest.
    parts: Vec<usize>,
}

#[derive(Debug)]
struct Root {
    /// The root that this one is counted in, and how many of its slots go with one of that.
    leader: usize,
    rate: Ratio,
    part: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// As many as are pulled from the inputs.
    Pulled,
    /// Groups of `size` out of this.
    Groups { of: Phase, size: u64, depth: u64 },
    /// Like no other.
    Own,
}

impl Lineages {
    fn class(&mut self, class: Class) -> usize {
        self.classes.push(class);
        self.classes.len() - 1
    }

    /// A stream that begins a part of its own.
    pub(crate) fn source(&mut self, origin: usize, holes: bool) -> Lineage {
        let part = self.parts.len();
        self.parts.push(part);
        let class = self.class(Class::Pulled);
        self.begin(part, origin, 0, class, holes)
    }

    fn begin(
        &mut self,
        part: usize,
        origin: usize,
        depth: u64,
        class: usize,
        holes: bool,
    ) -> Lineage {
        let root = self.roots.len();
        self.roots.push(Root {
            leader: root,
            rate: Ratio::ONE,
            part,
        });
        Lineage {
            root,
            rate: Ratio::ONE,
            phase: Phase {
                class,
                times: Ratio::ONE,
            },
            depth,
            holes,
            ordered: true,
            origin,
        }
    }

    /// The state of a fold over `stream`: one slot, a round later.
    pub(crate) fn folded(&mut self, stream: Lineage) -> Lineage {
        let (part, class) = (self.roots[stream.root].part, self.class(Class::Own));
        // the slots of what it folds pass as holes
        Lineage {
            ordered: true,
            ..self.begin(part, stream.origin, stream.depth + 1, class, true)
        }
    }

    /// Groups of `size` slots of `stream`; what is left over at the end comes a round later.
    pub(crate) fn grouped(&mut self, stream: Lineage, size: u64) -> Lineage {
        let depth = stream.depth + 1;
        if stream.holes {
            let (part, class) = (self.roots[stream.root].part, self.class(Class::Own));
            return self.begin(part, stream.origin, depth, class, false);
        }
        let key = Class::Groups {
            of: stream.phase,
            size,
            depth: stream.depth,
        };
        let known = self.classes.iter().position(|class| *class == key);
        let class = known.unwrap_or_else(|| self.class(key));
        Lineage {
            rate: stream.rate.over(Ratio::new(size, 1)),
            phase: Phase {
                class,
                times: Ratio::ONE,
            },
            depth,
            ordered: true,
            ..stream
        }
    }

    /// Notes that so many slots of each of these streams make one round.
    pub(crate) fn meet(&mut self, streams: &[(Lineage, u64)]) {
        let Some(((first, each), others)) = streams.split_first() else {
            return;
        };
        for (other, times) in others {
            let (a, b) = (
                first.rate.over(Ratio::new(*each, 1)),
                other.rate.over(Ratio::new(*times, 1)),
            );
            let (first, other) = ((first.root, a), (other.root, b));
            let (part, other_part) = (self.roots[first.0].part, self.roots[other.0].part);
            self.connect(part, other_part);
            let ((leader, rate), (other, other_rate)) =
                (self.leader(first.0), self.leader(other.0));
            if leader != other {
                // a · rate · L = b · other_rate · L′
                self.roots[other].leader = leader;
                self.roots[other].rate = first.1.times(rate).over(b.times(other_rate));
            }
        }
    }

    fn connect(&mut self, a: usize, b: usize) {
        let (a, b) = (self.part(a), self.part(b));
        // the lower one leads, so that the first input leads its part
        self.parts[a.max(b)] = a.min(b);
    }

    fn part(&self, mut part: usize) -> usize {
        while self.parts[part] != part {
            part = self.parts[part];
        }
        part
    }

    /// The part of a root.
    pub(crate) fn part_of(&self, root: usize) -> usize {
        self.part(self.roots[root].part)
    }

    /// The root that a root is counted in, and how many of its slots go with one of that.
    pub(crate) fn leader(&self, mut root: usize) -> (usize, Ratio) {
        let mut rate = Ratio::ONE;
        while self.roots[root].leader != root {
            rate = rate.times(self.roots[root].rate);
            root = self.roots[root].leader;
        }
        (root, rate)
    }

    /// Whether streams of which so many slots each make one round can be taken wave by wave.
    pub(crate) fn in_phase(&self, streams: &[(Lineage, u64)]) -> bool {
        let Some((first, each)) = streams.first() else {
            return true;
        };
        // inputs that meet item by item are pulled so
        let pulled = |stream: &Lineage| self.classes[stream.phase.class] == Class::Pulled;
        let round = |stream: &Lineage, times: u64| stream.phase.times.over(Ratio::new(times, 1));
        streams.iter().all(|(stream, times)| {
            let same = stream.phase.class == first.phase.class
                && round(stream, *times) == round(first, *each);
            let level = pulled(stream)
                && pulled(first)
                && self.leader(stream.root) == self.leader(first.root)
                && round(stream, *times) == round(first, *each);
            (level || same) && round(stream, *times).den == 1
        })
    }

    /// The streams once they have been brought into phase.
    pub(crate) fn aligned(&mut self, streams: &[(Lineage, u64)]) -> Vec<Lineage> {
        let depth = streams.iter().map(|(stream, _)| stream.depth).max();
        let (class, depth) = (self.class(Class::Own), depth.unwrap_or(0) + 1);
        streams
            .iter()
            .map(|(stream, times)| Lineage {
                phase: Phase {
                    class,
                    times: Ratio::new(*times, 1),
                },
                depth,
                ordered: true,
                ..*stream
            })
            .collect()
    }
}

/// What leaves a region that takes these streams, for each slot of a round.
pub(crate) fn met(streams: &[(Lineage, u64)]) -> (usize, Lineage) {
    let lead = (0..streams.len())
        .min_by_key(|at| streams[*at].0.origin)
        .expect("a region takes some stream");
    let (stream, each) = streams[lead];
    let all = || streams.iter().map(|(stream, _)| stream);
    let met = Lineage {
        rate: stream.rate.over(Ratio::new(each, 1)),
        phase: Phase {
            times: stream.phase.times.over(Ratio::new(each, 1)),
            ..stream.phase
        },
        depth: all().map(|stream| stream.depth).max().unwrap_or(0),
        holes: all().any(|stream| stream.holes),
        ordered: all().all(|stream| stream.ordered),
        ..stream
    };
    (lead, met)
}

impl Lineage {
    /// The same, with `times` slots for each.
    pub(crate) fn times(self, times: u64) -> Lineage {
        Lineage {
            rate: self.rate.times(Ratio::new(times, 1)),
            phase: Phase {
                times: self.phase.times.times(Ratio::new(times, 1)),
                ..self.phase
            },
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_meet_are_counted_in_one_another() {
        let mut lineages = Lineages::default();
        let (a, b) = (lineages.source(0, false), lineages.source(1, false));
        assert_ne!(lineages.part_of(a.root), lineages.part_of(b.root));
        lineages.meet(&[(a.times(2), 1), (b, 1)]);
        assert_eq!(lineages.leader(b.root), (a.root, Ratio::new(2, 1)));
        assert_eq!(lineages.part_of(b.root), lineages.part_of(a.root));
        assert!(!lineages.in_phase(&[(a.times(2), 1), (b, 1)]));
        let c = lineages.source(2, false);
        lineages.meet(&[(a.times(2), 2), (c, 1)]);
        assert!(lineages.in_phase(&[(a.times(2), 2), (c, 1)]));
    }

    #[test]
    fn equal_groups_are_in_phase_and_others_are_not() {
        let mut lineages = Lineages::default();
        let a = lineages.source(0, false);
        let (pairs, others) = (lineages.grouped(a, 2), lineages.grouped(a, 2));
        assert!(lineages.in_phase(&[(pairs, 1), (others, 1)]));
        assert!(!lineages.in_phase(&[(pairs.times(2), 1), (a, 1)]));
        assert_eq!(pairs.times(2).rate, a.rate);
        let aligned = lineages.aligned(&[(pairs.times(2), 1), (a, 1)]);
        assert!(lineages.in_phase(&[(aligned[0], 1), (aligned[1], 1)]));
    }
}
