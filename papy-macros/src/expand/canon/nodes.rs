//! Nodes as text: the worker or the closure, its parameters, and its options in one fixed order.

use std::collections::BTreeMap;

use proc_macro2::Literal;
use syn::Expr;

use super::tokens::text;
use super::units::Units;
use crate::diagnostics::Place;
use crate::expand::Plan;
use crate::graph::{Kind, Mode, NodeId};
use crate::lower::{Work, plain};

/// What a node is without its streams.
pub struct NodeText {
    /// The path of the worker or of the pipeline, or the closure.
    pub worker: String,
    /// The name of each parameter, and its value.
    pub params: Vec<(String, String)>,
    /// The name of each option, and what it is given.
    pub options: Vec<(&'static str, String)>,
    /// Whether a closure stands in parentheses.
    pub closure: bool,
}

impl NodeText {
    /// The node at a line that is indented so far.
    pub fn new(plan: &Plan, units: &Units, unit: NodeId, indent: usize) -> NodeText {
        let code = &plan.code.nodes[unit];
        let (worker, mut params) = match &code.work {
            Work::Worker { path, params } => {
                let params = params.iter();
                let bound = params.map(|(name, expr)| (name.to_string(), text(expr, indent)));
                (text(path, indent), bound.collect())
            }
            Work::Closure { closure, .. } => (text(closure, indent), Vec::new()),
            Work::Route { .. } => ("match".to_owned(), Vec::new()),
            Work::Moves => ("merge".to_owned(), Vec::new()),
        };
        if let Some(state) = &code.state {
            params.push(("state".to_owned(), text(state, indent)));
        }
        NodeText {
            worker,
            params,
            options: options(plan, units, unit, indent),
            closure: matches!(code.work, Work::Closure { .. }),
        }
    }

    /// Behind `>>`.
    pub fn chained(&self) -> String {
        let options = self.suffix();
        let worker = &self.worker;
        match () {
            () if self.closure => format!("({worker}){options}"),
            () if self.params.is_empty() => format!("{worker}{options}"),
            () => self.called(&[]),
        }
    }

    /// Around what it takes.
    pub fn called(&self, args: &[String]) -> String {
        let params = self.params.iter();
        let params = params.map(|(name, value)| format!("{name} = {value}"));
        let all: Vec<String> = args.iter().cloned().chain(params).collect();
        format!("{}({}){}", self.worker, all.join(", "), self.suffix())
    }

    fn suffix(&self) -> String {
        let options = self.options.iter();
        let options: Vec<String> = options
            .map(|(name, given)| format!(".{name}({given})"))
            .collect();
        options.concat()
    }
}

/// What it takes, what it gives, how it is evaluated, and what it is called.
fn options(plan: &Plan, units: &Units, unit: NodeId, indent: usize) -> Vec<(&'static str, String)> {
    let nodes = &plan.graph.nodes;
    let (node, code) = (&nodes[unit], &plan.code.nodes[unit]);
    let entry = &nodes[units.entry(unit)];
    let number = |wanted: fn(Kind) -> Option<u64>| {
        let mut own = units.options[unit].iter();
        let found = own.find_map(|&part| wanted(nodes[part].kind));
        found.map(|n| n.to_string())
    };
    let given = |expr: &Option<Expr>| expr.as_ref().map(|expr| text(expr, indent));
    let timed = |given: &Option<(Place, Expr)>| given.as_ref().map(|(_, expr)| text(expr, indent));
    let flag = |on: bool| on.then(String::new);
    let group = |kind| match kind {
        Kind::Group(n) => Some(n),
        _ => None,
    };
    let spread = |kind| match kind {
        Kind::Spread(n) => Some(n),
        _ => None,
    };
    let repeat = |kind| match kind {
        Kind::Repeat(n) => Some(n),
        _ => None,
    };
    let all = [
        ("pipeline", flag(node.kind == Kind::Pipeline)),
        ("consume", number(group)),
        ("catch", flag(node.catch || entry.catch)),
        ("fallible", flag(node.fallible)),
        ("filter", flag(node.filter)),
        ("flat", flag(node.flat)),
        ("produce", number(spread)),
        ("repeat", number(repeat)),
        ("serial", flag(node.mode == Mode::Serial)),
        ("fold", flag(node.mode == Mode::Fold)),
        ("unordered", flag(node.unordered)),
        ("ordered", flag(node.ordered)),
        ("spawn", given(&code.spawn)),
        ("stride", given(&code.stride)),
        ("timeout", timed(&code.timeout)),
        ("retry", timed(&code.retry)),
        ("on", given(&code.pool)),
        ("named", units.own_names[unit].clone()),
    ];
    all.into_iter()
        .filter_map(|(name, given)| Some((name, given?)))
        .collect()
}

/// What `.named` gives, for each node whose name does not follow from its worker and its place in the text.
pub fn own_names(plan: &Plan) -> Vec<Option<String>> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let nodes = plan.graph.nodes.iter().zip(&plan.code.nodes);
    nodes
        .map(|(node, code)| {
            let base = match &code.work {
                _ if !node.kind.is_named() => return None,
                Work::Worker { path, .. } => path.segments.last().map(|last| plain(&last.ident)),
                _ => Some("closure".to_owned()),
            };
            let base = base.unwrap_or_default();
            let nth = seen.get(&base).copied().unwrap_or(0) + 1;
            let follows = match nth {
                1 => base == node.name,
                nth => format!("{base}#{nth}") == node.name,
            };
            if follows {
                seen.insert(base, nth);
                return None;
            }
            Some(Literal::string(&node.name).to_string())
        })
        .collect()
}
