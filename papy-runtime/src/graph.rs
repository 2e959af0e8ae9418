//! A pipeline's graph as data.

use std::fmt;

use crate::balance::Share;

/// What a pipeline's text says, as data: its inputs, nodes and outputs, and the streams between them.
///
/// Every pipeline has one, as the constant `GRAPH` of the type of its name. Printed, it is the canonical text of the
/// pipeline: one statement for each node, in the language itself. Compiled again, that text gives the same graph, and
/// the same text.
///
/// Everything that is asked for by name knows the names that faults and reports use.
#[derive(Debug)]
pub struct Graph {
    pub(crate) name: &'static str,
    pub(crate) inputs: &'static [&'static str],
    pub(crate) nodes: &'static [Node],
    pub(crate) outputs: &'static [&'static str],
    pub(crate) told: GraphParts,
}

/// A node of a [`Graph`].
#[derive(Debug)]
pub struct Node {
    pub(crate) name: &'static str,
    /// Slots that leave for each that is evaluated.
    pub(crate) times: u64,
    /// The pipeline that it is, where it is one.
    pub(crate) inner: Option<&'static Graph>,
    pub(crate) told: NodeParts,
}

/// A stream from where it comes from to one of those that take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// Where it comes from.
    pub from: End,
    /// What takes it.
    pub to: End,
    /// Its name, with the field that is taken of its items; of one without a name, that of its node. Between a `match` and
    /// the value of its arms it is empty: there, what flows is which arm each item takes.
    pub stream: &'static str,
}

/// An end of an [`Edge`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum End {
    /// An input, by its place in [`Graph::inputs`].
    Input(usize),
    /// A node, by its place in [`Graph::nodes`].
    Node(usize),
    /// A `match`, by its place in the text: it sends each item down one of its arms.
    Match(usize),
    /// The value of that `match`: what its arms give.
    Arms(usize),
    /// A `merge`, by its place in the text.
    Merge(usize),
    /// An output, by its place in [`Graph::outputs`].
    Output(usize),
}

/// What generated code tells of a graph. Not for people.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct GraphParts {
    pub text: &'static str,
    pub edges: &'static [Edge],
    /// The nodes so that each stands behind those it takes from.
    pub order: &'static [usize],
    /// How each stream is counted.
    pub shares: &'static [Share],
    /// The streams of the inputs.
    pub entering: &'static [usize],
}

/// What generated code tells of a node. Not for people.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct NodeParts {
    pub worker: &'static str,
    pub params: &'static [(&'static str, &'static str)],
    pub options: &'static [(&'static str, &'static str)],
    pub takes: &'static [&'static str],
    pub gives: &'static [&'static str],
    pub region: Option<usize>,
    /// The streams by whose slots it is evaluated.
    pub counted: &'static [usize],
}

impl Graph {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: &'static str,
        inputs: &'static [&'static str],
        nodes: &'static [Node],
        outputs: &'static [&'static str],
    ) -> Graph {
        Graph {
            name,
            inputs,
            nodes,
            outputs,
            told: GraphParts {
                text: name,
                edges: &[],
                order: &[],
                shares: &[],
                entering: &[],
            },
        }
    }

    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn told(self, told: GraphParts) -> Graph {
        Graph { told, ..self }
    }

    /// The name of the pipeline.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The names of the inputs, as the header lists them.
    #[must_use]
    pub const fn inputs(&self) -> &'static [&'static str] {
        self.inputs
    }

    /// The names of the outputs, in order.
    #[must_use]
    pub const fn outputs(&self) -> &'static [&'static str] {
        self.outputs
    }

    /// The nodes, in the order of the text. Each pipeline that is a node is one; its own are in [its graph](Node::inner).
    #[must_use]
    pub const fn nodes(&self) -> &'static [Node] {
        self.nodes
    }

    /// The node of this name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&'static Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The streams: one edge for each use. Those that enter a node stand in the order in which it takes them.
    #[must_use]
    pub const fn edges(&self) -> &'static [Edge] {
        self.told.edges
    }

    /// Which nodes are evaluated together, on the same thread, item by item: parallel nodes of one pool that are
    /// connected. A pipeline that is a node is in none: it has regions of its own.
    #[must_use]
    pub fn regions(&self) -> Vec<Vec<&'static Node>> {
        let mut regions: Vec<Vec<&'static Node>> = Vec::new();
        for node in self.nodes {
            if let Some(region) = node.told.region {
                if regions.len() <= region {
                    regions.resize(region + 1, Vec::new());
                }
                regions[region].push(node);
            }
        }
        regions
    }

    /// Where the nodes stand in the report: those of a pipeline that is a node come in its place.
    pub(crate) fn frame(&self) -> Frame {
        self.frame_from(&mut 0)
    }

    fn frame_from(&self, next: &mut usize) -> Frame {
        let mut frame = Frame::default();
        for node in self.nodes {
            frame.nodes.push(*next);
            match node.inner {
                Some(inner) => frame.inner.push(Some(inner.frame_from(next))),
                None => {
                    frame.inner.push(None);
                    *next += 1;
                }
            }
        }
        frame
    }

    /// The nodes that are evaluated, in the report's order, with the names of those around them.
    pub(crate) fn leaves(&self) -> Vec<(String, &Node)> {
        let mut leaves = Vec::new();
        self.leaves_under("", &mut leaves);
        leaves
    }

    fn leaves_under<'g>(&'g self, above: &str, leaves: &mut Vec<(String, &'g Node)>) {
        for node in self.nodes {
            let name = format!("{above}{}", node.name);
            match node.inner {
                Some(inner) => inner.leaves_under(&format!("{name}/"), leaves),
                None => leaves.push((name, node)),
            }
        }
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.told.text)
    }
}

