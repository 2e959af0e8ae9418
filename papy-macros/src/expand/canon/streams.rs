//! Streams as text: what a unit takes and does, with what has to stand inside of it.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use syn::{Member, Pat};

use super::names::Names;
use super::nodes::NodeText;
use super::tokens::{STEP, text};
use super::units::{Units, bound};
use crate::expand::Plan;
use crate::graph::{Kind, NodeId, StreamId};
use crate::lower::{Work, plain};

/// Writes streams, and keeps what that needs.
pub struct Streams<'a> {
    pub plan: &'a Plan<'a>,
    pub units: &'a Units<'a>,
    pub names: Names,
    /// Other names of streams whose own mean something else somewhere.
    aliases: BTreeMap<StreamId, Ident>,
    /// Those that have not been defined yet.
    pub undefined: Vec<(Ident, StreamId)>,
    /// The arms around what is written.
    scope: Vec<Scope>,
}

/// An arm and the names that its pattern binds.
struct Scope {
    route: NodeId,
    arm: usize,
    bound: BTreeSet<String>,
}

/// A use of a stream.
#[derive(Clone, PartialEq)]
struct Port<'a> {
    from: From,
    fields: &'a [Member],
}

#[derive(Clone, Copy, PartialEq)]
enum From {
    Named(StreamId),
    /// It is written where it is used.
    Unit(NodeId),
}

