//! What follows from a graph: connected parts, lineages, depths of folds, and which outputs keep input order.

use super::{Graph, Mode, NodeId, Origin, StreamId};

/// Which slots a stream has: those of the inputs, or those of a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lineage {
    Inputs,
    Fold(NodeId),
}

/// Facts about each node and each input.
#[derive(Debug)]
pub struct Facts {
    /// The connected part of each input, numbered in header order.
    pub input_part: Vec<usize>,
    pub node_part: Vec<usize>,
    /// How many folds lie behind one another in each part.
    pub tails: Vec<u64>,
    /// How many folds lie behind one another up to each node, itself included.
    pub depth: Vec<u64>,
    lineage: Vec<Lineage>,
    unordered: Vec<bool>,
}

impl Facts {
    /// Looks at every node once, in order.
    pub fn new(graph: &Graph) -> Facts {
        let nodes = graph.nodes.len();
        let mut facts = Facts {
            input_part: Vec::new(),
            node_part: vec![0; nodes],
            tails: Vec::new(),
            depth: vec![0; nodes],
            lineage: vec![Lineage::Inputs; nodes],
            unordered: vec![false; nodes],
        };
        for &id in &graph.order {
            let node = &graph.nodes[id];
            let before: Vec<NodeId> = node
                .args
                .iter()
                .filter_map(|&arg| graph.producer(arg))
                .collect();
            let fold = node.mode == Mode::Fold;
            facts.depth[id] =
                before.iter().map(|&b| facts.depth[b]).max().unwrap_or(0) + u64::from(fold);
            let inherited = before
                .iter()
                .map(|&b| facts.lineage[b])
                .find(|&lineage| lineage != Lineage::Inputs);
            facts.lineage[id] = if fold {
                Lineage::Fold(id)
            } else {
                inherited.unwrap_or(Lineage::Inputs)
            };
            let restores = node.ordered || matches!(node.mode, Mode::Serial | Mode::Fold);
            facts.unordered[id] =
                !restores && (node.unordered || before.iter().any(|&b| facts.unordered[b]));
        }
        facts.find_parts(graph);
        facts
    }

    fn find_parts(&mut self, graph: &Graph) {
        let inputs = graph.inputs.len();
        let mut parent: Vec<usize> = (0..inputs + graph.nodes.len()).collect();
        for (id, node) in graph.nodes.iter().enumerate() {
            for &arg in &node.args {
                let other = match graph.streams[arg].origin {
                    Origin::Input(input) => input,
                    Origin::Node(node) => inputs + node,
                };
                let (a, b) = (root(&parent, inputs + id), root(&parent, other));
                // the lower one leads, so that an input leads its part
                parent[a.max(b)] = a.min(b);
            }
        }
        let mut leaders = Vec::new();
        for input in 0..inputs {
            let leader = root(&parent, input);
            let part = leaders
                .iter()
                .position(|&known| known == leader)
                .unwrap_or_else(|| {
                    leaders.push(leader);
                    leaders.len() - 1
                });
            self.input_part.push(part);
        }
        self.tails = vec![0; leaders.len()];
        for id in 0..graph.nodes.len() {
            let leader = root(&parent, inputs + id);
            let part = leaders
                .iter()
                .position(|&known| known == leader)
                .unwrap_or(0);
            self.node_part[id] = part;
            if let Some(tail) = self.tails.get_mut(part) {
                *tail = (*tail).max(self.depth[id]);
            }
        }
    }

    /// The connected part that a stream belongs to.
    pub fn part(&self, graph: &Graph, stream: StreamId) -> usize {
        match graph.streams[stream].origin {
            Origin::Input(input) => self.input_part[input],
            Origin::Node(node) => self.node_part[node],
        }
    }

    /// Which slots a stream has.
    pub fn lineage(&self, graph: &Graph, stream: StreamId) -> Lineage {
        graph
            .producer(stream)
            .map_or(Lineage::Inputs, |node| self.lineage[node])
    }

    /// Whether a stream comes in input order where it leaves.
    pub fn ordered(&self, graph: &Graph, stream: StreamId) -> bool {
        graph
            .producer(stream)
            .is_none_or(|node| !self.unordered[node])
    }
}

fn root(parent: &[usize], mut at: usize) -> usize {
    while parent[at] != at {
        at = parent[at];
    }
    at
}