impl Node {
    const UNTOLD: NodeParts = NodeParts {
        worker: "",
        params: &[],
        options: &[],
        takes: &[],
        gives: &[],
        region: None,
        counted: &[],
    };

    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, times: u64) -> Node {
        Node {
            name,
            times,
            inner: None,
            told: Node::UNTOLD,
        }
    }

    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn pipeline(name: &'static str, inner: &'static Graph) -> Node {
        Node {
            name,
            times: 1,
            inner: Some(inner),
            told: Node::UNTOLD,
        }
    }

    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn told(self, told: NodeParts) -> Node {
        Node { told, ..self }
    }

    /// The name, as in faults and reports: `dbl`, `dbl#2`, `closure`, or what `.named("…")` says.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What is evaluated, as text: the path of the worker or of the pipeline, or the closure.
    #[must_use]
    pub const fn worker(&self) -> &'static str {
        self.told.worker
    }

    /// The graph of the pipeline that it is, where it is one.
    #[must_use]
    pub const fn inner(&self) -> Option<&'static Graph> {
        self.inner
    }

    /// Its parameters, with the text of their values.
    #[must_use]
    pub const fn params(&self) -> &'static [(&'static str, &'static str)] {
        self.told.params
    }

    /// Its options, with the text of what stands in their parentheses.
    #[must_use]
    pub const fn options(&self) -> &'static [(&'static str, &'static str)] {
        self.told.options
    }

    /// What stands in the parentheses of an option: nothing for `serial`, the number for `spawn`. `None` where the node
    /// does not have it.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&'static str> {
        let mut options = self.told.options.iter();
        options
            .find(|(known, _)| *known == name)
            .map(|(_, given)| *given)
    }

    /// The pool that it runs on, as text. `None` where it says none, and runs on the default one.
    #[must_use]
    pub fn pool(&self) -> Option<&'static str> {
        self.option("on")
    }

    /// The streams that it takes, in order, as in [`Edge::stream`].
    #[must_use]
    pub const fn takes(&self) -> &'static [&'static str] {
        self.told.takes
    }

    /// The streams that it gives: none where it is a sink, several where a pattern takes its items apart.
    #[must_use]
    pub const fn gives(&self) -> &'static [&'static str] {
        self.told.gives
    }

    /// Which of [`Graph::regions`] it belongs to.
    #[must_use]
    pub const fn region(&self) -> Option<usize> {
        self.told.region
    }
}

impl Edge {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(from: End, to: End, stream: &'static str) -> Edge {
        Edge { from, to, stream }
    }
}

/// Where the nodes of a graph stand in the report of a run.
#[derive(Debug, Default, Clone)]
pub(crate) struct Frame {
    /// The place of each node; of a pipeline, that of its first.
    pub(crate) nodes: Vec<usize>,
    /// The frames of the pipelines among them.
    pub(crate) inner: Vec<Option<Frame>>,
}