impl<'a> Streams<'a> {
    pub fn new(plan: &'a Plan<'a>, units: &'a Units<'a>, names: Names) -> Streams<'a> {
        Streams {
            plan,
            units,
            names,
            aliases: BTreeMap::new(),
            undefined: Vec::new(),
            scope: Vec::new(),
        }
    }

    /// A unit and what stands in it.
    pub fn unit(&mut self, unit: NodeId, indent: usize) -> String {
        let args = self.args(unit);
        let node = &self.plan.graph.nodes[unit];
        match node.kind {
            Kind::Route => self.route(unit, indent),
            Kind::Merge if !self.are_shared(&args) => {
                format!("merge({})", self.ports(&args, indent).join(", "))
            }
            _ => {
                let node = NodeText::new(self.plan, self.units, unit, indent);
                if self.units.is_call(unit) || self.means_value(&node) {
                    let args = self.ports(&args, indent);
                    node.called(&args)
                } else {
                    format!("{} >> {}", self.list(&args, indent), node.chained())
                }
            }
        }
    }

    /// Whether a node's text would be taken for a value.
    fn means_value(&self, node: &NodeText) -> bool {
        let is_name = |value: &Ident| *value == node.worker;
        node.params.is_empty()
            && node.options.is_empty()
            && self.plan.code.values.iter().any(is_name)
    }

    /// A stream where it is used, with the fields that are taken of its items.
    pub fn stream(&mut self, stream: StreamId, fields: &[Member]) -> String {
        let port = Port {
            from: From::Named(stream),
            fields,
        };
        self.port(&port, 0)
    }

    fn args(&self, unit: NodeId) -> Vec<Port<'a>> {
        let args = self.units.args(unit).into_iter();
        args.map(|(stream, taken)| Port {
            from: self.from(stream),
            fields: &taken.fields,
        })
        .collect()
    }

    fn from(&self, stream: StreamId) -> From {
        match self.units.unit(stream) {
            Some(unit) if self.names.get(stream).is_none() => From::Unit(unit),
            _ => From::Named(stream),
        }
    }

    fn ports(&mut self, ports: &[Port<'a>], indent: usize) -> Vec<String> {
        ports.iter().map(|port| self.port(port, indent)).collect()
    }

    fn port(&mut self, port: &Port, indent: usize) -> String {
        let base = match port.from {
            From::Named(stream) => self.name(stream),
            From::Unit(unit) if port.fields.is_empty() => self.unit(unit, indent),
            From::Unit(unit) => format!("({})", self.unit(unit, indent)),
        };
        project(base, port.fields)
    }

    /// The name of a stream where it stands.
    fn name(&mut self, stream: StreamId) -> String {
        let Some(name) = self.names.get(stream).cloned() else {
            return String::new();
        };
        let key = plain(&name);
        let shadow = self
            .scope
            .iter()
            .rev()
            .find(|scope| scope.bound.contains(&key));
        let own = |scope: &Scope| {
            self.plan.graph.producer(stream) == Some(scope.route)
                && self
                    .units
                    .binding(stream)
                    .is_some_and(|(arm, _)| arm == scope.arm)
        };
        if shadow.is_none_or(own) {
            return name.to_string();
        }
        if let Some(alias) = self.aliases.get(&stream) {
            return alias.to_string();
        }
        let alias = self.names.fresh(&key);
        self.aliases.insert(stream, alias.clone());
        self.undefined.push((alias.clone(), stream));
        alias.to_string()
    }

    /// What stands in front of `>>`.
    fn list(&mut self, ports: &[Port<'a>], indent: usize) -> String {
        if let Some(stem) = self.stem(ports).filter(|_| self.are_shared(ports)) {
            let fan = self.fan(ports, &stem, indent);
            let text = format!("{} >> {}", self.list(&stem, indent), together(&fan));
            let fields = ports.first().map_or(&[][..], |port| port.fields);
            return match fields {
                [] => text,
                fields => project(format!("({text})"), fields),
            };
        }
        match ports {
            [port] => {
                let text = self.port(port, indent);
                let route = |unit: NodeId| self.plan.graph.nodes[unit].kind == Kind::Route;
                match port.from {
                    From::Unit(unit) if port.fields.is_empty() && route(unit) => {
                        format!("({text})")
                    }
                    _ => text,
                }
            }
            ports => format!("({})", self.ports(ports, indent).join(", ")),
        }
    }

    /// Whether two of them come from one stream that has no name.
    fn are_shared(&self, ports: &[Port]) -> bool {
        let mut seen = BTreeSet::new();
        ports.iter().any(|port| {
            let mut own = BTreeSet::new();
            self.behind(port, None, &mut own);
            let shared = !seen.is_disjoint(&own);
            seen.extend(own);
            shared
        })
    }

    /// The units that are written for a port, up to a stem.
    fn behind(&self, port: &Port, stem: Option<&[Port]>, units: &mut BTreeSet<NodeId>) {
        let From::Unit(unit) = port.from else { return };
        if !units.insert(unit) {
            return;
        }
        let args = self.args(unit);
        if stem.is_none_or(|stem| stem != args) {
            for arg in &args {
                self.behind(arg, stem, units);
            }
        }
    }

    /// What all of them are made from: `s` in `s >> (f, g)`.
    fn stem(&self, ports: &[Port<'a>]) -> Option<Vec<Port<'a>>> {
        let mut at = ports.first()?.from;
        while let From::Unit(unit) = at {
            let stem = self.args(unit);
            if ports.iter().all(|port| self.leads(port, &stem)) {
                return Some(stem);
            }
            at = stem.first()?.from;
        }
        None
    }

    fn leads(&self, port: &Port, stem: &[Port]) -> bool {
        let From::Unit(unit) = port.from else {
            return false;
        };
        let args = self.args(unit);
        args == stem || (!args.is_empty() && args.iter().all(|arg| self.leads(arg, stem)))
    }

    /// `f, g >> h` of `s >> (f, g >> h)`
    fn fan(&mut self, ports: &[Port<'a>], stem: &[Port<'a>], indent: usize) -> Vec<String> {
        let mut elements = Vec::new();
        let mut start = 0;
        while start < ports.len() {
            let mut units = BTreeSet::new();
            self.behind(&ports[start], Some(stem), &mut units);
            let mut end = start + 1;
            while let Some(next) = ports.get(end) {
                let mut own = BTreeSet::new();
                self.behind(next, Some(stem), &mut own);
                if own.is_disjoint(&units) {
                    break;
                }
                units.extend(own);
                end += 1;
            }
            elements.push(self.branch(&ports[start..end], stem, indent));
            start = end;
        }
        elements
    }

    /// One of a fan: ports that are not made apart.
    fn branch(&mut self, ports: &[Port<'a>], stem: &[Port<'a>], indent: usize) -> String {
        let (before, last) = match ports {
            [
                Port {
                    from: From::Unit(unit),
                    ..
                },
            ] => {
                let node = NodeText::new(self.plan, self.units, *unit, indent);
                (self.args(*unit), node.chained())
            }
            ports => {
                let own = self.stem(ports).unwrap_or_default();
                let fan = self.fan(ports, &own, indent);
                (own, together(&fan))
            }
        };
        if before == stem {
            return last;
        }
        let before = self.fan(&before, stem, indent);
        format!("{} >> {last}", together(&before))
    }

    /// `match stream { … }`
    fn route(&mut self, route: NodeId, indent: usize) -> String {
        let args = self.args(route);
        let mut written = format!("match {} {{\n", self.list(&args, indent));
        let Work::Route { arms, .. } = &self.plan.code.nodes[route].work else {
            return written;
        };
        let inner = indent + STEP;
        let merge = self.units.arms(route);
        let sinks = self.units.sinks(route);
        for (at, arm) in arms.iter().enumerate() {
            let mut pat = arm.pat.clone();
            if let Pat::Or(or) = &mut pat {
                or.leading_vert = None;
            }
            let guard = arm
                .guard
                .as_ref()
                .map_or_else(String::new, |guard| format!(" if {}", text(guard, inner)));
            self.scope.push(Scope {
                route,
                arm: at,
                bound: bound(&arm.pat),
            });
            let body = match merge {
                Some(merge) => {
                    let arg = self.plan.graph.nodes[merge].arms[at];
                    arg.map(|arg| {
                        let port = Port {
                            from: self.from(self.plan.graph.nodes[merge].args[arg]),
                            fields: &self.plan.code.nodes[merge].args[arg].fields,
                        };
                        self.port(&port, inner)
                    })
                }
                None => self.sinks(&sinks[at], inner),
            };
            self.scope.pop();
            let body = body.unwrap_or_else(|| "skip".to_owned());
            written.push_str(&format!(
                "{}{}{guard} => {body},\n",
                " ".repeat(inner),
                text(&pat, inner)
            ));
        }
        written.push_str(&" ".repeat(indent));
        written.push('}');
        written
    }

    /// An arm that ends in sinks.
    fn sinks(&mut self, units: &[NodeId], indent: usize) -> Option<String> {
        let ports: Vec<Port> = units
            .iter()
            .map(|&unit| Port {
                from: From::Unit(unit),
                fields: &[],
            })
            .collect();
        match units {
            [] => None,
            [unit] => Some(self.sink(*unit, indent)),
            _ => Some(self.list(&ports, indent)),
        }
    }

    /// A unit that gives nothing, so that it is read as that again.
    pub fn sink(&mut self, unit: NodeId, indent: usize) -> String {
        let text = self.unit(unit, indent);
        let valued = self.units.arms(unit).is_some();
        if valued && self.plan.graph.nodes[unit].kind == Kind::Route {
            // its arms give items, and are no statements
            return format!("({text},)");
        }
        text
    }
}

fn project(mut base: String, fields: &[Member]) -> String {
    for field in fields {
        base.push('.');
        base.push_str(&text(field, 0));
    }
    base
}

/// The elements of a fan.
fn together(elements: &[String]) -> String {
    match elements {
        [element] => element.clone(),
        elements => format!("({})", elements.join(", ")),
    }
}
