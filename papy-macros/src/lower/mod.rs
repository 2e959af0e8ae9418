//! Lower: statements to a graph. Every name is resolved once, here; below this line there is no `syn` but in [`Code`].

mod closures;
mod explain;
pub mod mentions;
mod names;
mod options;
mod routes;
mod statements;
mod streams;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use syn::{Expr, ExprClosure, Member, Pat, Path, Stmt, Type};

use crate::diagnostics::{Diagnostics, Place};
use crate::graph::{Graph, Kind, Origin};
use crate::syntax::{Argument, Pipeline};
use names::Names;

/// The user's code that the graph's ids stand for.
#[derive(Debug, Default)]
pub struct Code {
    pub inputs: Vec<InputCode>,
    pub nodes: Vec<NodeCode>,
    pub streams: Vec<StreamCode>,
    pub outputs: Vec<OutputCode>,
    /// The names of the outputs as far as they can be read, also where the streams are broken.
    pub output_names: Vec<Ident>,
    /// What is evaluated when the pipeline is built, in text order.
    pub steps: Vec<Step>,
    /// The names of all values.
    pub values: Vec<Ident>,
}

#[derive(Debug)]
pub struct InputCode {
    pub name: Ident,
    pub ty: Type,
}

#[derive(Debug)]
pub struct OutputCode {
    pub name: Ident,
    pub taken: Taken,
}

/// What stands behind a stream's id.
#[derive(Debug)]
pub struct StreamCode {
    /// The name that the user gave it.
    pub name: Option<Ident>,
    pub place: Place,
    /// The item types that annotations say.
    pub annotations: Vec<Type>,
}

/// A use of a stream: where, and which part.
#[derive(Debug, Clone)]
pub struct Taken {
    pub place: Place,
    pub fields: Vec<Member>,
}

/// What stands behind a node's id.
#[derive(Debug)]
pub struct NodeCode {
    pub place: Place,
    pub work: Work,
    pub args: Vec<Taken>,
    pub pool: Option<Expr>,
    pub stride: Option<Expr>,
    pub spawn: Option<Expr>,
    pub timeout: Option<(Place, Expr)>,
    pub retry: Option<(Place, Expr)>,
    pub state: Option<Expr>,
    /// Where the option stands that rustc may have to complain about.
    pub filter: Option<Place>,
    pub serial: Option<Place>,
    pub fallible: Option<Place>,
    /// Where the option stands that this node, or the last thing that it does, is made of.
    pub option: Option<Place>,
    /// How many items a closure is given in a group.
    pub group: Option<u64>,
    /// Where a tuple pattern takes the result apart.
    pub split: Option<Place>,
}

/// An arm of a route.
#[derive(Debug)]
pub struct RouteArm {
    pub pat: Pat,
    pub guard: Option<Expr>,
    /// The names of the pattern that are streams.
    pub bindings: Vec<Ident>,
    /// Where it leads.
    pub body: Place,
}

#[derive(Debug)]
pub enum Work {
    Worker {
        path: Path,
        params: Vec<(Ident, Expr)>,
    },
    Closure {
        closure: Box<ExprClosure>,
        mentions: Vec<String>,
    },
    Route {
        arms: Vec<RouteArm>,
        mentions: Vec<String>,
    },
    /// Slots are moved about, and no code of the user's is called.
    Moves,
}

/// Something that is evaluated when the pipeline is built.
#[derive(Debug)]
pub enum Step {
    /// A typed `let`, or an item.
    Plain(Box<Stmt>),
    /// What a node needs.
    Node(usize),
}

/// The product.
#[derive(Debug)]
pub struct Lowered {
    pub graph: Graph,
    pub code: Code,
}

