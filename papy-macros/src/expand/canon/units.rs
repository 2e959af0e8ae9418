//! What the text says as one: a node with what its options are made of, a `match` with its arms, a `merge`.
//!
//! Units are named by their first node. Each is a statement of its own, unless the order of the text, which is the order
//! of the nodes, keeps it inside of another: in the parentheses of a call, in an arm, or in the last line.

use std::collections::BTreeSet;
use std::ops::Range;

use syn::Pat;
use syn::visit::Visit;

use super::nodes::own_names;
use crate::expand::Plan;
use crate::graph::{Kind, NodeId, Origin, Shape, StreamId};
use crate::lower::{Taken, Work, plain};

/// The units of a pipeline.
pub struct Units<'a> {
    pub plan: &'a Plan<'a>,
    /// The unit of each node.
    pub of: Vec<NodeId>,
    /// The last node of each unit.
    pub last: Vec<NodeId>,
    /// What the options of each unit are made of.
    pub options: Vec<Vec<NodeId>>,
    /// The names that do not follow from the text.
    pub own_names: Vec<Option<String>>,
    /// How often each stream is used.
    pub uses: Vec<usize>,
    /// The nodes of a `match` without a value: those in its arms.
    pub inside: Vec<Range<NodeId>>,
    /// Units that stand in another.
    within: Vec<bool>,
}

