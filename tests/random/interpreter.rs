//! What a pipeline has to give: lists of slots, evaluated one node after the other.
//!
//! This follows the language's rules about slots and nothing else; it knows no waves, threads or regions. Where the rules
//! leave a choice, the choice is marked with `CHOICE`.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::catalog::{Call, Entry, Gives, Group, Kind, Value};
use super::expectation::{Expectation, Expected, Token};
use super::program::{Expr, Input, Node, Pipeline, Program, Route, Statement, StreamId, Work};

/// Where a slot comes from: of each input that leads to it, the position of the item. It is a set of positions where the
/// rules name several.
type Place = BTreeMap<usize, BTreeSet<u64>>;

/// What failed.
#[derive(Debug, Clone, PartialEq)]
struct Origin {
    /// The evaluation that failed, so that the same fault on two paths is told once.
    evaluation: usize,
    node: String,
    place: Place,
    kind: &'static str,
}

#[derive(Debug, Clone)]
enum What<T> {
    Value(T),
    Hole,
    Fault(Vec<Origin>),
}

use What::{Fault, Hole};

#[derive(Debug, Clone)]
struct Slot<T> {
    place: Place,
    what: What<T>,
}

impl<T> Slot<T> {
    fn of<U>(&self, what: What<U>) -> Slot<U> {
        Slot {
            place: self.place.clone(),
            what,
        }
    }
}

/// A stream.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Flow<T = Value> {
    slots: Vec<Slot<T>>,
    /// The inputs that lead here.
    inputs: BTreeSet<usize>,
    /// An `Unequal` fault ended it.
    cut: bool,
    /// How many folds lie behind one another.
    folds: u64,
    /// A node on the way looks at several items at once, so a shorter run is not the beginning of a longer one.
    gathered: bool,
    unordered: bool,
    /// A merge of streams that have nothing to do with each other is on the way.
    mixed: bool,
}

impl<T> Flow<T> {
    /// The same stream with other slots.
    fn with<U>(&self, slots: Vec<Slot<U>>) -> Flow<U> {
        Flow {
            slots,
            inputs: self.inputs.clone(),
            cut: self.cut,
            folds: self.folds,
            gathered: self.gathered,
            unordered: self.unordered,
            mixed: self.mixed,
        }
    }

    fn map<U>(&self, mut f: impl FnMut(&Slot<T>) -> What<U>) -> Flow<U> {
        self.with(self.slots.iter().map(|slot| slot.of(f(slot))).collect())
    }
}

type Streams = BTreeMap<StreamId, Flow>;

pub struct Interpreter<'a> {
    program: &'a Program,
    /// The name of each node in its pipeline.
    names: &'a BTreeMap<usize, String>,
    lengths: Vec<u64>,
    evaluations: usize,
    unequal: usize,
    unclear: Option<&'static str>,
    sinks: Vec<Vec<Value>>,
}

/// What the program gives.
pub fn interpret(program: &Program, names: &BTreeMap<usize, String>) -> Expectation {
    let mut interpreter = Interpreter {
        program,
        names,
        lengths: program
            .inputs
            .iter()
            .map(|input| input.len() as u64)
            .collect(),
        evaluations: 0,
        unequal: 0,
        unclear: None,
        sinks: vec![Vec::new(); program.sinks],
    };
    let inputs = interpreter.inputs();
    let outputs = interpreter.pipeline(&program.main, inputs, "");
    Expectation {
        outputs: outputs.iter().map(expected).collect(),
        sinks: interpreter
            .sinks
            .iter()
            .map(|values| values.iter().map(text).collect::<Vec<_>>().join(" "))
            .collect(),
        unequal: interpreter.unequal,
        unclear: interpreter.unclear,
    }
}

