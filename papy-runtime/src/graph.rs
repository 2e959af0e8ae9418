//! A pipeline's graph as data.

/// What a pipeline's text says, as a constant.
#[derive(Debug)]
pub struct Graph {
    pub(crate) name: &'static str,
    pub(crate) inputs: &'static [&'static str],
    pub(crate) nodes: &'static [Node],
    pub(crate) outputs: &'static [&'static str],
}

/// A node of a [`Graph`].
#[derive(Debug)]
pub struct Node {
    pub(crate) name: &'static str,
    /// Slots that leave for each that is evaluated.
    pub(crate) times: u64,
    /// The pipeline that it is, where it is one.
    pub(crate) inner: Option<&'static Graph>,
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
        }
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

impl Node {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, times: u64) -> Node {
        Node {
            name,
            times,
            inner: None,
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
        }
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
