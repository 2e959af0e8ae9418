//! A random pipeline as data: what is written as text, and what is interpreted.

use super::catalog::{Entry, Kind, Value};
use super::workers::Sort;

pub type StreamId = usize;

/// A pipeline with those that it uses, and what flows into it.
#[derive(Debug, Clone)]
pub struct Program {
    pub seed: u64,
    pub main: Pipeline,
    pub inner: Vec<Pipeline>,
    pub inputs: Vec<Input>,
    /// Of every stream of every pipeline.
    pub streams: Vec<Stream>,
    /// How many sinks the pipeline ends in.
    pub sinks: usize,
}

#[derive(Debug, Clone)]
pub struct Stream {
    pub name: String,
    pub kind: Kind,
}

/// The items of an input.
#[derive(Debug, Clone)]
pub enum Input {
    Items(Vec<i64>),
    /// An iterator of `Result`s; `None` is an error.
    Fallible(Vec<Option<i64>>),
    /// An iterator that panics after these.
    Panics(Vec<i64>),
}

impl Input {
    /// How many slots it is.
    pub fn len(&self) -> usize {
        match self {
            Input::Items(items) => items.len(),
            Input::Fallible(items) => items.len(),
            Input::Panics(items) => items.len() + 1,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Pipeline {
    pub name: String,
    pub inputs: Vec<StreamId>,
    /// Values of the header; the last ones may be sinks.
    pub values: Vec<Param>,
    /// Values that are made of them: `let m: i64 = k + 2;`.
    pub lets: Vec<(Param, String)>,
    pub pools: Vec<String>,
    pub body: Vec<Statement>,
    pub outputs: Vec<StreamId>,
    /// The tail is the last statement's expression, without a name.
    pub unnamed: bool,
    /// It stands in a module of its own.
    pub module: bool,
}

/// A value as it stands in the text, and what it is.
#[derive(Debug, Clone)]
pub struct Param {
    pub text: String,
    pub value: i64,
}

#[derive(Debug, Clone)]
pub enum Statement {
    /// `None` is `_`.
    Let(Vec<Option<StreamId>>, Expr),
    Sink(Expr),
    Drop(StreamId),
}

#[derive(Debug, Clone)]
pub enum Expr {
    Name(StreamId),
    /// A field of a [`Kind::Point`].
    Field(StreamId, &'static str),
    Node(Box<Node>),
    Route(Box<Route>),
    Merge(Box<(Expr, Expr)>),
}

/// How a node is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `a >> f`
    Chain,
    /// `f(a)`
    Call,
    /// `a >> (f, g) >> h`, where that is possible.
    Fan,
}

#[derive(Debug, Clone)]
pub struct Node {
    /// Unique in the program.
    pub id: usize,
    pub work: Work,
    pub args: Vec<Expr>,
    pub form: Form,
    pub options: Options,
}

#[derive(Debug, Clone)]
pub enum Work {
    Worker {
        entry: &'static Entry,
        params: Vec<Param>,
        state: Option<Param>,
        /// The `n` of `.consume(n)` and of `.produce(n)`.
        take: usize,
        give: usize,
        closure: bool,
    },
    /// One of [`Program::inner`].
    Pipeline {
        index: usize,
        values: Vec<Param>,
        pools: Vec<String>,
    },
}

/// What does not change the results, but for `.repeat(n)` and the name.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub on: Option<String>,
    /// `serial`, `unordered`, `ordered`.
    pub words: Vec<&'static str>,
    pub spawn: Option<Param>,
    pub stride: Option<usize>,
    pub retry: Option<usize>,
    pub timed: bool,
    pub repeat: Option<usize>,
    pub named: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Route {
    pub of: Expr,
    pub arms: Vec<Arm>,
    /// All arms are sinks, and the route is a statement.
    pub sinks: bool,
}

#[derive(Debug, Clone)]
pub struct Arm {
    pub pattern: Pattern,
    pub guard: Option<Guard>,
    /// `None` is `skip`.
    pub body: Option<Expr>,
}

/// `name % every == at`.
#[derive(Debug, Clone)]
pub struct Guard {
    pub name: StreamId,
    pub every: i64,
    pub at: i64,
}

/// What a pattern binds; `None` is `_`.
pub type Bound = Option<StreamId>;

#[derive(Debug, Clone)]
pub enum Pattern {
    Wild,
    Bind(StreamId),
    Literal(i64),
    Range(i64, i64),
    At(StreamId, i64, i64),
    Some(Bound),
    None,
    Nothing,
    Small(Bound),
    Wide(Bound, Bound),
    Both(Bound, Bound),
    /// `Small(x) | Both(x, _)`
    SmallOrBoth(StreamId),
}

impl Pattern {
    /// What is bound where the pattern matches.
    pub fn matches(&self, value: &Value) -> Option<Vec<(StreamId, Value)>> {
        let bind = |names: &[(Bound, i64)]| {
            let bound = names
                .iter()
                .filter_map(|(name, x)| Some(((*name)?, Value::Int(*x))));
            Some(bound.collect())
        };
        match (self, value) {
            (Pattern::Wild, _) => bind(&[]),
            (Pattern::Bind(name), Value::Int(x)) => bind(&[(Some(*name), *x)]),
            (Pattern::Literal(n), Value::Int(x)) if n == x => bind(&[]),
            (Pattern::Range(from, to), Value::Int(x)) if (*from..=*to).contains(x) => bind(&[]),
            (Pattern::At(name, from, to), Value::Int(x)) if (*from..=*to).contains(x) => {
                bind(&[(Some(*name), *x)])
            }
            (Pattern::Some(name), Value::Maybe(Some(x))) => bind(&[(*name, *x)]),
            (Pattern::None, Value::Maybe(None)) => bind(&[]),
            (Pattern::Nothing, Value::Sort(Sort::Nothing)) => bind(&[]),
            (Pattern::Small(name), Value::Sort(Sort::Small(x))) => bind(&[(*name, *x)]),
            (Pattern::Wide(a, b), Value::Sort(Sort::Wide { left, right })) => {
                bind(&[(*a, *left), (*b, *right)])
            }
            (Pattern::Both(a, b), Value::Sort(Sort::Both(x, y))) => bind(&[(*a, *x), (*b, *y)]),
            (Pattern::SmallOrBoth(name), Value::Sort(Sort::Small(x) | Sort::Both(x, _))) => {
                bind(&[(Some(*name), *x)])
            }
            _ => None,
        }
    }

    /// The names that it binds.
    pub fn bound(&self) -> Vec<StreamId> {
        match self {
            Pattern::Bind(name) | Pattern::At(name, ..) | Pattern::SmallOrBoth(name) => vec![*name],
            Pattern::Some(name) | Pattern::Small(name) => name.iter().copied().collect(),
            Pattern::Wide(a, b) | Pattern::Both(a, b) => a.iter().chain(b).copied().collect(),
            Pattern::Wild
            | Pattern::Literal(_)
            | Pattern::Range(..)
            | Pattern::None
            | Pattern::Nothing => Vec::new(),
        }
    }
}
