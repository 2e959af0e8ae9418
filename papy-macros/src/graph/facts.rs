//! What follows from a graph: which slots each stream has, and how they stand to those of others.
//!
//! The balance equations of synchronous dataflow (Lee and Messerschmitt, *Synchronous Data Flow*, 1987) are solved here:
//! every stream is counted from a *root* at a *rate*, and a join makes two counts equal. `.flat()`, `.fold()`, `merge` of
//! different origins and groups of what may have holes begin new roots, which meet no other.

use super::ratio::{Ratio, gcd, lcm};
use super::{Graph, Kind, NodeId, StreamId};

/// What begins a new count of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    Input(usize),
    Fold(NodeId),
    Flat(NodeId),
    /// Groups of what may have holes.
    Groups(NodeId),
    Merge(NodeId),
    /// The output of a pipeline that is a node: what it is counted from is known to that pipeline alone.
    Pipeline(NodeId),
}

/// What is known of one stream.
#[derive(Debug, Clone, Copy)]
pub struct Track {
    pub root: usize,
    pub rate: Ratio,
    pub phase: Phase,
    /// Whether there may be holes: so groups are counted anew.
    pub holes: bool,
    /// Whether there may be holes other than those of an arm that is not taken.
    pub made: bool,
}

/// Slots of one stream in a round that is evaluated as a whole, at most.
pub const FUSED: u64 = 16;

impl Track {
    fn times(self, n: u64) -> Track {
        Track {
            rate: self.rate.times(Ratio::whole(n)),
            phase: Phase {
                times: self.phase.times.times(Ratio::whole(n)),
                ..self.phase
            },
            ..self
        }
    }
}

/// Streams of one class hold as many slots as each other in every wave, but for the factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    pub class: Class,
    pub times: Ratio,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// What is pulled from the inputs.
    Pulled,
    /// The same, once it is known which inputs are pulled item by item with which others: those that are counted so in
    /// the same root.
    Level(usize, Ratio),
    /// What begins anew, or is regrouped, here.
    Own(NodeId),
    /// What comes out of a pipeline that is a node.
    Foreign(StreamId),
}

/// Two arguments of a node that do not balance.
#[derive(Debug, Clone, Copy)]
pub struct Conflict {
    pub node: NodeId,
    /// The arguments, as indices.
    pub args: (usize, usize),
    /// Slots of each that come together, where they can be counted in each other at all.
    pub rates: Option<(u64, u64)>,
}

#[derive(Debug)]
struct Root {
    begun: Beginning,
    leader: usize,
    /// How many of its slots go with one of the leader's.
    rate: Ratio,
}

/// Facts about each stream.
#[derive(Debug)]
pub struct Facts {
    tracks: Vec<Option<Track>>,
    roots: Vec<Root>,
    /// The phase in which each node is evaluated.
    pub phases: Vec<Phase>,
    /// Nodes whose arguments may be out of phase.
    pub aligned: Vec<bool>,
    /// Groups that are put together within a round.
    pub fused: Vec<bool>,
    /// Nodes that are no part of a region: what comes out of them is counted anew, or by another pipeline.
    pub outside: Vec<bool>,
    pub conflicts: Vec<Conflict>,
}

impl Facts {
    /// Looks at every node once, in order.
    pub fn new(graph: &Graph) -> Facts {
        let begun = Phase {
            class: Class::Pulled,
            times: Ratio::ONE,
        };
        let mut facts = Facts {
            tracks: vec![None; graph.streams.len()],
            roots: Vec::new(),
            phases: vec![begun; graph.nodes.len()],
            aligned: vec![false; graph.nodes.len()],
            fused: vec![false; graph.nodes.len()],
            outside: vec![false; graph.nodes.len()],
            conflicts: Vec::new(),
        };
        for (number, input) in graph.inputs.iter().enumerate() {
            facts.tracks[input.stream] = Some(facts.begin(Beginning::Input(number), Class::Pulled));
        }
        for &id in &graph.order {
            facts.node(graph, id);
        }
        facts.settle(graph);
        facts
    }

    fn begin(&mut self, begun: Beginning, class: Class) -> Track {
        let root = self.roots.len();
        self.roots.push(Root {
            begun,
            leader: root,
            rate: Ratio::ONE,
        });
        Track {
            root,
            rate: Ratio::ONE,
            phase: Phase {
                class,
                times: Ratio::ONE,
            },
            holes: false,
            made: false,
        }
    }

