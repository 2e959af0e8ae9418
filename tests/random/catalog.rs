//! What the workers of random pipelines take and give.
#![allow(
    clippy::unnecessary_wraps,
    clippy::unit_arg,
    reason = "every entry ends in the same kind of outcome, whatever the worker gives"
)]

use std::fmt;

use super::workers::{self as w, Point, Sort};

/// The type of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Int,
    List,
    Point,
    Sort,
    Maybe,
}

impl Kind {
    pub fn text(self) -> &'static str {
        match self {
            Kind::Int => "i64",
            Kind::List => "Vec<i64>",
            Kind::Point => "Point",
            Kind::Sort => "Sort",
            Kind::Maybe => "Option<i64>",
        }
    }
}

/// An item, or what a call is given.
#[derive(Clone)]
pub enum Value {
    Int(i64),
    List(Vec<i64>),
    Point(Point),
    Sort(Sort),
    Maybe(Option<i64>),
    /// The items that meet in a join, as an element of a group.
    Tuple(Vec<Value>),
    /// What `.consume(n)` collects.
    Group(Vec<Value>),
    /// What `.catch()` hands on; a fault is a number.
    Caught(Result<Box<Value>, i64>),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Value::Int(x) => x.fmt(f),
            Value::List(xs) => xs.fmt(f),
            Value::Point(point) => point.fmt(f),
            Value::Sort(sort) => sort.fmt(f),
            Value::Maybe(x) => x.fmt(f),
            Value::Tuple(values) | Value::Group(values) => values.fmt(f),
            Value::Caught(result) => result.fmt(f),
        }
    }
}

impl Value {
    pub fn int(&self) -> i64 {
        match self {
            Value::Int(x) => *x,
            other => panic!("{other:?} is no number"),
        }
    }

    fn list(&self) -> Vec<i64> {
        match self {
            Value::List(xs) => xs.clone(),
            other => panic!("{other:?} is no list"),
        }
    }

    fn group(&self) -> &[Value] {
        match self {
            Value::Group(values) => values,
            other => panic!("{other:?} is no group"),
        }
    }

    pub fn ints(&self) -> Vec<i64> {
        self.group().iter().map(Value::int).collect()
    }

    pub fn pairs(&self) -> Vec<(i64, i64)> {
        let pair = |value: &Value| match value {
            Value::Tuple(parts) => (parts[0].int(), parts[1].int()),
            other => panic!("{other:?} is no pair"),
        };
        self.group().iter().map(pair).collect()
    }

    fn caught(&self) -> i64 {
        match self {
            Value::Caught(result) => w::caught_of(
                result
                    .as_ref()
                    .map(|value| value.int())
                    .map_err(|code| *code),
            ),
            other => panic!("{other:?} was not caught"),
        }
    }

    fn all_caught(&self) -> Vec<i64> {
        self.group().iter().map(Value::caught).collect()
    }
}

/// Whether a worker takes several items at once, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    No,
    Array,
    Vec,
}

/// What comes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    One(Kind),
    /// An `Option`, under `.filter()`.
    Maybe(Kind),
    /// An array, under `.produce(n)`.
    Array(Kind),
    /// Any number of items, under `.flat()`.
    Flat(Kind),
    /// A tuple that is taken apart.
    Parts(&'static [Kind]),
    /// Nothing; the state comes out at the end, under `.fold()`.
    State(Kind),
    Nothing,
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    Never,
    Errors,
    Panics,
}

/// One call: what the worker's state, items, parameters and the `n` of `.produce(n)` are.
pub struct Call<'a> {
    pub state: &'a mut Value,
    pub args: &'a [Value],
    pub params: &'a [i64],
    pub give: usize,
}

impl Call<'_> {
    pub fn int(&self, n: usize) -> i64 {
        self.args[n].int()
    }

    /// Calls `f` with the state.
    pub fn with<R>(&mut self, f: impl FnOnce(&mut i64) -> R) -> R {
        match &mut *self.state {
            Value::Int(state) => f(state),
            other => panic!("{other:?} is no state"),
        }
    }
}

/// The items that a call gives, or that it fails.
pub type Outcome = Result<Vec<Value>, String>;