impl<'a> Units<'a> {
    pub fn new(plan: &'a Plan<'a>) -> Units<'a> {
        let nodes = &plan.graph.nodes;
        let mut of: Vec<NodeId> = (0..nodes.len()).collect();
        let mut last = of.clone();
        for (id, node) in nodes.iter().enumerate() {
            of[id] = match node.kind {
                Kind::Group(_) | Kind::Spread(_) | Kind::Repeat(_) | Kind::Flat => node.owner,
                Kind::Arms => plan.graph.producer(node.args[0]).unwrap_or(id),
                Kind::Work | Kind::Route | Kind::Merge | Kind::Pipeline => id,
            };
            if !matches!(node.kind, Kind::Group(_)) {
                last[of[id]] = id;
            }
        }
        let mut options = vec![Vec::new(); nodes.len()];
        for (id, node) in nodes.iter().enumerate() {
            if !node.kind.is_named() {
                options[node.owner].push(id);
            }
        }
        let mut uses = vec![0; plan.graph.streams.len()];
        for &arg in nodes.iter().flat_map(|node| &node.args) {
            uses[arg] += 1;
        }
        for output in &plan.graph.outputs {
            uses[output.from] += 1;
        }
        let mut units = Units {
            plan,
            of,
            last,
            options,
            own_names: own_names(plan),
            uses,
            inside: vec![0..0; nodes.len()],
            within: vec![false; nodes.len()],
        };
        units.find_arms();
        units.fill_arms();
        units.find_calls();
        units
    }

    /// Notes what stands in the arms of each `match`.
    fn find_arms(&mut self) {
        for id in (0..self.of.len()).rev() {
            if self.plan.graph.nodes[id].kind != Kind::Route {
                continue;
            }
            let end = if self.last[id] == id {
                self.end_of_sinks(id)
            } else {
                self.last[id]
            };
            self.inside[id] = id + 1..end;
            for inside in id + 1..end {
                self.within[inside] = true;
            }
        }
    }

    /// The node behind all that is written for a unit.
    pub fn end(&self, unit: NodeId) -> NodeId {
        let before = self.before(unit).into_iter();
        let ends = before
            .filter(|&before| before > unit)
            .map(|before| self.end(before));
        ends.chain([self.last[unit] + 1, self.inside[unit].end])
            .max()
            .unwrap_or(unit)
    }

    /// Where the arms of a `match` without a value end: behind all that takes what its patterns bind.
    fn end_of_sinks(&self, route: NodeId) -> NodeId {
        let nodes = &self.plan.graph.nodes;
        let mut end = nodes[route].owner.max(route) + 1;
        // what stands in front of the last pattern
        let bound = nodes[route].outs.iter().max().copied().unwrap_or(0);
        let early = self.plan.graph.streams[..bound].iter();
        for stream in early {
            if let Origin::Node(node) = stream.origin {
                end = end.max(node + 1);
            }
        }
        let mut fed: BTreeSet<NodeId> = BTreeSet::new();
        loop {
            let before = (end, fed.len());
            for (id, node) in nodes.iter().enumerate().skip(route + 1) {
                let unit = self.of[id];
                let from_here = |&arg: &StreamId| match self.plan.graph.producer(arg) {
                    Some(producer) if producer == route => true,
                    _ => self.unit(arg).is_some_and(|unit| fed.contains(&unit)),
                };
                if id < end || node.args.iter().any(from_here) {
                    fed.insert(unit);
                }
                if fed.contains(&unit) {
                    end = end.max(self.last[unit] + 1).max(self.inside[unit].end);
                }
            }
            if before == (end, fed.len()) {
                break;
            }
        }
        end
    }

    /// Notes what stands in the parentheses of a call: nodes that come behind the one that takes them.
    fn find_calls(&mut self) {
        for unit in 0..self.of.len() {
            if self.is_call(unit) {
                let mut trail = self.before(unit);
                while let Some(inside) = trail.pop() {
                    if inside > unit && !std::mem::replace(&mut self.within[inside], true) {
                        trail.extend(self.before(inside));
                    }
                }
            }
        }
    }

    /// Whether a node begins a unit that stands by itself.
    pub fn is_statement(&self, node: NodeId) -> bool {
        self.of[node] == node && !self.within[node]
    }

    /// Whether two nodes are of one unit.
    pub fn is_one(&self, a: NodeId, b: NodeId) -> bool {
        self.of[a] == self.of[b]
    }

    /// Units whose unnamed streams a unit takes.
    pub fn before(&self, unit: NodeId) -> Vec<NodeId> {
        let taken = self.args(unit).into_iter();
        taken.filter_map(|(stream, _)| self.unit(stream)).collect()
    }

    /// Whether a unit has to be written as a call, for something in its parentheses comes behind it.
    pub fn is_call(&self, unit: NodeId) -> bool {
        let node = &self.plan.graph.nodes[unit];
        node.kind.is_named() && self.before(unit).iter().any(|&before| before > unit)
    }

    /// The unit that a stream comes from, where the text gives it no name: neither by `let` nor by a pattern.
    pub fn unit(&self, stream: StreamId) -> Option<NodeId> {
        match self.plan.graph.streams[stream].origin {
            Origin::Node(node) => {
                let bound = self.plan.graph.nodes[node].kind == Kind::Route;
                let unnamed = self.plan.code.streams[stream].name.is_none() && !bound;
                unnamed.then_some(self.of[node])
            }
            Origin::Input(_) => None,
        }
    }

    /// The node that takes a unit's streams.
    pub fn entry(&self, unit: NodeId) -> NodeId {
        let first = self.plan.graph.nodes[unit].args.first();
        match first.and_then(|&arg| self.plan.graph.producer(arg)) {
            Some(group)
                if group > unit
                    && self.of[group] == unit
                    && matches!(self.plan.graph.nodes[group].kind, Kind::Group(_)) =>
            {
                group
            }
            _ => unit,
        }
    }

    /// The streams that a unit takes.
    pub fn args(&self, unit: NodeId) -> Vec<(StreamId, &'a Taken)> {
        let entry = self.entry(unit);
        let streams = self.plan.graph.nodes[entry].args.iter().copied();
        streams.zip(&self.plan.code.nodes[entry].args).collect()
    }

    /// The node of the arms of a `match`, where it has a value.
    pub fn arms(&self, route: NodeId) -> Option<NodeId> {
        (self.last[route] != route).then_some(self.last[route])
    }

    /// Whether a unit is a statement without a name.
    pub fn gives_nothing(&self, unit: NodeId) -> bool {
        let last = &self.plan.graph.nodes[self.last[unit]];
        match last.kind {
            Kind::Route => true,
            Kind::Pipeline => last.outs.is_empty(),
            _ => last.shape == Shape::Sink,
        }
    }

    /// Of a stream that a pattern binds: the arm, and the place among the names that it uses.
    pub fn binding(&self, stream: StreamId) -> Option<(usize, usize)> {
        let node = self.plan.graph.producer(stream)?;
        let (Shape::List(streams), Work::Route { arms, .. }) = (
            &self.plan.graph.nodes[node].shape,
            &self.plan.code.nodes[node].work,
        ) else {
            return None;
        };
        // the first is the tag
        let mut at = streams.iter().position(|&known| known == stream)?;
        at = at.checked_sub(1)?;
        for (arm, names) in arms.iter().enumerate() {
            match at.checked_sub(names.bindings.len()) {
                Some(rest) => at = rest,
                None => return Some((arm, at)),
            }
        }
        None
    }
}

/// The names that a pattern makes streams.
pub fn bound(pat: &Pat) -> BTreeSet<String> {
    struct Binder(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Binder {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            let name = plain(&pat.ident);
            if !name.starts_with(char::is_uppercase) {
                self.0.insert(name);
            }
            syn::visit::visit_pat_ident(self, pat);
        }
    }
    let mut binder = Binder(BTreeSet::new());
    binder.visit_pat(pat);
    binder.0
}
