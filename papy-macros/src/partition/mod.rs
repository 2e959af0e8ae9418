//! Nodes to regions: what one thread evaluates together on the same items.
//!
//! Parallel nodes of one pool that are connected and in phase are one region, as long as no region comes to depend on
//! its own output through another. A serial, folding, limited or timed node is a region of its own, with what its options are
//! made of; so is an input that goes to several places. What is *outside* (`.flat()`, `merge` of different origins, other
//! pipelines) belongs to no region: its streams enter regions as inputs do.

mod groups;
mod picture;

use std::collections::BTreeMap;

use crate::graph::{Facts, Graph, Kind, Mode, NodeId, PoolClass, Ratio, StreamId};
use groups::Groups;

/// The regions, and what stands between them.
#[derive(Debug)]
pub struct Partition {
    pub regions: Vec<Region>,
    /// The region of each node; `None` for what is outside.
    pub region_of: Vec<Option<usize>>,
    /// The region that each stream comes from, where it comes from one.
    home: Vec<Option<usize>>,
    /// Regions and what is outside, each behind those it takes from.
    pub order: Vec<Unit>,
}

/// What is wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Region(usize),
    Outside(NodeId),
}

/// Nodes that are evaluated together.
#[derive(Debug)]
pub struct Region {
    /// `None` for a region that only moves slots about.
    pub mode: Option<Mode>,
    pub pool: PoolClass,
    /// In the order of evaluation.
    pub nodes: Vec<NodeId>,
    /// The streams that enter, each once, and how many slots of each make a round.
    pub ins: Vec<(StreamId, u64)>,
    /// The streams that leave, once for each that takes them: outputs first.
    pub outs: Vec<Out>,
    /// Whether what enters may be out of phase.
    pub aligned: bool,
    /// Firings of each node in a round.
    firings: BTreeMap<NodeId, u64>,
}

/// A stream that leaves a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Out {
    pub stream: StreamId,
    pub to: Consumer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumer {
    Output(usize),
    Region(usize),
    /// An argument of what is outside.
    Outside(NodeId, usize),
}

impl Region {
    fn passing() -> Region {
        Region {
            mode: None,
            pool: PoolClass::Inline,
            nodes: Vec::new(),
            ins: Vec::new(),
            outs: Vec::new(),
            aligned: false,
            firings: BTreeMap::new(),
        }
    }

    /// How often a node is evaluated in a round.
    pub fn firings(&self, node: NodeId) -> u64 {
        self.firings.get(&node).copied().unwrap_or(1)
    }

    /// How many slots of a stream a round has.
    pub fn slots(&self, graph: &Graph, stream: StreamId) -> u64 {
        let entering = self.ins.iter().find(|(known, _)| *known == stream);
        if let Some((_, each)) = entering {
            return *each;
        }
        match graph.producer(stream) {
            Some(node) => self.firings(node) * gives(graph, node),
            None => 1,
        }
    }