impl Interpreter<'_> {
    fn evaluation(&mut self) -> usize {
        self.evaluations += 1;
        self.evaluations
    }

    fn inputs(&mut self) -> Vec<Flow> {
        let mut flows = Vec::new();
        for (index, input) in self.program.inputs.iter().enumerate() {
            let stream = self.program.main.inputs[index];
            let name = self.program.streams[stream].name.clone();
            let items: Vec<Option<i64>> = match input {
                Input::Items(items) => items.iter().copied().map(Some).collect(),
                Input::Fallible(items) => items.clone(),
                Input::Panics(items) => items.iter().copied().map(Some).chain([None]).collect(),
            };
            let mut slots = Vec::new();
            for (at, item) in items.into_iter().enumerate() {
                let place = Place::from([(index, BTreeSet::from([at as u64]))]);
                let what = match item {
                    Some(x) => What::Value(Value::Int(x)),
                    None => Fault(vec![Origin {
                        evaluation: self.evaluation(),
                        node: name.clone(),
                        place: place.clone(),
                        kind: "Input",
                    }]),
                };
                slots.push(Slot { place, what });
            }
            flows.push(Flow {
                slots,
                inputs: BTreeSet::from([index]),
                cut: false,
                folds: 0,
                gathered: false,
                unordered: false,
                mixed: false,
            });
        }
        flows
    }

    fn pipeline(&mut self, pipeline: &Pipeline, inputs: Vec<Flow>, prefix: &str) -> Vec<Flow> {
        let mut streams: Streams = pipeline.inputs.iter().copied().zip(inputs).collect();
        for statement in &pipeline.body {
            match statement {
                Statement::Let(names, expr) => {
                    let flows = self.expr(expr, &streams, prefix);
                    assert_eq!(names.len(), flows.len(), "names for each part");
                    for (name, flow) in names.iter().zip(flows) {
                        if let Some(name) = name {
                            streams.insert(*name, flow);
                        }
                    }
                }
                Statement::Sink(expr) => {
                    self.expr(expr, &streams, prefix);
                }
                Statement::Drop(_) => {}
            }
        }
        pipeline
            .outputs
            .iter()
            .map(|output| streams[output].clone())
            .collect()
    }

    fn single(&mut self, expr: &Expr, streams: &Streams, prefix: &str) -> Flow {
        let mut flows = self.expr(expr, streams, prefix);
        assert_eq!(flows.len(), 1, "one stream");
        flows.remove(0)
    }

    /// The streams that an expression is: several for a node whose result is taken apart.
    fn expr(&mut self, expr: &Expr, streams: &Streams, prefix: &str) -> Vec<Flow> {
        match expr {
            Expr::Name(name) => vec![streams[name].clone()],
            Expr::Field(name, field) => vec![streams[name].map(|slot| match &slot.what {
                What::Value(Value::Point(point)) => What::Value(Value::Int(match *field {
                    "left" => point.left,
                    _ => point.right,
                })),
                What::Value(other) => panic!("{other:?} has no fields"),
                Hole => Hole,
                Fault(origins) => Fault(origins.clone()),
            })],
            Expr::Node(node) => {
                let args = node
                    .args
                    .iter()
                    .map(|arg| self.single(arg, streams, prefix))
                    .collect();
                self.node(node, args, prefix)
            }
            Expr::Route(route) => self.route(route, streams, prefix),
            Expr::Merge(both) => {
                let a = self.single(&both.0, streams, prefix);
                let b = self.single(&both.1, streams, prefix);
                vec![self.merge(&a, &b)]
            }
        }
    }

    // ------------------------------------------------------------ nodes

    fn node(&mut self, node: &Node, args: Vec<Flow>, prefix: &str) -> Vec<Flow> {
        let name = format!("{prefix}{}", self.names[&node.id]);
        let mut flows = match &node.work {
            Work::Worker { entry, .. } => {
                let joined = self.join(&name, &args, entry.catches);
                self.worker(node, &name, &joined)
            }
            Work::Pipeline { index, .. } => {
                let inner = &self.program.inner[*index];
                return self.pipeline(inner, args, &format!("{name}/"));
            }
        };
        for flow in &mut flows {
            if let Some(n) = node.options.repeat {
                let times = |slot: &Slot<Value>| vec![slot.clone(); n];
                flow.slots = flow.slots.iter().flat_map(times).collect();
            }
            flow.unordered |= node.options.words.contains(&"unordered");
            if node.options.words.contains(&"ordered") {
                flow.unordered = false;
            }
        }
        flows
    }

    /// What the calls of a node are given.
    fn join(&mut self, name: &str, args: &[Flow], catches: bool) -> Flow<Vec<Value>> {
        let mut joined: Flow<Vec<Value>> = Flow {
            slots: Vec::new(),
            inputs: args.iter().flat_map(|arg| &arg.inputs).copied().collect(),
            cut: false,
            folds: args.iter().map(|arg| arg.folds).max().unwrap_or(0),
            gathered: args.iter().any(|arg| arg.gathered),
            unordered: args.iter().any(|arg| arg.unordered),
            mixed: args.iter().any(|arg| arg.mixed),
        };
        for at in 0.. {
            let ended = |arg: &&Flow| arg.slots.len() == at;
            let present: Vec<&Slot<Value>> =
                args.iter().filter_map(|arg| arg.slots.get(at)).collect();
            if args.iter().filter(ended).any(|arg| arg.cut) || present.is_empty() {
                // the run is over, or all have ended together
                joined.cut = args.iter().any(|arg| arg.cut);
                return joined;
            }
            // An `Unequal` that is told already ends the run: what it meets at its slot is not told again.
            let last = |arg: &&Flow| arg.cut && arg.slots.len() == at + 1;
            let told = args.iter().any(|arg| last(&arg));
            if told && present.len() < args.len() {
                // CHOICE: with several arguments, one of them may be told first.
                self.unequal += usize::from(args.len() > 2);
            } else if present.len() < args.len() {
                let what = self.without_partner(name, at, &present, &joined.inputs);
                joined.slots.push(what);
                joined.cut = true;
                return joined;
            }
            joined.cut |= told;
            let mut place = Place::new();
            for slot in &present {
                for (input, positions) in &slot.place {
                    place.entry(*input).or_default().extend(positions);
                }
            }
            let what = meet(&present, catches);
            joined.slots.push(Slot { place, what });
        }
        unreachable!("streams end")
    }

    /// The slot where one input of a join has ended and another has not.
    fn without_partner<T>(
        &mut self,
        name: &str,
        at: usize,
        present: &[&Slot<Value>],
        inputs: &BTreeSet<usize>,
    ) -> Slot<T> {
        self.unequal += 1;
        // CHOICE: the position is that of the slot, or the length of an input that has ended.
        let own = present.iter().flat_map(|slot| slot.place.values());
        let mut positions: BTreeSet<u64> = own.flatten().copied().collect();
        positions.extend(inputs.iter().map(|input| self.lengths[*input]));
        positions.insert(at as u64);
        let place: Place = inputs
            .iter()
            .map(|input| (*input, positions.clone()))
            .collect();
        let mut origins = vec![Origin {
            evaluation: self.evaluation(),
            node: name.to_owned(),
            place: place.clone(),
            kind: "Unequal",
        }];
        for slot in present {
            if let Fault(more) = &slot.what {
                attach(&mut origins, more);
            }
        }
        Slot {
            place,
            what: Fault(origins),
        }
    }

    fn worker(&mut self, node: &Node, name: &str, joined: &Flow<Vec<Value>>) -> Vec<Flow> {
        let Work::Worker {
            entry, state, take, ..
        } = &node.work
        else {
            unreachable!("pipelines are evaluated elsewhere")
        };
        let mut kept = match (entry.state, state) {
            (Some(Kind::List), _) => Value::List(Vec::new()),
            (_, Some(first)) => Value::Int(first.value),
            _ => Value::Int(0),
        };
        let given = match entry.group {
            Group::No => joined.clone(),
            Group::Array => self.group(name, joined, *take, true),
            Group::Vec => self.group(name, joined, *take, false),
        };
        // The results of each call, in the place of what it was given.
        let called: Vec<Slot<Vec<Value>>> = given
            .slots
            .iter()
            .map(|slot| match &slot.what {
                What::Value(args) => {
                    let result = self.call(node, entry, &mut kept, args);
                    slot.of(match result {
                        Ok(values) => What::Value(values),
                        Err(kind) => Fault(vec![Origin {
                            evaluation: self.evaluation(),
                            node: name.to_owned(),
                            place: slot.place.clone(),
                            kind,
                        }]),
                    })
                }
                Hole => slot.of(Hole),
                Fault(origins) => slot.of(Fault(origins.clone())),
            })
            .collect();
        self.shaped(node, entry, &given.with(called), &kept)
    }

    /// Streams of what the calls gave.
    fn shaped(
        &mut self,
        node: &Node,
        entry: &Entry,
        called: &Flow<Vec<Value>>,
        kept: &Value,
    ) -> Vec<Flow> {
        let Work::Worker { give, params, .. } = &node.work else {
            unreachable!("pipelines are evaluated elsewhere")
        };
        let part = |n: usize| {
            called.map(|slot| match &slot.what {
                What::Value(values) => values.get(n).cloned().map_or(Hole, What::Value),
                Hole => Hole,
                Fault(origins) => Fault(origins.clone()),
            })
        };
        match entry.gives {
            Gives::One(_) | Gives::Maybe(_) => vec![part(0)],
            Gives::Parts(kinds) => (0..kinds.len()).map(part).collect(),
            Gives::Array(_) => {
                let parts: Vec<Flow> = (0..*give).map(part).collect();
                let slots = (0..called.slots.len())
                    .flat_map(|at| parts.iter().map(move |part| part.slots[at].clone()));
                vec![called.with(slots.collect())]
            }
            Gives::Flat(_) => {
                let mut slots = Vec::new();
                for slot in &called.slots {
                    match &slot.what {
                        What::Value(values) => {
                            slots.extend(values.iter().map(|v| slot.of(What::Value(v.clone()))));
                        }
                        Hole => {}
                        Fault(origins) => slots.push(slot.of(Fault(origins.clone()))),
                    }
                }
                vec![called.with(slots)]
            }
            Gives::State(_) => {
                let mut slots: Vec<Slot<Value>> = called
                    .slots
                    .iter()
                    .filter_map(|slot| match &slot.what {
                        Fault(origins) => Some(slot.of(Fault(origins.clone()))),
                        _ => None,
                    })
                    .collect();
                // The first free position. CHOICE: it is counted from the input's end, or from the last slot that came
                // this far; a second fold's state comes there too, or behind it.
                let last = called.slots.last();
                let free = |input: &usize| {
                    let end = self.lengths[*input];
                    let seen = last.and_then(|slot| slot.place.get(input)?.first());
                    let seen = seen.map_or(0, |at| at + u64::from(called.folds == 0));
                    (*input, (seen.min(end)..=end + called.folds).collect())
                };
                slots.push(Slot {
                    place: called.inputs.iter().map(free).collect(),
                    what: What::Value(kept.clone()),
                });
                let mut flow = called.with(slots);
                flow.folds += 1;
                flow.gathered = true;
                vec![flow]
            }
            Gives::Nothing => {
                let sink = params[0].value as usize;
                let values = part(0)
                    .slots
                    .into_iter()
                    .filter_map(|slot| match slot.what {
                        What::Value(value) => Some(value),
                        _ => None,
                    });
                self.sinks[sink].extend(values);
                Vec::new()
            }
        }
    }

    /// One evaluation; a failed one says how.
    fn call(
        &mut self,
        node: &Node,
        entry: &Entry,
        state: &mut Value,
        args: &[Value],
    ) -> Result<Vec<Value>, &'static str> {
        let Work::Worker { params, give, .. } = &node.work else {
            unreachable!("pipelines are evaluated elsewhere")
        };
        let params: Vec<i64> = params.iter().map(|param| param.value).collect();
        let mut call = Call {
            state,
            args,
            params: &params,
            give: *give,
        };
        match catch_unwind(AssertUnwindSafe(|| (entry.call)(&mut call))) {
            Ok(Ok(values)) => Ok(values),
            Ok(Err(_)) => Err("Error"),
            Err(_) => Err("Panic"),
        }
    }

    /// `.consume(n)`: what the calls are given, as groups.
    fn group(
        &mut self,
        name: &str,
        joined: &Flow<Vec<Value>>,
        n: usize,
        whole: bool,
    ) -> Flow<Vec<Value>> {
        let counted: Vec<&Slot<Vec<Value>>> = joined
            .slots
            .iter()
            .filter(|slot| !matches!(slot.what, Hole))
            .collect();
        let mut slots = Vec::new();
        for group in counted.chunks(n) {
            let mut origins: Vec<Origin> = Vec::new();
            let mut values = Vec::new();
            for slot in group {
                match &slot.what {
                    What::Value(args) if args.len() == 1 => values.push(args[0].clone()),
                    What::Value(args) => values.push(Value::Tuple(args.clone())),
                    Fault(more) => attach(&mut origins, more),
                    Hole => unreachable!("holes are passed over"),
                }
            }
            let first = group[0];
            // CHOICE: a short group with faults in it is those faults, also for a worker of whole groups.
            if origins.is_empty() && whole && group.len() < n {
                origins.push(Origin {
                    evaluation: self.evaluation(),
                    node: name.to_owned(),
                    place: first.place.clone(),
                    kind: "Incomplete",
                });
            }
            slots.push(first.of(if origins.is_empty() {
                What::Value(vec![Value::Group(values)])
            } else {
                Fault(origins)
            }));
        }
        let mut flow = joined.with(slots);
        flow.gathered = true;
        flow
    }

    // ------------------------------------------------------------ routes and merges

    fn route(&mut self, route: &Route, streams: &Streams, prefix: &str) -> Vec<Flow> {
        let of = self.single(&route.of, streams, prefix);
        // The arm that each item goes down, and what it binds there.
        let chosen: Vec<Option<(usize, Binding)>> = of
            .slots
            .iter()
            .map(|slot| match &slot.what {
                What::Value(value) => Some(choose(route, value)),
                // CHOICE: a fault goes down no arm, it is the route's.
                Hole | Fault(_) => None,
            })
            .collect();
        let mut arms = Vec::new();
        for (index, arm) in route.arms.iter().enumerate() {
            let mut inside = streams.clone();
            for name in arm.pattern.bound() {
                let mut at = 0;
                let flow = of.map(|_| {
                    let here = chosen[at].as_ref().filter(|(arm, _)| *arm == index);
                    at += 1;
                    here.map_or(Hole, |(_, bound)| What::Value(bound[&name].clone()))
                });
                inside.insert(name, flow);
            }
            arms.push(match &arm.body {
                None => None,
                Some(body) => {
                    let mut flows = self.expr(body, &inside, prefix);
                    flows.pop()
                }
            });
        }
        if route.sinks {
            return Vec::new();
        }
        let mut merged = of.clone();
        for flow in arms.iter().flatten() {
            if flow.slots.len() != of.slots.len() || flow.cut != of.cut {
                self.unclear = Some("an arm's partner is of another length");
                return vec![merged];
            }
            merged.unordered |= flow.unordered;
            merged.folds = merged.folds.max(flow.folds);
        }
        for (at, slot) in merged.slots.iter_mut().enumerate() {
            if let Some((arm, _)) = &chosen[at] {
                // Only the arm that the item goes down counts.
                *slot = match &arms[*arm] {
                    Some(flow) => flow.slots[at].clone(),
                    None => slot.of(Hole),
                };
            }
        }
        vec![merged]
    }

    fn merge(&mut self, a: &Flow, b: &Flow) -> Flow {
        let apart = a.inputs.is_disjoint(&b.inputs);
        let mut slots = Vec::new();
        if apart {
            slots.extend(a.slots.iter().chain(&b.slots).cloned());
        } else {
            if a.slots.len() != b.slots.len() {
                self.unclear = Some("a merge of streams of different lengths");
            }
            for (x, y) in a.slots.iter().zip(&b.slots) {
                slots.extend([x.clone(), y.clone()]);
            }
        }
        let mut flow = a.with(slots);
        flow.inputs.extend(&b.inputs);
        flow.cut |= b.cut;
        flow.folds = flow.folds.max(b.folds);
        flow.gathered |= b.gathered;
        flow.unordered |= b.unordered;
        flow.mixed |= b.mixed || apart;
        flow
    }
}

