//! Checks of the graph. They read it, never change it, and are silent about what is already reported.

use crate::diagnostics::Diagnostics;
use crate::graph::{Facts, Graph, Lineage};
use crate::lower::Code;
use crate::mistakes;

/// Streams that meet in a node must have the same slots.
pub fn lineages(graph: &Graph, facts: &Facts, code: &Code, cx: &mut Diagnostics) {
    for (node, node_code) in graph.nodes.iter().zip(&code.nodes) {
        let Some(&first) = node.args.first() else {
            continue;
        };
        let expected = facts.lineage(graph, first);
        let odd = node
            .args
            .iter()
            .find(|&&arg| facts.lineage(graph, arg) != expected);
        let Some(&odd) = odd else { continue };
        let (folded, other) = if expected == Lineage::Inputs {
            (odd, first)
        } else {
            (first, odd)
        };
        let name = |stream: usize| graph.streams[stream].name.as_str();
        cx.report(
            node_code.place,
            mistakes::lineage(name(folded), name(other)),
        );
    }
}