    fn node(&mut self, graph: &Graph, id: NodeId) {
        let node = &graph.nodes[id];
        let args: Vec<Track> = node
            .args
            .iter()
            .filter_map(|&arg| self.tracks[arg])
            .collect();
        match node.kind {
            Kind::Pipeline => {
                for &stream in &node.outs {
                    let track = self.begin(Beginning::Pipeline(id), Class::Foreign(stream));
                    // what it may hold is known to that pipeline alone
                    self.tracks[stream] = Some(Track {
                        holes: true,
                        made: true,
                        ..track
                    });
                }
                self.outside[id] = true;
                return;
            }
            Kind::Merge if args.iter().any(|arg| arg.root != args[0].root) => {
                let track = self.begin(Beginning::Merge(id), Class::Own(id));
                self.begin_outside(graph, id, track);
                return;
            }
            Kind::Flat => {
                let track = self.begin(Beginning::Flat(node.owner), Class::Own(id));
                self.begin_outside(graph, id, track);
                return;
            }
            _ => {}
        }
        let Some(&first) = args.first() else { return };
        for (at, other) in args.iter().enumerate().skip(1) {
            self.meet(id, (0, at), first, *other);
        }
        let mut round = Track {
            holes: args.iter().any(|arg| arg.holes),
            made: args.iter().any(|arg| arg.made),
            ..first
        };
        let foreign = |track: &Track| matches!(track.phase.class, Class::Foreign(_));
        let apart = args.iter().any(|arg| {
            // inputs that meet item by item are pulled so
            let level = self.leader(arg.root) == self.leader(first.root);
            let pulled = arg.phase.class == Class::Pulled;
            let in_phase = arg.phase == first.phase && (level || !pulled);
            !in_phase || (args.len() > 1 && foreign(arg))
        });
        if apart {
            self.aligned[id] = true;
            round.phase = Phase {
                class: Class::Own(id),
                times: Ratio::ONE,
            };
        }
        self.phases[id] = round.phase;
        let track = match node.kind {
            Kind::Group(size) => self.group(id, size, round),
            Kind::Spread(n) | Kind::Repeat(n) => round.times(n),
            Kind::Merge => round.times(args.len() as u64),
            Kind::Work if node.mode == super::Mode::Fold => Track {
                holes: true,
                made: true,
                ..self.begin(Beginning::Fold(id), Class::Own(id))
            },
            Kind::Work => Track {
                holes: round.holes || node.filter,
                made: round.made || node.filter,
                ..round
            },
            Kind::Route => Track {
                holes: true,
                ..round
            },
            Kind::Arms => {
                let made = round.made || node.arms.iter().any(Option::is_none);
                Track {
                    holes: made,
                    made,
                    ..round
                }
            }
            Kind::Flat | Kind::Pipeline => round,
        };
        self.give(graph, id, track);
        if let (Kind::Route, Some(&tag)) = (node.kind, node.outs.first()) {
            // which arm is taken is known of every slot
            self.tracks[tag] = Some(Track {
                holes: first.holes,
                ..track
            });
        }
    }

    /// What counts its slots anew, with tokens of its own.
    fn begin_outside(&mut self, graph: &Graph, id: NodeId, track: Track) {
        self.outside[id] = true;
        self.phases[id] = track.phase;
        self.give(graph, id, track);
    }

    fn group(&mut self, id: NodeId, size: u64, round: Track) -> Track {
        if round.holes {
            let begun = self.begin(Beginning::Groups(id), Class::Own(id));
            return begun;
        }
        let times = round.phase.times.over(Ratio::whole(size));
        self.fused[id] = times.den == 1 && size <= FUSED && !self.aligned[id];
        let phase = if self.fused[id] {
            Phase {
                times,
                ..round.phase
            }
        } else {
            Phase {
                class: Class::Own(id),
                times: Ratio::ONE,
            }
        };
        if self.fused[id] {
            self.phases[id] = phase;
        }
        Track {
            rate: round.rate.over(Ratio::whole(size)),
            phase,
            ..round
        }
    }

    fn give(&mut self, graph: &Graph, id: NodeId, track: Track) {
        for &stream in &graph.nodes[id].outs {
            self.tracks[stream] = Some(track);
        }
    }

    /// Makes two counts equal, or notes that they can't be.
    fn meet(&mut self, node: NodeId, args: (usize, usize), a: Track, b: Track) {
        let ((one, one_rate), (other, other_rate)) = (self.leader(a.root), self.leader(b.root));
        let (one_rate, other_rate) = (a.rate.times(one_rate), b.rate.times(other_rate));
        if one == other {
            if one_rate != other_rate {
                let ratio = one_rate.over(other_rate);
                self.conflicts.push(Conflict {
                    node,
                    args,
                    rates: Some((ratio.num, ratio.den)),
                });
            }
            return;
        }
        let (lead, follow) = match (self.roots[one].begun, self.roots[other].begun) {
            (_, Beginning::Pipeline(_)) => (one, other),
            (Beginning::Pipeline(_), _) => (other, one),
            (Beginning::Input(_), Beginning::Input(_)) => (one, other),
            _ => {
                self.conflicts.push(Conflict {
                    node,
                    args,
                    rates: None,
                });
                return;
            }
        };
        let (lead_rate, follow_rate) = if lead == one {
            (one_rate, other_rate)
        } else {
            (other_rate, one_rate)
        };
        self.roots[follow].leader = lead;
        self.roots[follow].rate = lead_rate.over(follow_rate);
    }

    fn leader(&self, mut root: usize) -> (usize, Ratio) {
        let mut rate = Ratio::ONE;
        while self.roots[root].leader != root {
            rate = rate.times(self.roots[root].rate);
            root = self.roots[root].leader;
        }
        (root, rate)
    }

    /// Notes which inputs are pulled item by item with which others.
    fn settle(&mut self, graph: &Graph) {
        for id in 0..graph.nodes.len() {
            if self.phases[id].class == Class::Pulled
                && let Some(track) = graph.nodes[id]
                    .args
                    .first()
                    .and_then(|&arg| self.tracks[arg])
            {
                let (leader, rate) = self.leader(track.root);
                self.phases[id].class = Class::Level(leader, rate);
            }
        }
    }

    /// What is known of a stream.
    pub fn track(&self, stream: StreamId) -> Option<&Track> {
        self.tracks[stream].as_ref()
    }

    /// What the count of a stream's slots begins with.
    pub fn begun(&self, stream: StreamId) -> Option<Beginning> {
        let track = self.tracks[stream].as_ref()?;
        Some(self.roots[track.root].begun)
    }
}

/// How many of each there are in the smallest round, for these rates.
pub fn round(rates: &[Ratio]) -> Vec<u64> {
    let common = rates.iter().fold(1, |common, rate| lcm(common, rate.den));
    let numbers: Vec<u64> = rates
        .iter()
        .map(|rate| rate.num.saturating_mul(common / rate.den))
        .collect();
    let divisor = numbers.iter().fold(0, |a, &b| gcd(a, b)).max(1);
    numbers.into_iter().map(|number| number / divisor).collect()
}