/// What the names of a pattern are bound to.
type Binding = BTreeMap<StreamId, Value>;

fn choose(route: &Route, value: &Value) -> (usize, Binding) {
    for (index, arm) in route.arms.iter().enumerate() {
        let Some(bound) = arm.pattern.matches(value) else {
            continue;
        };
        let bound: Binding = bound.into_iter().collect();
        let passes = arm
            .guard
            .as_ref()
            .is_none_or(|guard| bound[&guard.name].int() % guard.every == guard.at);
        if passes {
            return (index, bound);
        }
    }
    panic!("no arm for {value:?}")
}

/// A join's slot: a fault in any makes a fault, else a hole in any a hole.
fn meet(slots: &[&Slot<Value>], catches: bool) -> What<Vec<Value>> {
    let mut origins = Vec::new();
    let mut values = Vec::new();
    let mut hole = false;
    for slot in slots {
        match &slot.what {
            What::Value(value) if catches => {
                values.push(Value::Caught(Ok(Box::new(value.clone()))));
            }
            What::Value(value) => values.push(value.clone()),
            // CHOICE: a fault beside a hole is not handed to a node that catches, since an argument is missing.
            Fault(origins) if catches => values.push(Value::Caught(Err(code(origins)))),
            Fault(more) => attach(&mut origins, more),
            Hole => hole = true,
        }
    }
    match () {
        () if !origins.is_empty() => Fault(origins),
        () if hole => Hole,
        () => What::Value(values),
    }
}