/// A worker.
pub struct Entry {
    pub name: &'static str,
    pub takes: &'static [Kind],
    pub group: Group,
    pub gives: Gives,
    pub state: Option<Kind>,
    pub catches: bool,
    pub mishap: Mishap,
    pub params: &'static [&'static str],
    /// Has parameters that are lent, or scratch; not to be called from a closure.
    pub lent: bool,
    pub call: fn(&mut Call) -> Outcome,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Entry {
    /// Says more than one of the words that change what a slot is.
    pub fn is_combined(&self) -> bool {
        let group = usize::from(self.group != Group::No);
        let gives = usize::from(!matches!(self.gives, Gives::One(_)));
        let state = usize::from(self.state.is_some() && !matches!(self.gives, Gives::State(_)));
        group + gives + state > 1
    }
}

/// A worker that takes these items, one of each.
pub const fn plain(
    name: &'static str,
    takes: &'static [Kind],
    gives: Gives,
    call: fn(&mut Call) -> Outcome,
) -> Entry {
    Entry {
        name,
        takes,
        group: Group::No,
        gives,
        state: None,
        catches: false,
        mishap: Mishap::Never,
        params: &[],
        lent: false,
        call,
    }
}

impl Entry {
    pub const fn errors(mut self) -> Entry {
        self.mishap = Mishap::Errors;
        self.params = AT;
        self
    }

    pub const fn panics(mut self) -> Entry {
        self.mishap = Mishap::Panics;
        self.params = AT;
        self
    }

    pub const fn params(mut self, params: &'static [&'static str]) -> Entry {
        self.params = params;
        self
    }

    pub const fn state(mut self, state: Kind) -> Entry {
        self.state = Some(state);
        self
    }

    pub const fn group(mut self, group: Group) -> Entry {
        self.group = group;
        self
    }

    pub const fn catches(mut self) -> Entry {
        self.catches = true;
        self
    }

    pub const fn lent(mut self) -> Entry {
        self.lent = true;
        self
    }
}

fn one(x: i64) -> Outcome {
    Ok(vec![Value::Int(x)])
}

fn list(xs: Vec<i64>) -> Outcome {
    Ok(vec![Value::List(xs)])
}

fn all(xs: impl IntoIterator<Item = i64>) -> Outcome {
    Ok(xs.into_iter().map(Value::Int).collect())
}

fn nothing(_: impl Sized) -> Outcome {
    Ok(Vec::new())
}

const AT: &[&str] = &["every", "at"];
const INT: &[Kind] = &[Kind::Int];
const TWO: &[Kind] = &[Kind::Int, Kind::Int];
const THREE: &[Kind] = &[Kind::Int, Kind::Int, Kind::Int];
const LIST: &[Kind] = &[Kind::List];
const GIVES: Gives = Gives::One(Kind::Int);

/// The parameters of a mishap.
macro_rules! at {
    ($c:ident) => {
        ($c.params[0], $c.params[1])
    };
}

