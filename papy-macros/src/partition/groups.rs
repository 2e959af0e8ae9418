//! Which nodes are evaluated together: groups that grow node by node.

use std::collections::BTreeSet;

use crate::graph::{FUSED, Facts, Graph, Kind, Mode, NodeId, Ratio, round};

/// Nodes by the group that they belong to.
pub struct Groups {
    /// The group of each node, named by one of its nodes.
    pub of: Vec<usize>,
    /// The nodes of each group, each behind those it takes from.
    pub members: Vec<Vec<NodeId>>,
    /// How many slots of its class each group's nodes take, where it is the same for all of them.
    times: Vec<Option<Ratio>>,
    /// The groups that each group takes from.
    before: Vec<BTreeSet<usize>>,
    /// The place of each node in the order of evaluation.
    place: Vec<usize>,
}

impl Groups {
    pub fn new(graph: &Graph, facts: &Facts) -> Groups {
        let nodes = graph.nodes.len();
        let mut place = vec![0; nodes];
        for (at, &node) in graph.order.iter().enumerate() {
            place[node] = at;
        }
        let mut groups = Groups {
            of: (0..nodes).collect(),
            members: (0..nodes).map(|node| vec![node]).collect(),
            times: facts.phases.iter().map(|phase| Some(phase.times)).collect(),
            before: vec![BTreeSet::new(); nodes],
            place,
        };
        // nodes that have taken from each stream
        let mut takers: Vec<Vec<NodeId>> = vec![Vec::new(); graph.streams.len()];
        for &node in &graph.order {
            let args = &graph.nodes[node].args;
            for from in args.iter().filter_map(|&arg| graph.producer(arg)) {
                let from = groups.of[from];
                groups.before[node].insert(from);
            }
            let producers = args.iter().filter_map(|&arg| graph.producer(arg));
            let beside = args.iter().flat_map(|&arg| takers[arg].iter().copied());
            let neighbours: BTreeSet<usize> = producers
                .filter(|_| !facts.aligned[node])
                .chain(beside)
                .filter(|&other| mergeable(graph, facts, node, other))
                .map(|other| groups.of[other])
                .collect();
            for neighbour in neighbours {
                groups.merge(graph, facts, groups.of[node], groups.of[neighbour]);
            }
            for &arg in args {
                takers[arg].push(node);
            }
        }
        groups
    }

    /// Makes two groups one, unless a group would then depend on itself through another, or a round would be too large.
    fn merge(&mut self, graph: &Graph, facts: &Facts, a: usize, b: usize) {
        if a == b || self.leads(a, b) || self.leads(b, a) || !self.is_small(graph, facts, a, b) {
            return;
        }
        let (keep, go) = if self.members[a].len() < self.members[b].len() {
            (b, a)
        } else {
            (a, b)
        };
        if self.times[keep] != self.times[go] {
            self.times[keep] = None;
        }
        let going = std::mem::take(&mut self.members[go]);
        for &node in &going {
            self.of[node] = keep;
        }
        let kept = std::mem::take(&mut self.members[keep]);
        self.members[keep] = merged(kept, going, &self.place);
        let before = std::mem::take(&mut self.before[go]);
        self.before[keep].extend(before);
        // those that took from the one that goes find it by its name
        self.before[keep].remove(&keep);
        self.before[keep].remove(&go);
    }

    /// Whether a path leads from one group through another to the next.
    fn leads(&self, from: usize, to: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut trail: Vec<usize> = self
            .groups_before(to)
            .filter(|&group| group != from)
            .collect();
        while let Some(group) = trail.pop() {
            if group == from {
                return true;
            }
            if seen.insert(group) {
                trail.extend(self.groups_before(group));
            }
        }
        false
    }

    fn groups_before(&self, group: usize) -> impl Iterator<Item = usize> + '_ {
        // a group that has gone is found by the node that named it
        self.before[group]
            .iter()
            .map(|&before| self.of[before])
            .filter(move |&before| before != group)
    }

    /// Whether no stream would have too many slots in a round of both.
    fn is_small(&self, graph: &Graph, facts: &Facts, a: usize, b: usize) -> bool {
        if self.times[a].is_some() && self.times[a] == self.times[b] {
            return true;
        }
        let nodes = || self.members[a].iter().chain(&self.members[b]);
        let rates: Vec<Ratio> = nodes().map(|&node| facts.phases[node].times).collect();
        let firings = round(&rates);
        nodes()
            .zip(firings)
            .all(|(&node, firings)| firings * super::takes(graph, facts, node) <= FUSED)
    }

    /// Each behind those it takes from; the earliest in the text first.
    pub fn sorted(&self) -> Vec<usize> {
        let mut by_place: Vec<usize> = (0..self.of.len())
            .filter(|&group| !self.members[group].is_empty())
            .collect();
        by_place.sort_by_key(|&group| self.place[self.members[group][0]]);
        let mut sorted = Vec::with_capacity(by_place.len());
        let mut done = vec![false; self.of.len()];
        for group in by_place {
            self.visit(group, &mut done, &mut sorted);
        }
        sorted
    }

    fn visit(&self, group: usize, done: &mut [bool], sorted: &mut Vec<usize>) {
        if std::mem::replace(&mut done[group], true) {
            return;
        }
        let before: BTreeSet<usize> = self.groups_before(group).collect();
        for group in before {
            self.visit(group, done, sorted);
        }
        sorted.push(group);
    }
}

/// Two lists of nodes as one, in the order of evaluation.
fn merged(a: Vec<NodeId>, b: Vec<NodeId>, place: &[usize]) -> Vec<NodeId> {
    let mut all = a;
    let behind = |last: &NodeId| place[*last] < place[b[0]];
    let sorted = all.last().is_none_or(behind);
    all.extend(b);
    if !sorted {
        all.sort_by_key(|&node| place[node]);
    }
    all
}

fn mergeable(graph: &Graph, facts: &Facts, a: NodeId, b: NodeId) -> bool {
    let alone = |node: NodeId| {
        let group = matches!(graph.nodes[node].kind, Kind::Group(_)) && !facts.fused[node];
        facts.outside[node] || group
    };
    if alone(a) || alone(b) || facts.phases[a].class != facts.phases[b].class {
        return false;
    }
    let (one, other) = (&graph.nodes[a], &graph.nodes[b]);
    let parallel = one.mode == Mode::Parallel && other.mode == Mode::Parallel;
    // what a node's options are made of goes with it
    let option = |kind: Kind| !matches!(kind, Kind::Route | Kind::Arms | Kind::Merge);
    let same = one.owner == other.owner && option(one.kind) && option(other.kind);
    same || (parallel && one.pool == other.pool)
}