/// Adds origins that are not there yet.
fn attach(origins: &mut Vec<Origin>, more: &[Origin]) {
    for origin in more {
        if origins.iter().all(|o| o.evaluation != origin.evaluation) {
            origins.push(origin.clone());
        }
    }
}

/// A fault as the number that [`super::workers::code`] makes of it.
fn code(origins: &[Origin]) -> i64 {
    let kind = match origins[0].kind {
        "Error" => 1,
        "Panic" => 2,
        "Unequal" => 3,
        "Incomplete" => 4,
        "Input" => 5,
        _ => 6,
    };
    -(10 * (origins.len() as i64 - 1) + kind)
}

// ---------------------------------------------------------------- as text

fn text(value: &Value) -> String {
    format!("{value:?}").replace(' ', "")
}

fn expected(flow: &Flow) -> Expected {
    let mut tokens = Vec::new();
    for slot in &flow.slots {
        let first = slot.place.values().next();
        let positions: Vec<u64> = first.into_iter().flatten().copied().collect();
        match &slot.what {
            What::Value(value) => tokens.push(Token {
                texts: vec![text(value)],
                positions,
                fault: false,
                unequal: false,
            }),
            Hole => {}
            Fault(origins) => tokens.push(Token {
                texts: fault_texts(origins),
                positions,
                fault: true,
                unequal: origins.iter().any(|origin| origin.kind == "Unequal"),
            }),
        }
    }
    Expected {
        tokens,
        unordered: flow.unordered,
        mixed: flow.mixed,
        gathered: flow.gathered,
    }
}

/// Every way in which a fault may be told.
fn fault_texts(origins: &[Origin]) -> Vec<String> {
    let mut texts = vec![String::from("!")];
    for (n, origin) in origins.iter().enumerate() {
        let kind = match origin.kind {
            "Error" => String::new(),
            kind => format!("[{kind}]"),
        };
        let plus = if n == 0 { "" } else { "+" };
        let positions: Vec<u64> = origin
            .place
            .values()
            .next()
            .into_iter()
            .flatten()
            .copied()
            .collect();
        let add = |text: &String| {
            let one = |at: &u64| format!("{text}{plus}{}#{at}{kind}", origin.node);
            positions.iter().map(one).collect::<Vec<_>>()
        };
        texts = texts.iter().flat_map(add).collect();
    }
    texts
}
