//! Regions as text, so that tests read as pictures.

use std::fmt::Write;

use super::{Consumer, Partition};
use crate::graph::{Graph, Mode, PoolClass};

impl Partition {
    /// One line for each region: what enters, the nodes in order, what leaves and where to.
    #[cfg_attr(not(test), allow(dead_code))]
    pub fn picture(&self, graph: &Graph) -> String {
        let mut text = String::new();
        for (at, region) in self.regions.iter().enumerate() {
            let mode = match region.mode {
                None => "passing",
                Some(Mode::Parallel) => "parallel",
                Some(Mode::Spawn) => "spawn",
                Some(Mode::Timed) => "timed",
                Some(Mode::Serial) => "serial",
                Some(Mode::Fold) => "fold",
            };
            let pool = match &region.pool {
                _ if region.mode.is_none() => String::new(),
                PoolClass::Default => String::new(),
                PoolClass::Inline => " on inline".to_owned(),
                PoolClass::Named(name) => format!(" on {name}"),
                PoolClass::Own(_) => " on its own".to_owned(),
            };
            let ins: Vec<String> = region
                .ins
                .iter()
                .map(|&(stream, each)| many(&graph.streams[stream].name, each))
                .collect();
            let nodes: Vec<String> = region
                .nodes
                .iter()
                .map(|&node| many(&graph.nodes[node].name, region.firings(node)))
                .collect();
            let outs: Vec<String> = region
                .outs
                .iter()
                .map(|out| {
                    let name = &graph.streams[out.stream].name;
                    match out.to {
                        Consumer::Output(output) => {
                            format!("{name} to {}", graph.outputs[output].name)
                        }
                        Consumer::Region(region) => format!("{name} to {region}"),
                        Consumer::Outside(node, _) => {
                            format!("{name} to {}", graph.nodes[node].name)
                        }
                    }
                })
                .collect();
            let _ = writeln!(
                text,
                "{at} {mode}{pool}: {} | {} | {}",
                ins.join(" "),
                nodes.join(" "),
                outs.join(", ")
            );
        }
        text
    }
}

/// `name`, or `3 name`.
fn many(name: &str, times: u64) -> String {
    if times == 1 {
        name.to_owned()
    } else {
        format!("{times} {name}")
    }
}
