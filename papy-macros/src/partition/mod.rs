//! Nodes to regions: what one thread evaluates together on the same items.
//!
//! Parallel nodes of one pool that are connected are one region, as long as no region comes to depend on its own
//! output through another. A serial, folding or limited node is a region of its own, and so is an input that goes to
//! several places.

mod picture;

use std::collections::BTreeSet;

use crate::graph::{Facts, Graph, Mode, NodeId, PoolClass, StreamId};

/// The regions, each behind those it takes from.
#[derive(Debug)]
pub struct Partition {
    pub regions: Vec<Region>,
    /// The region of each node.
    pub region_of: Vec<usize>,
}

/// Nodes that are evaluated together.
#[derive(Debug)]
pub struct Region {
    pub part: usize,
    /// `None` for the region that forks an input.
    pub mode: Option<Mode>,
    pub pool: PoolClass,
    /// In the order of evaluation.
    pub nodes: Vec<NodeId>,
    /// The streams that enter, each once.
    pub ins: Vec<StreamId>,
    /// The streams that leave, once for each that takes them: outputs first.
    pub outs: Vec<Out>,
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
}

/// Divides the graph.
pub fn partition(graph: &Graph, facts: &Facts) -> Partition {
    let groups = Groups::new(graph);
    let mut regions = Vec::new();
    let mut region_of = vec![0; graph.nodes.len()];

    // inputs that go to several places, or to none
    for (input, source) in graph.inputs.iter().enumerate() {
        let takers: BTreeSet<usize> = (0..graph.nodes.len())
            .filter(|&n| graph.nodes[n].args.contains(&source.stream))
            .map(|n| groups.of[n])
            .collect();
        let leaves = graph
            .outputs
            .iter()
            .any(|output| output.from == source.stream);
        if leaves || takers.len() != 1 {
            regions.push(Region {
                part: facts.input_part[input],
                mode: None,
                pool: PoolClass::Inline,
                nodes: Vec::new(),
                ins: vec![source.stream],
                outs: Vec::new(),
            });
        }
    }
    let entries = regions.len();

    for group in groups.sorted(graph) {
        let nodes: Vec<NodeId> = graph
            .order
            .iter()
            .copied()
            .filter(|&n| groups.of[n] == group)
            .collect();
        let Some(&first) = nodes.first() else {
            continue;
        };
        for &node in &nodes {
            region_of[node] = regions.len();
        }
        regions.push(Region {
            part: facts.node_part[first],
            mode: Some(graph.nodes[first].mode),
            pool: graph.nodes[first].pool.clone(),
            nodes,
            ins: Vec::new(),
            outs: Vec::new(),
        });
    }

    let entry_of = |stream| (0..entries).find(|&r| regions[r].ins == [stream]);
    let home: Vec<Option<usize>> = (0..graph.streams.len())
        .map(|stream| {
            graph
                .producer(stream)
                .map_or_else(|| entry_of(stream), |node| Some(region_of[node]))
        })
        .collect();
    for (output, home) in graph
        .outputs
        .iter()
        .map(|output| home[output.from])
        .enumerate()
    {
        let Some(home) = home else { continue };
        let stream = graph.outputs[output].from;
        regions[home].outs.push(Out {
            stream,
            to: Consumer::Output(output),
        });
    }
    for region in entries..regions.len() {
        for node in regions[region].nodes.clone() {
            for &stream in &graph.nodes[node].args {
                if home[stream] == Some(region) || regions[region].ins.contains(&stream) {
                    continue;
                }
                regions[region].ins.push(stream);
                if let Some(home) = home[stream] {
                    regions[home].outs.push(Out {
                        stream,
                        to: Consumer::Region(region),
                    });
                }
            }
        }
    }
    Partition { regions, region_of }
}

/// Nodes by the group that they belong to, named by one of its nodes.
struct Groups {
    of: Vec<usize>,
}

impl Groups {
    fn new(graph: &Graph) -> Groups {
        let mut groups = Groups {
            of: (0..graph.nodes.len()).collect(),
        };
        let mut seen: Vec<NodeId> = Vec::new();
        for &node in &graph.order {
            let neighbours: Vec<NodeId> = neighbours(graph, node, &seen);
            seen.push(node);
            for neighbour in neighbours {
                if mergeable(graph, node, neighbour) {
                    groups.merge(graph, node, neighbour, &seen);
                }
            }
        }
        groups
    }

    /// Makes two groups one, unless a group would then depend on itself through another.
    fn merge(&mut self, graph: &Graph, a: NodeId, b: NodeId, seen: &[NodeId]) {
        let (a, b) = (self.of[a], self.of[b]);
        if a == b {
            return;
        }
        let before = self.of.clone();
        for of in &mut self.of {
            if *of == b {
                *of = a;
            }
        }
        if self.depends_on_itself(graph, a, seen) {
            self.of = before;
        }
    }

    /// Whether a path leaves the group and comes back.
    fn depends_on_itself(&self, graph: &Graph, group: usize, seen: &[NodeId]) -> bool {
        // `seen` is in topological order, so one pass finds everything behind the group, group by group
        let mut behind = BTreeSet::new();
        let mut grown = true;
        while grown {
            grown = false;
            for &node in seen {
                let of = self.of[node];
                let reached = graph.nodes[node]
                    .args
                    .iter()
                    .filter_map(|&arg| graph.producer(arg))
                    .any(|from| {
                        let from = self.of[from];
                        from != of && (from == group || behind.contains(&from))
                    });
                if reached && of == group {
                    return true;
                }
                grown |= reached && behind.insert(of);
            }
        }
        false
    }

    /// Each behind those it takes from; the earliest in the text first.
    fn sorted(&self, graph: &Graph) -> Vec<usize> {
        let mut waiting: Vec<usize> = Vec::new();
        for &node in &graph.order {
            if !waiting.contains(&self.of[node]) {
                waiting.push(self.of[node]);
            }
        }
        let mut sorted: Vec<usize> = Vec::new();
        while !waiting.is_empty() {
            let ready = waiting.iter().position(|&group| {
                (0..graph.nodes.len())
                    .filter(|&n| self.of[n] == group)
                    .all(|n| {
                        graph.nodes[n]
                            .args
                            .iter()
                            .filter_map(|&arg| graph.producer(arg))
                            .all(|from| self.of[from] == group || sorted.contains(&self.of[from]))
                    })
            });
            // a cycle cannot be: every merge was checked
            sorted.push(waiting.remove(ready.unwrap_or(0)));
        }
        sorted
    }
}

/// Those that a node takes from, then those that take the same.
fn neighbours(graph: &Graph, node: NodeId, seen: &[NodeId]) -> Vec<NodeId> {
    let args = &graph.nodes[node].args;
    let before = args.iter().filter_map(|&arg| graph.producer(arg));
    let beside = seen
        .iter()
        .copied()
        .filter(|&other| graph.nodes[other].args.iter().any(|arg| args.contains(arg)));
    before.chain(beside).collect()
}

fn mergeable(graph: &Graph, a: NodeId, b: NodeId) -> bool {
    let (a, b) = (&graph.nodes[a], &graph.nodes[b]);
    a.mode == Mode::Parallel && b.mode == Mode::Parallel && a.pool == b.pool
}
