//! The pipeline as a graph of dense ids. No `syn` here: what code a node stands for is kept beside it, by id.

mod facts;
mod ratio;

pub use facts::{Beginning, Conflict, FUSED, Facts, round};
pub use ratio::Ratio;

/// An index into [`Graph::nodes`], in text order.
pub type NodeId = usize;
/// An index into [`Graph::streams`].
pub type StreamId = usize;

/// Inputs, nodes and outputs, and the streams between them.
#[derive(Debug, Default)]
pub struct Graph {
    pub inputs: Vec<Input>,
    pub nodes: Vec<Node>,
    pub streams: Vec<Stream>,
    pub outputs: Vec<Output>,
    /// The nodes so that each stands behind those it takes from.
    pub order: Vec<NodeId>,
}

#[derive(Debug)]
pub struct Input {
    pub name: String,
    pub stream: StreamId,
}

#[derive(Debug)]
pub struct Output {
    pub name: String,
    pub from: StreamId,
}

/// A stream, and where it comes from.
#[derive(Debug)]
pub struct Stream {
    pub origin: Origin,
    /// As messages and pictures call it.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Input(usize),
    Node(NodeId),
}

/// What takes streams and gives streams.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // each is an option of the text, and they are independent
pub struct Node {
    pub kind: Kind,
    /// The node of the text that it stands for: itself, but for what an option is made of.
    pub owner: NodeId,
    pub name: String,
    pub args: Vec<StreamId>,
    /// All streams that come from it.
    pub outs: Vec<StreamId>,
    pub shape: Shape,
    pub mode: Mode,
    pub pool: PoolClass,
    pub unordered: bool,
    pub ordered: bool,
    pub filter: bool,
    pub catch: bool,
    pub fallible: bool,
    pub strided: bool,
    /// Its worker gives iterators.
    pub flat: bool,
    /// Of [`Kind::Arms`]: which argument each arm is; `None` where it skips.
    pub arms: Vec<Option<usize>>,
}

/// What a node does with slots.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Evaluates a worker or a closure.
    #[default]
    Work,
    /// Puts together what `.consume(n)` takes.
    Group(u64),
    /// Takes the arrays of `.produce(n)` apart.
    Spread(u64),
    /// Gives everything n times.
    Repeat(u64),
    /// Takes the iterators of `.flat()` apart.
    Flat,
    /// Sends each item down one arm: gives the tag of the arm, then what the patterns bind.
    Route,
    /// Takes the tag and the arms' streams, and gives the slot of the arm that was taken.
    Arms,
    /// `merge(…)`
    Merge,
    /// Another pipeline.
    Pipeline,
}

impl Kind {
    /// Whether the text has a node for it, with a name and counts of its own.
    pub fn is_named(self) -> bool {
        matches!(self, Kind::Work | Kind::Pipeline)
    }
}

/// What becomes of a node's result.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Not yet known: the node is being read.
    #[default]
    Pending,
    /// One stream.
    Stream(StreamId),
    /// Nothing: the node is a sink.
    Sink,
    /// Several streams.
    List(Vec<StreamId>),
    /// A tuple, each part of which is a stream.
    Parts(Vec<Shape>),
    /// A part that is dropped.
    Dropped,
}

/// How many evaluations of a node may run at once, and in which order.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Parallel,
    /// At most as many as `.spawn(n)` says.
    Spawn,
    /// Each within its time, on threads that may be lost; with `.spawn(n)` too, at most as many.
    Timed,
    Serial,
    Fold,
}

/// Which pool a node runs on, as far as the text tells.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum PoolClass {
    #[default]
    Default,
    /// The calling thread.
    Inline,
    /// The value of this name.
    Named(String),
    /// The expression of this node alone.
    Own(NodeId),
}

impl Graph {
    /// The stream of an input, or of a node's result.
    pub fn stream(&mut self, origin: Origin, name: String) -> StreamId {
        self.streams.push(Stream { origin, name });
        let stream = self.streams.len() - 1;
        if let Origin::Node(node) = origin {
            self.nodes[node].outs.push(stream);
        }
        stream
    }

    /// The place of each node among those that the text has names for.
    pub fn numbers(&self) -> Vec<usize> {
        let mut named = 0;
        let number = |node: &Node| {
            let number = named;
            named += usize::from(node.kind.is_named());
            number
        };
        self.nodes.iter().map(number).collect()
    }

    /// The node that a stream comes from.
    pub fn producer(&self, stream: StreamId) -> Option<NodeId> {
        match self.streams[stream].origin {
            Origin::Input(_) => None,
            Origin::Node(node) => Some(node),
        }
    }
}
