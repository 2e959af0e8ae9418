//! The ways that items take through a graph.

use std::collections::BTreeSet;

use crate::graph::{End, Graph, Node};

/// Along the streams, or against them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Along {
    With,
    Against,
}

impl Graph {
    /// The nodes so that each stands behind all that it takes from; otherwise in the order of the text.
    #[must_use]
    pub fn order(&self) -> Vec<&'static Node> {
        self.told.order.iter().map(|&at| &self.nodes[at]).collect()
    }

    /// The nodes that a node, or an output, takes from directly. What a `match` or a `merge` gives is taken from all that
    /// lead there.
    ///
    /// Here and below: nodes are given in [order](Graph::order); a name that two things have is the node's; for a name
    /// that nothing has there are none.
    #[must_use]
    pub fn before(&self, name: &str) -> Vec<&'static Node> {
        self.nodes_from(self.last(name), Along::Against, false)
    }

    /// The nodes that take from a node, or from an input, directly.
    #[must_use]
    pub fn after(&self, name: &str) -> Vec<&'static Node> {
        self.nodes_from(self.first(name), Along::With, false)
    }

    /// All nodes on the ways from the inputs to a node, or to an output.
    #[must_use]
    pub fn upstream(&self, name: &str) -> Vec<&'static Node> {
        self.nodes_from(self.last(name), Along::Against, true)
    }

    /// All nodes on the ways that begin at a node, or at an input.
    #[must_use]
    pub fn downstream(&self, name: &str) -> Vec<&'static Node> {
        self.nodes_from(self.first(name), Along::With, true)
    }

    /// The longest distance of a node from an input, in nodes: 1 for one that takes inputs alone, 0 for an input itself.
    #[must_use]
    pub fn rank(&self, name: &str) -> Option<usize> {
        match self.first(name)? {
            End::Node(node) => Some(self.ranks()[node]),
            _ => Some(0),
        }
    }

    /// The most nodes of one [rank](Graph::rank): so many could be busy with one item at once.
    #[must_use]
    pub fn width(&self) -> usize {
        let ranks = self.ranks();
        let of_rank = |rank: usize| ranks.iter().filter(|&&other| other == rank).count();
        ranks.iter().map(|&rank| of_rank(rank)).max().unwrap_or(0)
    }

    fn ranks(&self) -> Vec<usize> {
        let mut ranks = vec![0; self.nodes.len()];
        for &at in self.told.order {
            let before = self.reach(End::Node(at), Along::Against, false);
            ranks[at] = 1 + before.iter().map(|&node| ranks[node]).max().unwrap_or(0);
        }
        ranks
    }

    /// A node, or an input.
    fn first(&self, name: &str) -> Option<End> {
        let input = || self.inputs.iter().position(|&input| input == name);
        self.place(name).or_else(|| input().map(End::Input))
    }

    /// A node, or an output.
    fn last(&self, name: &str) -> Option<End> {
        let output = || self.outputs.iter().position(|&output| output == name);
        self.place(name).or_else(|| output().map(End::Output))
    }

    fn place(&self, name: &str) -> Option<End> {
        let place = self.nodes.iter().position(|node| node.name == name);
        place.map(End::Node)
    }

    fn nodes_from(&self, end: Option<End>, along: Along, all: bool) -> Vec<&'static Node> {
        let Some(end) = end else { return Vec::new() };
        let reached = self.reach(end, along, all);
        let order = self.told.order.iter();
        order
            .filter(|at| reached.contains(at))
            .map(|&at| &self.nodes[at])
            .collect()
    }

    /// The nodes that are reached from an end: the next ones, or all.
    fn reach(&self, end: End, along: Along, all: bool) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut trail = vec![end];
        while let Some(at) = trail.pop() {
            for edge in self.told.edges {
                let (from, to) = match along {
                    Along::With => (edge.from, edge.to),
                    Along::Against => (edge.to, edge.from),
                };
                if from != at || !seen.insert(to) {
                    continue;
                }
                if let End::Node(node) = to {
                    reached.insert(node);
                    if !all {
                        continue;
                    }
                }
                trail.push(to);
            }
        }
        reached
    }
}