/// Lowers a pipeline; whatever is wrong is in `cx`.
pub fn lower(pipeline: &Pipeline, cx: &mut Diagnostics) -> Lowered {
    let mut lowering = Lowering {
        cx,
        graph: Graph::default(),
        code: Code::default(),
        names: Names::default(),
        known_pools: BTreeMap::new(),
        naming: None,
        promised: !pipeline.outputs.is_empty(),
        in_arm: false,
        held: BTreeSet::new(),
    };
    lowering.arguments(&pipeline.args);
    lowering.names.foresee(&pipeline.body.statements);
    lowering.names.touch(&pipeline.body.unread);
    lowering.statements(pipeline);
    lowering.check_used();
    lowering.name_nodes();
    Lowered {
        graph: lowering.graph,
        code: lowering.code,
    }
}

struct Lowering<'cx> {
    cx: &'cx mut Diagnostics,
    graph: Graph,
    code: Code,
    names: Names,
    /// Values that are textually the default pool, or the inline one.
    known_pools: BTreeMap<String, crate::graph::PoolClass>,
    /// The name that the `let` at hand gives.
    naming: Option<String>,
    /// Whether the header promises outputs.
    promised: bool,
    /// Whether the text at hand is an arm of a route.
    in_arm: bool,
    /// Values that nodes hold by name, so that another value must not take it.
    held: BTreeSet<String>,
}

impl Lowering<'_> {
    fn arguments(&mut self, args: &[Argument]) {
        for arg in args {
            match arg {
                Argument::Input { name, ty } => {
                    let input = self.graph.inputs.len();
                    let stream = self.new_stream(Origin::Input(input), Place::of(name));
                    self.graph.inputs.push(crate::graph::Input {
                        name: plain(name),
                        stream,
                    });
                    self.code.inputs.push(InputCode {
                        name: name.clone(),
                        ty: ty.clone(),
                    });
                    self.define_stream(name, Some(stream), Vec::new());
                }
                Argument::Value { pat, .. } => self.define_values(pat),
                Argument::Broken { pat, .. } => self.broken(pat),
            }
        }
    }

    fn new_stream(&mut self, origin: Origin, place: Place) -> usize {
        let name = match origin {
            Origin::Node(node) => self.graph.nodes[node].name.clone(),
            Origin::Input(_) => String::new(),
        };
        self.code.streams.push(StreamCode {
            name: None,
            place,
            annotations: Vec::new(),
        });
        self.graph.stream(origin, name)
    }

    fn define_values(&mut self, pat: &Pat) {
        for name in names::bound(pat) {
            self.define_value(&name);
        }
    }

    /// Gives nodes of one name their numbers, in text order.
    fn name_nodes(&mut self) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for node in &mut self.graph.nodes {
            if !node.kind.is_named() {
                continue;
            }
            if let Some(own) = node.name.strip_prefix(OWN_NAME) {
                node.name = own.to_owned();
                continue;
            }
            let nth = seen.entry(node.name.clone()).or_default();
            *nth += 1;
            if *nth > 1 {
                node.name = format!("{}#{nth}", node.name);
            }
        }
        for node in 0..self.graph.nodes.len() {
            let owner = self.graph.nodes[node].owner;
            if owner != node {
                let name = self.graph.nodes[owner].name.clone();
                self.graph.nodes[node].name = name;
            }
        }
        for stream in 0..self.graph.streams.len() {
            let unnamed = self.code.streams[stream].name.is_none();
            let route = |&node: &usize| self.graph.nodes[node].kind != Kind::Route;
            if let Some(node) = self
                .graph
                .producer(stream)
                .filter(|_| unnamed)
                .filter(route)
            {
                self.graph.streams[stream]
                    .name
                    .clone_from(&self.graph.nodes[node].name);
            }
        }
    }
}

/// Marks a name that `.named` gave, until all are known.
const OWN_NAME: char = '\0';

/// A path without what stands in angle brackets.
pub fn without_arguments(path: &Path) -> Path {
    let mut path = path.clone();
    for segment in &mut path.segments {
        segment.arguments = syn::PathArguments::None;
    }
    path
}

/// A name without `r#`.
pub fn plain(name: &Ident) -> String {
    use syn::ext::IdentExt;
    name.unraw().to_string()
}
