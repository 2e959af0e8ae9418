//! What stands in the arms of a `match` without a value, each of which ends in sinks.
//!
//! The graph tells the arm of a sink that takes what the arm's pattern binds. Of others it does not matter to the graph;
//! they go where the order of the text lets them, if there is one into an arm of its own.

use std::collections::BTreeSet;

use super::units::{Units, bound};
use crate::graph::{Kind, NodeId, Origin, StreamId};
use crate::lower::Work;

/// Sinks that stand in one arm, since they are made from one stream that has no name.
struct Bundle {
    units: Vec<NodeId>,
    written: BTreeSet<NodeId>,
    /// The arms that it may stand in.
    least: usize,
    most: usize,
    /// Arms in between in whose patterns names that it uses mean something else.
    hidden: BTreeSet<usize>,
}

/// The arm that is filled last, and the first bundle in it.
type Filled = Option<(usize, usize)>;

impl Units<'_> {
    /// Units that give nothing, in the arms of a `match` without a value: for each arm those that stand in it.
    pub fn sinks(&self, route: NodeId) -> Vec<Vec<NodeId>> {
        let Work::Route { arms, .. } = &self.plan.code.nodes[route].work else {
            return Vec::new();
        };
        let sinks = self.sinks_until(route, self.inside[route].end);
        sinks.unwrap_or_else(|| vec![Vec::new(); arms.len()])
    }

    /// The same, where its arms end with this node; `None` where they have no room for that.
    fn sinks_until(&self, route: NodeId, end: NodeId) -> Option<Vec<Vec<NodeId>>> {
        let Work::Route { arms, .. } = &self.plan.code.nodes[route].work else {
            return None;
        };
        let bundles = self.bundles(route, end, arms.len());
        let mut found = Vec::new();
        if !self.fill(&bundles, None, &mut found, &mut BTreeSet::new()) {
            return None;
        }
        let mut sinks = vec![Vec::new(); arms.len()];
        for (bundle, arm) in bundles.into_iter().zip(found) {
            sinks.get_mut(arm)?.extend(bundle.units);
        }
        Some(sinks)
    }

    /// What has to find a place in the arms, in order.
    fn bundles(&self, route: NodeId, end: NodeId, arms: usize) -> Vec<Bundle> {
        let begins = self.begins(route);
        let mut bundles: Vec<Bundle> = Vec::new();
        let mut at = self.inside[route].start;
        while at < end {
            let unit = at;
            // what stands in the arms of another belongs there
            at = if self.is_statement_route(unit) {
                self.inside[unit].end.max(unit + 1)
            } else {
                unit + 1
            };
            if self.of[unit] != unit || !self.gives_nothing(unit) {
                continue;
            }
            let written = self.written(unit, route);
            let (least, most) = self.arms_of(unit, route, &begins, arms);
            let hidden = self.hidden(&written, route);
            match bundles.last_mut() {
                Some(bundle) if !bundle.written.is_disjoint(&written) => {
                    bundle.units.push(unit);
                    bundle.written.extend(written);
                    bundle.least = bundle.least.max(least);
                    bundle.most = bundle.most.min(most);
                    bundle.hidden.extend(hidden);
                }
                _ => bundles.push(Bundle {
                    units: vec![unit],
                    written,
                    least,
                    most,
                    hidden,
                }),
            }
        }
        bundles
    }

    /// The arms of a `match` whose patterns bind a name that units in them would use as that of an arm around it.
    fn hidden(&self, written: &BTreeSet<NodeId>, route: NodeId) -> BTreeSet<usize> {
        let graph = self.plan.graph;
        let Work::Route { arms, .. } = &self.plan.code.nodes[route].work else {
            return BTreeSet::new();
        };
        let args = written
            .iter()
            .flat_map(|&unit| [self.entry(unit), self.last[unit]]);
        let args = args.flat_map(|node| graph.nodes[node].args.iter().copied());
        let outer = args.filter(|&arg| {
            let producer = graph.producer(arg);
            producer.is_some_and(|node| node < route && graph.nodes[node].kind == Kind::Route)
        });
        let names: BTreeSet<&String> = outer.map(|arg| &graph.streams[arg].name).collect();
        let arms = arms.iter().enumerate();
        arms.filter(|(_, arm)| bound(&arm.pat).iter().any(|name| names.contains(name)))
            .map(|(at, _)| at)
            .collect()
    }

    /// Finds an arm for each bundle behind those that have one; `failed` are states that lead nowhere.
    fn fill(
        &self,
        bundles: &[Bundle],
        filled: Filled,
        found: &mut Vec<usize>,
        failed: &mut BTreeSet<(usize, Filled)>,
    ) -> bool {
        let at = found.len();
        let Some(bundle) = bundles.get(at) else {
            return true;
        };
        if failed.contains(&(at, filled)) {
            return false;
        }
        let least = filled.map_or(0, |(arm, _)| arm + 1).max(bundle.least);
        let own = (least..=bundle.most).find(|arm| !bundle.hidden.contains(arm));
        let own = own.map(|arm| (arm, at));
        let beside = filled.filter(|&(_, first)| self.go_together(&bundles[first..=at]));
        for next in [own, beside].into_iter().flatten() {
            let (arm, _) = next;
            if (bundle.least..=bundle.most).contains(&arm) && !bundle.hidden.contains(&arm) {
                found.push(arm);
                if self.fill(bundles, Some(next), found, failed) {
                    return true;
                }
                found.truncate(at);
            }
        }
        failed.insert((at, filled));
        false
    }

    /// Whether one arm can hold all of them: a tuple of sinks, or a `match` whose arms hold the others.
    fn go_together(&self, bundles: &[Bundle]) -> bool {
        let first = bundles.first().and_then(|bundle| bundle.units.first());
        if let Some(&route) = first.filter(|&&unit| self.is_statement_route(unit)) {
            let units = bundles.iter().flat_map(|bundle| &bundle.units);
            let end = units.map(|&unit| self.end(unit)).max();
            let Some(end) = end else { return false };
            // it belongs to the first node in its arms, which must stay none where there is none
            let nodes = &self.plan.graph.nodes;
            let fed = nodes[route].owner > route;
            let works = nodes[route..end].iter().any(|node| node.kind == Kind::Work);
            return (fed || !works) && self.sinks_until(route, end).is_some();
        }
        bundles.iter().all(|bundle| match bundle.units.as_slice() {
            [unit] => !self.is_statement_route(*unit),
            // these stand behind `>>` as they are
            _ => false,
        })
    }

    /// Whether a unit is a `match` without a value.
    pub fn is_statement_route(&self, unit: NodeId) -> bool {
        self.plan.graph.nodes[unit].kind == Kind::Route && self.last[unit] == unit
    }

    /// An arm that is a `match` without a value is nothing else: what follows stands in that one's arms.
    pub fn fill_arms(&mut self) {
        for route in 0..self.of.len() {
            if self.plan.graph.nodes[route].kind != Kind::Route || self.last[route] != route {
                continue;
            }
            for arm in self.sinks(route) {
                let inner = arm.iter().position(|&unit| self.is_statement_route(unit));
                if let Some(inner) = inner {
                    let ends = arm[inner..].iter().map(|&unit| self.end(unit));
                    self.inside[arm[inner]].end = ends.max().unwrap_or(0);
                }
            }
        }
    }

    /// The first arm and the last one that a unit may stand in.
    fn arms_of(
        &self,
        unit: NodeId,
        route: NodeId,
        begins: &[(usize, StreamId)],
        arms: usize,
    ) -> (usize, usize) {
        if let Some(arm) = self.arm(unit, route, &mut BTreeSet::new()) {
            return (arm, arm);
        }
        // It takes nothing that a pattern binds, so any arm says the same; but streams are numbered in the order of the text.
        let origin = Origin::Node(self.last[unit]);
        let mut streams = self.plan.graph.streams.iter();
        let own = streams.position(|stream| stream.origin == origin);
        let earlier = |&(_, stream): &(usize, StreamId)| own.is_some_and(|own| stream < own);
        let after = begins.partition_point(earlier);
        let least = after.checked_sub(1).map_or(0, |at| begins[at].0);
        let most = begins.get(after).map_or(arms, |&(arm, _)| arm);
        (least, most.saturating_sub(1).max(least))
    }

    /// All units that are written for one in the arms of a `match`.
    fn written(&self, unit: NodeId, route: NodeId) -> BTreeSet<NodeId> {
        let mut written = BTreeSet::new();
        let mut trail = vec![unit];
        while let Some(unit) = trail.pop() {
            if written.insert(unit) {
                let before = self.before(unit).into_iter();
                trail.extend(before.filter(|&before| before > route));
                trail.extend(self.inside[unit].clone().map(|id| self.of[id]));
            }
        }
        written
    }

    /// The arms whose patterns bind something, and the first stream of each.
    fn begins(&self, route: NodeId) -> Vec<(usize, StreamId)> {
        let Work::Route { arms, .. } = &self.plan.code.nodes[route].work else {
            return Vec::new();
        };
        // the first is the tag
        let mut streams = self.plan.graph.nodes[route].outs[1..].iter();
        let mut begins = Vec::new();
        for (at, arm) in arms.iter().enumerate() {
            for number in 0..bound(&arm.pat).len() {
                if let (Some(&stream), 0) = (streams.next(), number) {
                    begins.push((at, stream));
                }
            }
        }
        begins
    }

    /// The arm of a `match` whose names a unit takes.
    fn arm(&self, unit: NodeId, route: NodeId, seen: &mut BTreeSet<NodeId>) -> Option<usize> {
        if !seen.insert(unit) {
            return None;
        }
        let mut args: Vec<StreamId> = self.args(unit).iter().map(|&(stream, _)| stream).collect();
        if self.plan.graph.nodes[unit].kind == Kind::Route {
            let inside = self.inside[unit].start..self.inside[unit].end.max(self.last[unit] + 1);
            args.extend(inside.flat_map(|id| self.plan.graph.nodes[id].args.iter().copied()));
        }
        args.into_iter()
            .find_map(|stream| match self.plan.graph.producer(stream) {
                Some(producer) if producer == route => self.binding(stream).map(|(arm, _)| arm),
                _ => self.arm(self.unit(stream)?, route, seen),
            })
    }
}