    /// The group that it puts together, where it does nothing else.
    pub fn group(&self, graph: &Graph, facts: &Facts) -> Option<(NodeId, u64)> {
        match self.nodes.as_slice() {
            [node] => match graph.nodes[*node].kind {
                Kind::Group(size) if !facts.fused[*node] => Some((*node, size)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Slots that a node gives for each evaluation.
pub fn gives(graph: &Graph, node: NodeId) -> u64 {
    match graph.nodes[node].kind {
        Kind::Spread(n) | Kind::Repeat(n) => n,
        Kind::Merge => graph.nodes[node].args.len() as u64,
        _ => 1,
    }
}

/// Slots that a node takes of each argument for each evaluation.
pub fn takes(graph: &Graph, facts: &Facts, node: NodeId) -> u64 {
    match graph.nodes[node].kind {
        Kind::Group(size) if facts.fused[node] => size,
        _ => 1,
    }
}

/// Divides the graph.
pub fn partition(graph: &Graph, facts: &Facts) -> Partition {
    let groups = Groups::new(graph, facts);
    let mut regions = Vec::new();
    let mut order = Vec::new();
    let mut region_of = vec![None; graph.nodes.len()];
    // Streams that come from no region; where they go to several places, or to none, a region passes them on.
    let mut home: Vec<Option<usize>> = vec![None; graph.streams.len()];
    let takers = takers(graph, facts, &groups);
    let mut enter = |regions: &mut Vec<Region>, order: &mut Vec<Unit>, stream: StreamId| {
        if takers[stream] == Takers::Region {
            return;
        }
        home[stream] = Some(regions.len());
        order.push(Unit::Region(regions.len()));
        regions.push(Region {
            ins: vec![(stream, 1)],
            ..Region::passing()
        });
    };
    for input in &graph.inputs {
        enter(&mut regions, &mut order, input.stream);
    }
    for group in groups.sorted() {
        let nodes = &groups.members[group];
        let Some(&first) = nodes.first() else {
            continue;
        };
        if facts.outside[first] {
            order.push(Unit::Outside(first));
            for &stream in &graph.nodes[first].outs {
                enter(&mut regions, &mut order, stream);
            }
            continue;
        }
        for &node in nodes {
            region_of[node] = Some(regions.len());
        }
        order.push(Unit::Region(regions.len()));
        regions.push(region(graph, facts, nodes));
    }
    for (id, node) in graph.nodes.iter().enumerate() {
        if let Some(region) = region_of[id] {
            for &stream in &node.outs {
                home[stream] = Some(region);
            }
        }
    }
    for (output, leaving) in graph.outputs.iter().enumerate() {
        if let Some(home) = home[leaving.from] {
            regions[home].outs.push(Out {
                stream: leaving.from,
                to: Consumer::Output(output),
            });
        }
    }
    for unit in &order {
        match *unit {
            Unit::Region(region) => {
                for node in regions[region].nodes.clone() {
                    let each = regions[region].firings(node) * takes(graph, facts, node);
                    for &stream in &graph.nodes[node].args {
                        let known = regions[region]
                            .ins
                            .iter()
                            .any(|(known, _)| *known == stream);
                        if home[stream] == Some(region) || known {
                            continue;
                        }
                        regions[region].ins.push((stream, each));
                        if let Some(home) = home[stream] {
                            regions[home].outs.push(Out {
                                stream,
                                to: Consumer::Region(region),
                            });
                        }
                    }
                }
            }
            Unit::Outside(node) => {
                for (arg, &stream) in graph.nodes[node].args.iter().enumerate() {
                    if let Some(home) = home[stream] {
                        regions[home].outs.push(Out {
                            stream,
                            to: Consumer::Outside(node, arg),
                        });
                    }
                }
            }
        }
    }
    Partition {
        regions,
        region_of,
        home,
        order,
    }
}

fn region(graph: &Graph, facts: &Facts, nodes: &[NodeId]) -> Region {
    let rates: Vec<Ratio> = nodes.iter().map(|&node| facts.phases[node].times).collect();
    let work = nodes
        .iter()
        .find(|&&node| graph.nodes[node].kind == Kind::Work);
    Region {
        mode: work.map(|&node| graph.nodes[node].mode),
        pool: work.map_or(PoolClass::Inline, |&node| graph.nodes[node].pool.clone()),
        nodes: nodes.to_vec(),
        aligned: nodes.iter().any(|&node| facts.aligned[node]),
        firings: nodes
            .iter()
            .copied()
            .zip(crate::graph::round(&rates))
            .collect(),
        ..Region::passing()
    }
}

/// Where a stream goes that comes from no region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takers {
    /// One region takes it.
    Region,
    /// Others do, or several, or none.
    Other,
}

fn takers(graph: &Graph, facts: &Facts, groups: &Groups) -> Vec<Takers> {
    let mut takers: Vec<Option<usize>> = vec![None; graph.streams.len()];
    let mut other = vec![false; graph.streams.len()];
    for (id, node) in graph.nodes.iter().enumerate() {
        for &stream in &node.args {
            if facts.outside[id] || takers[stream].is_some_and(|known| known != groups.of[id]) {
                other[stream] = true;
            }
            takers[stream] = Some(groups.of[id]);
        }
    }
    for output in &graph.outputs {
        other[output.from] = true;
    }
    takers
        .iter()
        .zip(other)
        .map(|(taker, other)| {
            if taker.is_some() && !other {
                Takers::Region
            } else {
                Takers::Other
            }
        })
        .collect()
}

impl Partition {
    /// The region that a stream comes from, where it comes from one.
    pub fn home(&self, stream: StreamId) -> Option<usize> {
        self.home[stream]
    }
}
