//! Checks of the graph. They read it, never change it, and are silent about what is already reported.

use crate::diagnostics::Diagnostics;
use crate::graph::{Beginning, Conflict, Facts, Graph, Kind, StreamId};
use crate::lower::Code;
use crate::mistakes;

/// Streams that meet in a node must have the same slots, and as many.
pub fn balance(graph: &Graph, facts: &Facts, code: &Code, cx: &mut Diagnostics) {
    let broken = broken(graph, facts);
    let mut reported = None;
    for conflict in &facts.conflicts {
        let args = &graph.nodes[conflict.node].args;
        if broken[args[conflict.args.0]] || broken[args[conflict.args.1]] {
            continue;
        }
        if graph.nodes[conflict.node].kind == Kind::Arms {
            arm(graph, facts, code, conflict, cx);
            continue;
        }
        if reported.replace(conflict.node) == Some(conflict.node) {
            continue;
        }
        let node = &graph.nodes[conflict.node];
        let (a, b) = (node.args[conflict.args.0], node.args[conflict.args.1]);
        let place = code.nodes[conflict.node].place;
        let name = |stream: StreamId| graph.streams[stream].name.as_str();
        if let Some(rates) = conflict.rates {
            let join = match node.kind {
                Kind::Merge => "merge",
                _ => graph.nodes[node.owner].name.as_str(),
            };
            cx.report(place, mistakes::rates((name(a), name(b)), rates, join));
            continue;
        }
        let (odd, other) = match facts.begun(a) {
            Some(Beginning::Input(_)) => (b, a),
            _ => (a, b),
        };
        let Some(begun) = facts.begun(odd) else {
            continue;
        };
        cx.report(place, mistakes::lineage(name(odd), name(other), begun));
    }
}

/// Streams behind a node whose arguments don't balance: how they are counted is not known.
fn broken(graph: &Graph, facts: &Facts) -> Vec<bool> {
    let mut broken = vec![false; graph.streams.len()];
    for &id in &graph.order {
        let node = &graph.nodes[id];
        let conflicts = facts.conflicts.iter().any(|conflict| conflict.node == id);
        if conflicts || node.args.iter().any(|&arg| broken[arg]) {
            node.outs.iter().for_each(|&out| broken[out] = true);
        }
    }
    broken
}

/// An arm must give a slot for each that takes it.
fn arm(graph: &Graph, facts: &Facts, code: &Code, conflict: &Conflict, cx: &mut Diagnostics) {
    let (node, arg) = (conflict.node, conflict.args.1);
    let stream = graph.nodes[node].args[arg];
    let name = graph.streams[stream].name.as_str();
    cx.report(
        code.nodes[node].args[arg].place,
        mistakes::arm_of_other_slots(name, facts.begun(stream), conflict.rates),
    );
}