/// Every worker.
#[rustfmt::skip]
pub static CATALOG: &[Entry] = &[
    plain("inc", INT, GIVES, |c| one(w::inc(c.int(0)))),
    plain("scale", INT, GIVES, |c| one(w::scale(c.int(0), c.params[0]))).params(&["by"]),
    plain("scale_lent", INT, GIVES, |c| one(w::scale_lent(c.int(0), &c.params[0], &mut Vec::new()))).params(&["by"]).lent(),
    plain("fragile", INT, GIVES, |c| { let (e, a) = at!(c); one(w::fragile(c.int(0), e, a)) }).panics(),
    plain("brittle", INT, GIVES, |c| { let (e, a) = at!(c); one(w::brittle(c.int(0), e, a)?) }).errors(),
    plain("digits", INT, Gives::One(Kind::List), |c| list(w::digits(c.int(0)))),
    plain("total", LIST, GIVES, |c| one(w::total(c.args[0].list()))),
    plain("halves", INT, Gives::One(Kind::Point), |c| Ok(vec![Value::Point(w::halves(c.int(0)))])),
    plain("measure", &[Kind::Point], GIVES, |c| match &c.args[0] {
        Value::Point(point) => one(w::measure(point.clone())),
        other => panic!("{other:?} is no point"),
    }),
    plain("both", INT, Gives::Parts(TWO), |c| all(<[i64; 2]>::from(w::both(c.int(0))))),
    plain("both_brittle", INT, Gives::Parts(TWO), |c| { let (e, a) = at!(c); all(<[i64; 2]>::from(w::both_brittle(c.int(0), e, a)?)) }).errors(),

    plain("sum", TWO, GIVES, |c| one(w::sum(c.int(0), c.int(1)))),
    plain("sum_brittle", TWO, GIVES, |c| { let (e, a) = at!(c); one(w::sum_brittle(c.int(0), c.int(1), e, a)?) }).errors(),
    plain("sum_fragile", TWO, GIVES, |c| { let (e, a) = at!(c); one(w::sum_fragile(c.int(0), c.int(1), e, a)) }).panics(),
    plain("sum3", THREE, GIVES, |c| one(w::sum3(c.int(0), c.int(1), c.int(2)))),
    plain("extended", &[Kind::List, Kind::Int], Gives::One(Kind::List), |c| list(w::extended(c.args[0].list(), c.int(1)))),

    plain("keep", INT, Gives::Maybe(Kind::Int), |c| { let (e, a) = at!(c); all(w::keep(c.int(0), e, a)) }).params(AT),
    plain("keep_brittle", INT, Gives::Maybe(Kind::Int), |c| { let (e, a) = at!(c); all(w::keep_brittle(c.int(0), e, a)?) }).errors(),
    plain("keep_sum", TWO, Gives::Maybe(Kind::Int), |c| { let (e, a) = at!(c); all(w::keep_sum(c.int(0), c.int(1), e, a)) }).params(AT),

    plain("running", INT, GIVES, |c| { let x = c.int(0); one(c.with(|s| w::running(s, x))) }).state(Kind::Int),
    plain("running_brittle", INT, GIVES, |c| { let ((e, a), x) = (at!(c), c.int(0)); one(c.with(|s| w::running_brittle(s, x, e, a))?) }).state(Kind::Int).errors(),
    plain("running_fragile", INT, GIVES, |c| { let ((e, a), x) = (at!(c), c.int(0)); one(c.with(|s| w::running_fragile(s, x, e, a))) }).state(Kind::Int).panics(),
    plain("running_sum", TWO, GIVES, |c| { let (x, y) = (c.int(0), c.int(1)); one(c.with(|s| w::running_sum(s, x, y))) }).state(Kind::Int),
    plain("running_keep", INT, Gives::Maybe(Kind::Int), |c| { let x = c.int(0); all(c.with(|s| w::running_keep(s, x))) }).state(Kind::Int),
    plain("running_caught", INT, GIVES, |c| { let x = c.args[0].caught(); one(c.with(|s| w::running(s, x))) }).state(Kind::Int).catches(),

    plain("gather", INT, Gives::State(Kind::Int), |c| { let x = c.int(0); nothing(c.with(|s| w::gather(s, x))) }).state(Kind::Int),
    plain("gather_list", INT, Gives::State(Kind::List), |c| { let x = c.int(0); match &mut *c.state {
        Value::List(xs) => nothing(w::gather_list(xs, x)),
        other => panic!("{other:?} is no list"),
    } }).state(Kind::List),
    plain("gather_brittle", INT, Gives::State(Kind::Int), |c| { let ((e, a), x) = (at!(c), c.int(0)); nothing(c.with(|s| w::gather_brittle(s, x, e, a))?) }).state(Kind::Int).errors(),
    plain("gather_fragile", INT, Gives::State(Kind::Int), |c| { let ((e, a), x) = (at!(c), c.int(0)); nothing(c.with(|s| w::gather_fragile(s, x, e, a))) }).state(Kind::Int).panics(),
    plain("gather_sum", TWO, Gives::State(Kind::Int), |c| { let (x, y) = (c.int(0), c.int(1)); nothing(c.with(|s| w::gather_sum(s, x, y))) }).state(Kind::Int),
    plain("gather_caught", INT, Gives::State(Kind::Int), |c| { let x = c.args[0].caught(); nothing(c.with(|s| w::gather(s, x))) }).state(Kind::Int).catches(),

    plain("caught", INT, GIVES, |c| one(c.args[0].caught())).catches(),
    plain("sum_caught", TWO, GIVES, |c| one(w::sum(c.args[0].caught(), c.args[1].caught()))).catches(),

    plain("many", INT, Gives::Array(Kind::Int), |c| all(w::many_of(c.int(0), c.give))),
    plain("many_brittle", INT, Gives::Array(Kind::Int), |c| { let (e, a) = at!(c); w::many_brittle::<1>(c.int(0), e, a)?; all(w::many_of(c.int(0), c.give)) }).errors(),
    plain("many_fragile", INT, Gives::Array(Kind::Int), |c| { let (e, a) = at!(c); let _ = w::many_fragile::<1>(c.int(0), e, a); all(w::many_of(c.int(0), c.give)) }).panics(),
    plain("many_sum", TWO, Gives::Array(Kind::Int), |c| all(w::many_of(w::sum(c.int(0), c.int(1)), c.give))),

    plain("group", INT, GIVES, |c| one(w::batch(c.args[0].ints()))).group(Group::Array),
    plain("group_list", INT, Gives::One(Kind::List), |c| list(c.args[0].ints())).group(Group::Array),
    plain("group_brittle", INT, GIVES, |c| { let (e, a) = at!(c); one(w::batch_brittle(c.args[0].ints(), e, a)?) }).group(Group::Array).errors(),
    plain("group_sum", TWO, GIVES, |c| one(w::batch_sum(c.args[0].pairs()))).group(Group::Array),
    plain("group_caught", INT, GIVES, |c| one(w::total_of(&c.args[0].all_caught()))).group(Group::Array).catches(),
    plain("regroup", INT, Gives::Array(Kind::Int), |c| all(w::many_of(w::batch(c.args[0].ints()), c.give))).group(Group::Array),
    plain("batch", INT, GIVES, |c| one(w::batch(c.args[0].ints()))).group(Group::Vec),
    plain("batch_list", INT, Gives::One(Kind::List), |c| list(c.args[0].ints())).group(Group::Vec),
    plain("batch_brittle", INT, GIVES, |c| { let (e, a) = at!(c); one(w::batch_brittle(c.args[0].ints(), e, a)?) }).group(Group::Vec).errors(),
    plain("batch_sum", TWO, GIVES, |c| one(w::batch_sum(c.args[0].pairs()))).group(Group::Vec),
    plain("batch_caught", INT, GIVES, |c| one(w::total_of(&c.args[0].all_caught()))).group(Group::Vec).catches(),
    plain("batch_many", INT, Gives::Array(Kind::Int), |c| all(w::many_of(w::batch(c.args[0].ints()), c.give))).group(Group::Vec),
    plain("batch_keep", INT, Gives::Maybe(Kind::Int), |c| { let (e, a) = at!(c); all(w::batch_keep(c.args[0].ints(), e, a)) }).group(Group::Vec).params(AT),
    plain("batch_spread", INT, Gives::Flat(Kind::Int), |c| all(w::batch_spread(c.args[0].ints()))).group(Group::Vec),
    plain("running_batch", INT, GIVES, |c| { let xs = c.args[0].ints(); one(c.with(|s| w::running_batch(s, xs))) }).group(Group::Vec).state(Kind::Int),
    plain("gather_batch", INT, Gives::State(Kind::Int), |c| { let xs = c.args[0].ints(); nothing(c.with(|s| w::gather_batch(s, xs))) }).group(Group::Vec).state(Kind::Int),
    plain("running_many", INT, Gives::Array(Kind::Int), |c| { let x = c.int(0); let x = c.with(|s| w::running(s, x)); all(w::many_of(x, c.give)) }).state(Kind::Int),

    plain("spread", INT, Gives::Flat(Kind::Int), |c| all(w::spread(c.int(0)))),
    plain("spread_brittle", INT, Gives::Flat(Kind::Int), |c| { let (e, a) = at!(c); all(w::spread_brittle(c.int(0), e, a)?) }).errors(),
    plain("spread_fragile", INT, Gives::Flat(Kind::Int), |c| { let (e, a) = at!(c); all(w::spread_fragile(c.int(0), e, a)) }).panics(),
    plain("spread_sum", TWO, Gives::Flat(Kind::Int), |c| all(w::spread_sum(c.int(0), c.int(1)))),
    plain("climb", INT, Gives::Flat(Kind::Int), |c| all(w::climb(c.int(0)))),
    plain("unpack", LIST, Gives::Flat(Kind::Int), |c| all(w::unpack(c.args[0].list()))),
    plain("running_spread", INT, Gives::Flat(Kind::Int), |c| { let x = c.int(0); all(c.with(|s| w::running_spread(s, x))) }).state(Kind::Int),

    plain("sort", INT, Gives::One(Kind::Sort), |c| Ok(vec![Value::Sort(w::sort(c.int(0)))])),
    plain("sort_brittle", INT, Gives::One(Kind::Sort), |c| { let (e, a) = at!(c); Ok(vec![Value::Sort(w::sort_brittle(c.int(0), e, a)?)]) }).errors(),
    plain("perhaps", INT, Gives::One(Kind::Maybe), |c| Ok(vec![Value::Maybe(w::perhaps(c.int(0)))])),
    // What a sink puts aside is the interpreter's business.
    plain("put", INT, Gives::Nothing, |c| Ok(c.args.to_vec())).params(&["to"]).lent(),
];

pub fn entry(name: &str) -> &'static Entry {
    let found = CATALOG.iter().find(|entry| entry.name == name);
    found.unwrap_or_else(|| panic!("no worker {name}"))
}
