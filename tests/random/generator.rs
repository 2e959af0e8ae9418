//! Random pipelines, legal by construction: each stream's kind, lineage and rate is known, and only what balances is joined.

use std::collections::BTreeSet;

use super::balance::{Balance, Lineage, Rate};
use super::catalog::{CATALOG, Entry, Gives, Group, Kind, Mishap, entry};
use super::dice::Dice;
use super::features::{Feature, Features};
use super::program::{
    Arm, Expr, Form, Guard, Input, Node, Options, Param, Pattern, Pipeline, Program, Route,
    Statement, Stream, StreamId, Work,
};

/// The program of a seed.
pub fn generate(seed: u64, features: &Features) -> Program {
    let mut dice = Dice::new(seed);
    let several = features.has(Feature::SeveralInputs);
    let inputs = if several {
        dice.weighted(&[(5, 1), (4, 2), (2, 3)])
    } else {
        1
    };
    let generator = Generator {
        features,
        balance: Balance::new(inputs, features.has(Feature::UnevenInputs)),
        streams: Vec::new(),
        nodes: 0,
        budget: 3 + dice.below(10),
        inner: Vec::new(),
        reusable: Vec::new(),
        sinks: 0,
        all_named: dice.chance(30),
        dice,
    };
    generator.program(seed, inputs)
}

/// What is known about a stream.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Info {
    kind: Kind,
    lineage: Lineage,
    rate: Rate,
    /// It may hold holes of its own.
    hole: bool,
    /// It may hold faults.
    fault: bool,
    /// It is bound by an arm, whose slots are holes where the item goes elsewhere.
    masked: bool,
    /// A merge of several origins is on the way.
    mixed: bool,
    unordered: bool,
    inputs: BTreeSet<usize>,
    /// How many slots there are for one of the inputs', about.
    bulk: f64,
}

impl Info {
    fn place(&self) -> (Lineage, Rate) {
        (self.lineage, self.rate)
    }
}

#[derive(Debug, Clone)]
struct Known {
    stream: StreamId,
    info: Info,
    used: bool,
}

/// What may be used at a place of the text.
#[derive(Debug, Clone)]
struct Scope {
    known: Vec<Known>,
    values: Vec<Param>,
    pools: Vec<String>,
    within: Within,
    depth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Body,
    /// An arm that keeps the slot.
    Arm,
    /// An arm that ends in a sink.
    SinkArm,
}

/// What is added to an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Plain,
    Mishap,
    Convert,
    Filter,
    Serial,
    Fold,
    Catch,
    Join,
    Produce,
    Consume,
    Repeat,
    Flat,
    Route,
    Merge,
    Nested,
}

struct Generator<'a> {
    dice: Dice,
    features: &'a Features,
    balance: Balance,
    streams: Vec<Stream>,
    nodes: usize,
    /// How many more nodes there should be.
    budget: usize,
    inner: Vec<Pipeline>,
    /// Pipelines of one input that keep the slots.
    reusable: Vec<usize>,
    sinks: usize,
    all_named: bool,
}

type Built = (Expr, Info);

impl Generator<'_> {
    fn has(&self, feature: Feature) -> bool {
        self.features.has(feature)
    }

    fn stream(&mut self, kind: Kind) -> StreamId {
        let id = self.streams.len();
        self.streams.push(Stream {
            name: format!("s{id}"),
            kind,
        });
        id
    }

    fn number(&mut self, scope: &Scope) -> Param {
        if self.dice.chance(40) && !scope.values.is_empty() {
            let known = self.dice.pick(&scope.values).clone();
            if self.dice.chance(30) {
                return Param {
                    text: format!("{} + 1", known.text),
                    value: known.value + 1,
                };
            }
            return known;
        }
        let value = self.dice.between(1, 9);
        Param {
            text: value.to_string(),
            value,
        }
    }

    // ------------------------------------------------------------ the whole

    fn program(mut self, seed: u64, inputs: usize) -> Program {
        let mut known = Vec::new();
        let mut input_streams = Vec::new();
        for input in 0..inputs {
            let stream = self.stream(Kind::Int);
            ["xs", "ys", "zs"][input].clone_into(&mut self.streams[stream].name);
            input_streams.push(stream);
            known.push(Known {
                stream,
                info: Info {
                    kind: Kind::Int,
                    lineage: Lineage::Input(input),
                    rate: Rate::ONE,
                    hole: false,
                    fault: self.has(Feature::FailingInputs),
                    masked: false,
                    mixed: false,
                    unordered: false,
                    inputs: BTreeSet::from([input]),
                    bulk: 1.0,
                },
                used: false,
            });
        }
        let k = Param {
            text: "k".to_owned(),
            value: self.dice.between(1, 5),
        };
        let m = Param {
            text: "m".to_owned(),
            value: k.value + 2,
        };
        let mut scope = Scope {
            known,
            values: vec![k.clone(), m.clone()],
            pools: ["a", "b", "c"].map(str::to_owned).into(),
            within: Within::Body,
            depth: 0,
        };
        let mut body = self.statements(&mut scope);
        let most = 1 + self.dice.below(4);
        let outputs = self.finish(&mut body, &mut scope, most, true);
        let last = match body.last() {
            Some(Statement::Let(names, _)) => outputs.len() == 1 && names[..] == [Some(outputs[0])],
            _ => false,
        };
        let unnamed = last && self.dice.chance(40);
        let mut values = vec![k];
        for sink in 0..self.sinks {
            values.push(Param {
                text: format!("to{sink}"),
                value: sink as i64,
            });
        }
        let inputs = self.items(inputs);
        Program {
            seed,
            main: Pipeline {
                name: format!("p{seed}"),
                inputs: input_streams,
                values,
                lets: vec![(m, "k + 2".to_owned())],
                pools: scope.pools,
                body,
                outputs,
                unnamed,
                module: false,
            },
            inner: self.inner,
            inputs,
            streams: self.streams,
            sinks: self.sinks,
        }
    }

    fn items(&mut self, inputs: usize) -> Vec<Input> {
        let round = self.balance.round();
        // A multiple of 12 leaves no group short.
        let rounds = if self.dice.chance(50) {
            12 * self.dice.below(3)
        } else {
            self.dice.below(31)
        };
        let unequal = self.has(Feature::UnequalInputs) && self.dice.chance(12);
        let mut all = Vec::new();
        for (input, &share) in round.iter().enumerate() {
            let joined =
                (0..inputs).any(|other| other != input && self.balance.joined(other, input));
            let free = unequal || (!joined && self.dice.chance(50));
            let len = if free {
                self.dice.below(31)
            } else {
                rounds * share as usize
            };
            let items: Vec<i64> = (0..len).map(|_| self.dice.between(-20, 99)).collect();
            let failing = self.has(Feature::FailingInputs);
            all.push(match self.dice.below(10) {
                0 if failing => Input::Fallible(
                    items
                        .into_iter()
                        .map(|x| self.dice.chance(85).then_some(x))
                        .collect(),
                ),
                1 if failing && len > 0 => Input::Panics(items[1..].to_vec()),
                _ => Input::Items(items),
            });
        }
        all
    }

    fn statements(&mut self, scope: &mut Scope) -> Vec<Statement> {
        let mut body = Vec::new();
        let mut count = 0;
        while self.budget > 0 && (scope.depth == 0 || count < 3) {
            count += 1;
            let (mut expr, mut info) = self.start(scope);
            if self.has(Feature::SinkArms)
                && scope.depth == 0
                && scope.within == Within::Body
                && info.kind == Kind::Int
                && !info.mixed
                && self.dice.chance(8)
            {
                let (route, _) = self.route(expr, info, scope, true);
                body.push(Statement::Sink(route));
                continue;
            }
            for _ in 0..=self.dice.below(4) {
                (expr, info) = self.grow(expr, info, scope);
            }
            let split = self.has(Feature::Splits)
                && info.kind == Kind::Int
                && scope.within == Within::Body
                && !info.mixed
                && self.dice.chance(15);
            if split {
                let by = if self.has(Feature::Errors) && self.dice.chance(40) {
                    "both_brittle"
                } else {
                    "both"
                };
                let (expr, infos) = self.node(entry(by), vec![(expr, info)], scope);
                let mut names = Vec::new();
                for info in infos {
                    if self.dice.chance(10) && !names.iter().all(Option::is_none) {
                        names.push(None);
                    } else {
                        names.push(Some(self.name(scope, info)));
                    }
                }
                body.push(Statement::Let(names, expr));
                continue;
            }
            if self.has(Feature::Pipelines)
                && info.kind == Kind::Int
                && scope.depth == 0
                && !info.mixed
                && self.budget > 1
                && self.dice.chance(8)
            {
                let (expr, infos) = self.nested((expr, info), scope, 2);
                let names = infos
                    .into_iter()
                    .map(|info| Some(self.name(scope, info)))
                    .collect();
                body.push(Statement::Let(names, expr));
                continue;
            }
            if let Expr::Name(_) = expr {
                // an alias would be a second name for the same output
                continue;
            }
            let name = self.name(scope, info);
            body.push(Statement::Let(vec![Some(name)], expr));
        }
        body
    }

    fn name(&mut self, scope: &mut Scope, info: Info) -> StreamId {
        let stream = self.stream(info.kind);
        scope.known.push(Known {
            stream,
            info,
            used: false,
        });
        stream
    }

    /// A stream to go on with, rather one that was not used.
    fn start(&mut self, scope: &mut Scope) -> Built {
        let unused: Vec<usize> = (0..scope.known.len())
            .filter(|n| !scope.known[*n].used)
            .collect();
        let n = if unused.is_empty() || self.dice.chance(25) {
            self.dice.below(scope.known.len())
        } else {
            *self.dice.pick(&unused)
        };
        self.take(scope, n)
    }

    fn take(&mut self, scope: &mut Scope, n: usize) -> Built {
        let known = &mut scope.known[n];
        known.used = true;
        let mut info = known.info.clone();
        if info.kind == Kind::Point && self.dice.chance(70) {
            info.kind = Kind::Int;
            let field = *self.dice.pick(&["left", "right"]);
            return (Expr::Field(known.stream, field), info);
        }
        (Expr::Name(known.stream), info)
    }

    /// Gives outputs, sinks and `let _` to what nothing uses.
    fn finish(
        &mut self,
        body: &mut Vec<Statement>,
        scope: &mut Scope,
        most: usize,
        sinks: bool,
    ) -> Vec<StreamId> {
        let used = used(body);
        let mut unused: Vec<Known> = scope
            .known
            .iter()
            .filter(|known| !used.contains(&known.stream))
            .cloned()
            .collect();
        let mut outputs = Vec::new();
        // The last one first, so that it can be an output without a name.
        unused.reverse();
        for known in unused {
            let sink = sinks
                && self.has(Feature::Sinks)
                && known.info.kind == Kind::Int
                && !known.info.mixed
                && self.sinks < 3
                && self.dice.chance(15);
            if sink {
                let expr = self.sink((Expr::Name(known.stream), known.info), scope);
                body.push(Statement::Sink(expr));
            } else if outputs.len() < most {
                outputs.push(known.stream);
            } else {
                body.push(Statement::Drop(known.stream));
            }
        }
        while outputs.len() < most && self.dice.chance(25) || outputs.is_empty() {
            let left: Vec<StreamId> = scope
                .known
                .iter()
                .map(|known| known.stream)
                .filter(|stream| !outputs.contains(stream))
                .collect();
            if left.is_empty() || (outputs.is_empty() && self.sinks > 0 && sinks) {
                break;
            }
            outputs.push(*self.dice.pick(&left));
        }
        outputs
    }

    fn sink(&mut self, from: Built, scope: &Scope) -> Expr {
        let to = self.sinks;
        self.sinks += 1;
        let (mut expr, _) = self.node(entry("put"), vec![from], scope);
        if let Expr::Node(node) = &mut expr {
            node.options.words = vec!["serial"];
            node.options.spawn = None;
            node.options.retry = None;
            node.options.timed = false;
            if let Work::Worker { params, .. } = &mut node.work {
                *params = vec![Param {
                    text: format!("to{to}"),
                    value: to as i64,
                }];
            }
        }
        expr
    }

    // ------------------------------------------------------------ steps

    /// Adds something to an expression, if anything fits.
    fn grow(&mut self, expr: Expr, info: Info, scope: &mut Scope) -> Built {
        if self.budget == 0 {
            return (expr, info);
        }
        if info.kind != Kind::Int {
            return self.convert_back(expr, info, scope);
        }
        for _ in 0..6 {
            let step = self.dice.weighted(&[
                (14, Step::Plain),
                (9, Step::Mishap),
                (5, Step::Convert),
                (7, Step::Filter),
                (8, Step::Serial),
                (4, Step::Fold),
                (5, Step::Catch),
                (20, Step::Join),
                (7, Step::Produce),
                (9, Step::Consume),
                (4, Step::Repeat),
                (5, Step::Flat),
                (9, Step::Route),
                (3, Step::Merge),
                (5, Step::Nested),
            ]);
            if self.fits(step, &info, scope)
                && let Some(built) = self.step(step, expr.clone(), info.clone(), scope)
            {
                return built;
            }
        }
        (expr, info)
    }

    fn fits(&self, step: Step, info: &Info, scope: &Scope) -> bool {
        let body = scope.within == Within::Body;
        let has = |feature| self.has(feature);
        if info.mixed {
            return matches!(
                step,
                Step::Plain | Step::Mishap | Step::Convert | Step::Filter
            );
        }
        match step {
            Step::Plain => true,
            Step::Mishap => has(Feature::Errors) || has(Feature::Panics),
            Step::Convert => body && (has(Feature::Lists) || has(Feature::Projections)),
            Step::Filter => has(Feature::Filter),
            Step::Serial => has(Feature::Serial),
            Step::Fold => has(Feature::Fold) && scope.within != Within::Arm,
            Step::Catch => has(Feature::Catch) && (body || !info.fault),
            Step::Join => has(Feature::Joins) && scope.within != Within::SinkArm,
            Step::Produce => {
                has(Feature::Produce) && scope.within != Within::Arm && info.bulk < 6.0
            }
            Step::Consume => has(Feature::Consume) && scope.within != Within::Arm,
            Step::Repeat => has(Feature::Repeat) && scope.within != Within::Arm && info.bulk < 6.0,
            Step::Flat => has(Feature::Flat) && scope.within != Within::Arm && info.bulk < 6.0,
            Step::Route => {
                has(Feature::Routes)
                    && scope.within != Within::SinkArm
                    && (body || has(Feature::NestedRoutes))
                    && self.budget > 1
            }
            Step::Merge => body && (has(Feature::Merge) || has(Feature::MergeApart)),
            Step::Nested => {
                has(Feature::Pipelines)
                    && scope.depth == 0
                    && self.budget > 1
                    && (body || (scope.within == Within::Arm && has(Feature::PipelinesInArms)))
            }
        }
    }

    fn step(&mut self, step: Step, expr: Expr, info: Info, scope: &mut Scope) -> Option<Built> {
        let simple = |e: &Entry| e.takes == [Kind::Int] && e.group == Group::No && !e.catches;
        let one = Gives::One(Kind::Int);
        let pure = |e: &Entry| simple(e) && e.state.is_none();
        let chosen = match step {
            Step::Plain => self.choose(|e| pure(e) && e.gives == one && e.mishap == Mishap::Never),
            Step::Mishap => self.choose(|e| pure(e) && e.gives == one && e.mishap != Mishap::Never),
            Step::Convert => self
                .choose(|e| simple(e) && matches!(e.gives, Gives::One(Kind::List | Kind::Point))),
            Step::Filter => self.choose(|e| pure(e) && matches!(e.gives, Gives::Maybe(_))),
            Step::Serial => {
                let arm = scope.within != Within::Body;
                self.choose(|e| {
                    simple(e)
                        && e.state.is_some()
                        && (e.gives == one || (!arm && !matches!(e.gives, Gives::State(_))))
                })
            }
            Step::Fold => self.choose(|e| simple(e) && matches!(e.gives, Gives::State(_))),
            Step::Catch => {
                let arm = scope.within == Within::Arm;
                self.choose(|e| {
                    e.catches
                        && e.takes.len() == 1
                        && e.group == Group::No
                        && (!arm || e.gives == one)
                })
            }
            Step::Produce => self.choose(|e| pure(e) && matches!(e.gives, Gives::Array(_))),
            Step::Consume => self.choose(|e| e.group != Group::No && e.takes.len() == 1),
            Step::Flat => self.choose(|e| pure(e) && matches!(e.gives, Gives::Flat(_))),
            Step::Join => return self.join(expr, info, scope),
            Step::Repeat => return Some(self.repeat((expr, info), None, scope)),
            Step::Route => return Some(self.route(expr, info, scope, false)),
            Step::Merge => return self.merge(expr, info, scope),
            Step::Nested => {
                let (expr, mut infos) = self.nested((expr, info), scope, 1);
                return Some((expr, infos.remove(0)));
            }
        };
        let (expr, mut infos) = self.node(chosen?, vec![(expr, info)], scope);
        Some((expr, infos.remove(0)))
    }

    /// A worker that the features allow.
    fn choose(&mut self, fits: impl Fn(&Entry) -> bool) -> Option<&'static Entry> {
        let found: Vec<&'static Entry> = CATALOG
            .iter()
            .filter(|e| self.allowed(e) && fits(e))
            .collect();
        (!found.is_empty()).then(|| *self.dice.pick(&found))
    }

    fn allowed(&self, e: &Entry) -> bool {
        let kinds = |kind: Kind| {
            let gives = match e.gives {
                Gives::One(k) | Gives::Maybe(k) | Gives::Array(k) | Gives::Flat(k) => k == kind,
                Gives::State(k) => k == kind,
                Gives::Parts(_) | Gives::Nothing => false,
            };
            gives || e.takes.contains(&kind)
        };
        let needs = [
            (e.takes.len() > 1, Feature::Joins),
            (kinds(Kind::List), Feature::Lists),
            (kinds(Kind::Point), Feature::Projections),
            (matches!(e.gives, Gives::Maybe(_)), Feature::Filter),
            (matches!(e.gives, Gives::Array(_)), Feature::Produce),
            (matches!(e.gives, Gives::Flat(_)), Feature::Flat),
            (matches!(e.gives, Gives::Parts(_)), Feature::Splits),
            (matches!(e.gives, Gives::State(_)), Feature::Fold),
            (
                e.state.is_some() && !matches!(e.gives, Gives::State(_)),
                Feature::Serial,
            ),
            (e.group != Group::No, Feature::Consume),
            (e.catches, Feature::Catch),
            (e.mishap == Mishap::Errors, Feature::Errors),
            (e.mishap == Mishap::Panics, Feature::Panics),
            (e.is_combined(), Feature::Combinations),
        ];
        needs
            .iter()
            .all(|(needed, feature)| !needed || self.has(*feature))
    }

    fn convert_back(&mut self, expr: Expr, info: Info, scope: &mut Scope) -> Built {
        if info.kind == Kind::List && !info.mixed && scope.within == Within::Body {
            if self.dice.chance(30)
                && let Some(partner) = self.partner(&info, scope)
            {
                let (expr, mut infos) =
                    self.node(entry("extended"), vec![(expr, info), partner], scope);
                return (expr, infos.remove(0));
            }
            if self.has(Feature::Flat) && self.dice.chance(40) && info.bulk < 6.0 {
                let (expr, mut infos) = self.node(entry("unpack"), vec![(expr, info)], scope);
                return (expr, infos.remove(0));
            }
        }
        let by = if info.kind == Kind::List {
            "total"
        } else {
            "measure"
        };
        let (expr, mut infos) = self.node(entry(by), vec![(expr, info)], scope);
        (expr, infos.remove(0))
    }

    fn join(&mut self, expr: Expr, info: Info, scope: &mut Scope) -> Option<Built> {
        let arm = scope.within == Within::Arm;
        let mut args = vec![(expr, info.clone())];
        args.push(self.partner(&info, scope)?);
        let third = self
            .dice
            .chance(20)
            .then(|| self.partner(&info, scope))
            .flatten();
        if let Some(third) = third {
            args.push(third);
        }
        if self.dice.chance(40) {
            args.swap(0, 1);
        }
        let count = args.len();
        let fault = args.iter().any(|(_, info)| info.fault);
        let chosen = self.choose(|e| {
            let keeps = match e.gives {
                Gives::One(Kind::Int) | Gives::Maybe(Kind::Int) => true,
                Gives::Parts(_) | Gives::Nothing => false,
                _ => !arm,
            };
            e.takes == &[Kind::Int; 3][..count]
                && keeps
                && !(arm && (e.group != Group::No || (e.catches && fault)))
        })?;
        let (expr, mut infos) = self.node(chosen, args, scope);
        Some((expr, infos.remove(0)))
    }

    /// Another stream that can be joined with this one.
    fn partner(&mut self, info: &Info, scope: &mut Scope) -> Option<Built> {
        let mut candidates = Vec::new();
        for (n, known) in scope.known.iter().enumerate() {
            let other = &known.info;
            let kind = matches!(other.kind, Kind::Int | Kind::Point);
            if !kind || other.mixed || (info.masked && other.inputs != info.inputs) {
                continue;
            }
            if self.balance.may_join(info.place(), other.place()) {
                candidates.push((n, Rate::ONE));
            } else if let Some(ratio) = self.balance.ratio(info.place(), other.place()) {
                let up = ratio.den == 1 || self.has(Feature::Produce) || self.has(Feature::Repeat);
                let up = ratio.den == 1 || up && other.bulk < 6.0;
                let down = ratio.num == 1 || (self.has(Feature::Consume) && !other.hole);
                let small = ratio.den <= 4 && ratio.num <= 4;
                if scope.within == Within::Body && up && down && small {
                    candidates.push((n, ratio));
                }
            }
        }
        if candidates.is_empty() {
            return None;
        }
        let (n, ratio) = *self.dice.pick(&candidates);
        let (mut expr, mut other) = self.take(scope, n);
        if other.kind == Kind::Point {
            let (e, mut infos) = self.node(entry("measure"), vec![(expr, other)], scope);
            (expr, other) = (e, infos.remove(0));
        }
        if ratio.den > 1 {
            let n = ratio.den as usize;
            if !self.has(Feature::Produce) || (self.has(Feature::Repeat) && self.dice.chance(50)) {
                (expr, other) = self.repeat((expr, other), Some(n), scope);
            } else {
                (expr, other) = self.rated("many", n, (expr, other), scope);
            }
        }
        if ratio.num > 1 {
            let by = *self.dice.pick(&["batch", "group"]);
            (expr, other) = self.rated(by, ratio.num as usize, (expr, other), scope);
        }
        // What keeps the slots keeps the balance.
        for _ in 0..self.dice.below(3) {
            if self.budget == 0 {
                break;
            }
            let step = *self
                .dice
                .pick(&[Step::Plain, Step::Mishap, Step::Filter, Step::Serial]);
            let slots = |e: &Entry| matches!(e.gives, Gives::One(Kind::Int) | Gives::Maybe(_));
            let fits = self.fits(step, &other, scope);
            let chosen = self.choose(|e| {
                slots(e)
                    && e.takes == [Kind::Int]
                    && e.group == Group::No
                    && !e.catches
                    && e.state.is_some() == (step == Step::Serial)
                    && !(scope.within == Within::Arm && e.is_combined())
            });
            if let Some(chosen) = chosen.filter(|_| fits) {
                let (e, mut infos) = self.node(chosen, vec![(expr, other)], scope);
                (expr, other) = (e, infos.remove(0));
            }
        }
        self.balance
            .join(info.place(), other.place())
            .then_some((expr, other))
    }

    /// A node with this rate.
    fn rated(&mut self, worker: &str, n: usize, from: Built, scope: &Scope) -> Built {
        let before = from.1.rate;
        let (mut expr, mut infos) = self.node(entry(worker), vec![from], scope);
        let mut info = infos.remove(0);
        if let Expr::Node(node) = &mut expr
            && let Work::Worker { take, give, .. } = &mut node.work
        {
            let by = Rate::new(n as u64, 1);
            info.rate = if entry(worker).group == Group::No {
                *give = n;
                before.times(by)
            } else {
                *take = n;
                before.over(by)
            };
        }
        (expr, info)
    }

    fn repeat(&mut self, from: Built, n: Option<usize>, scope: &Scope) -> Built {
        let (mut expr, mut infos) = self.node(entry("inc"), vec![from], scope);
        let mut info = infos.remove(0);
        let n = n.unwrap_or_else(|| 1 + self.dice.below(4));
        if let Expr::Node(node) = &mut expr {
            node.options.repeat = Some(n);
            info.rate = info.rate.times(Rate::new(n as u64, 1));
            info.bulk *= n as f64;
        }
        (expr, info)
    }

    fn merge(&mut self, expr: Expr, info: Info, scope: &mut Scope) -> Option<Built> {
        let one_origin =
            self.has(Feature::Merge) && (self.dice.chance(70) || !self.has(Feature::MergeApart));
        let fits = |balance: &Balance, other: &Info| {
            if other.kind != Kind::Int || other.mixed || other.bulk + info.bulk > 8.0 {
                return false;
            }
            if one_origin {
                other.inputs == info.inputs
                    && balance.ratio(info.place(), other.place()) == Some(Rate::ONE)
            } else {
                let joined = |a: &usize| other.inputs.iter().any(|b| balance.joined(*a, *b));
                !info.inputs.iter().any(joined)
            }
        };
        if !one_origin && !self.has(Feature::MergeApart) {
            return None;
        }
        let candidates: Vec<usize> = (0..scope.known.len())
            .filter(|n| fits(&self.balance, &scope.known[*n].info))
            .collect();
        if candidates.is_empty() {
            return None;
        }
        let n = *self.dice.pick(&candidates);
        let (other_expr, other) = self.take(scope, n);
        let mut both = [(expr, info), (other_expr, other)];
        if self.dice.chance(50) {
            both.swap(0, 1);
        }
        let [(a, x), (b, y)] = both;
        let mut info = Info {
            kind: Kind::Int,
            lineage: x.lineage,
            rate: x.rate.times(Rate::new(2, 1)),
            hole: x.hole || y.hole,
            fault: x.fault || y.fault,
            masked: false,
            mixed: !one_origin,
            unordered: x.unordered || y.unordered,
            inputs: x.inputs.union(&y.inputs).copied().collect(),
            bulk: x.bulk + y.bulk,
        };
        if !one_origin {
            info.lineage = self.balance.lineage();
            info.rate = Rate::ONE;
            info.hole = true;
            for p in &x.inputs {
                for q in &y.inputs {
                    self.balance.keep_apart(*p, *q);
                }
            }
        }
        Some((Expr::Merge(Box::new((a, b))), info))
    }

    // ------------------------------------------------------------ nodes

    /// A node of a worker, and what comes of it: several streams for one that is taken apart.
    fn node(&mut self, e: &'static Entry, args: Vec<Built>, scope: &Scope) -> (Expr, Vec<Info>) {
        self.budget = self.budget.saturating_sub(1);
        let (args, infos): (Vec<Expr>, Vec<Info>) = args.into_iter().unzip();
        let mut params = Vec::new();
        let mut every = 0;
        for name in e.params {
            let mut value = match *name {
                "every" => self.dice.between(2, 8),
                "at" => self.dice.between(0, every - 1),
                _ => {
                    params.push(self.number(scope));
                    continue;
                }
            };
            if e.group != Group::No && *name == "every" {
                value = value.min(4);
            }
            if *name == "every" {
                every = value;
            }
            params.push(Param {
                text: value.to_string(),
                value,
            });
        }
        let first = e.state == Some(Kind::Int) && self.dice.chance(30);
        let state = first.then(|| self.number(scope));
        let bulk = infos[0].bulk;
        let give = if bulk > 3.0 { 2 } else { 4 };
        let least = if self.has(Feature::ProduceOne) { 1 } else { 2 };
        let closure =
            self.has(Feature::Closures) && !e.lent && e.state.is_none() && self.dice.chance(25);
        let work = Work::Worker {
            entry: e,
            params,
            state,
            take: 1 + self.dice.below(4),
            give: least + self.dice.below(give - least + 1),
            closure,
        };
        let options = self.options(e, &infos, scope);
        let form = match self.dice.below(10) {
            0..=2 if !closure => Form::Call,
            3..=6 if args.len() > 1 => Form::Fan,
            _ => Form::Chain,
        };
        self.nodes += 1;
        let node = Node {
            id: self.nodes,
            work,
            args,
            form,
            options,
        };
        let infos = self.after(&node, &infos);
        (Expr::Node(Box::new(node)), infos)
    }

    fn options(&mut self, e: &Entry, infos: &[Info], scope: &Scope) -> Options {
        let mut options = Options::default();
        let folds = matches!(e.gives, Gives::State(_));
        let slots = matches!(e.gives, Gives::One(_) | Gives::Maybe(_) | Gives::Array(_));
        let plain = slots && e.group == Group::No;
        let mut serial = e.state.is_some() && !folds;
        if self.has(Feature::Serial) && plain && self.dice.chance(6) {
            serial = true;
        }
        if serial {
            options.words.push("serial");
        } else if plain && self.has(Feature::Unordered) && self.dice.chance(4) {
            options.words.push("unordered");
        } else if plain
            && infos.iter().any(|info| info.unordered)
            && infos.iter().all(|info| !info.mixed)
            && self.dice.chance(40)
        {
            options.words.push("ordered");
        }
        if self.has(Feature::Pools) && self.dice.chance(40) {
            options.on = Some(self.dice.pick(&scope.pools).clone());
        }
        if self.has(Feature::Spawn) && !serial && !folds && self.dice.chance(12) {
            let mut n = self.number(scope);
            if n.text.parse::<i64>().is_err() {
                n.text = format!("({}) as usize", n.text);
            }
            options.spawn = Some(n);
        }
        if self.has(Feature::Stride) && self.dice.chance(12) {
            options.stride = Some(1 + self.dice.below(5));
        }
        if self.has(Feature::Retry) && !serial && !folds && !e.catches && self.dice.chance(5) {
            options.retry = Some(1 + self.dice.below(2));
        }
        if self.has(Feature::Timeout) && !serial && !folds && self.dice.chance(5) {
            options.timed = true;
        }
        if self.all_named {
            options.named = Some(format!("n{}", self.nodes + 1));
        }
        options
    }

    /// What comes of a node.
    fn after(&mut self, node: &Node, args: &[Info]) -> Vec<Info> {
        let Work::Worker {
            entry: e,
            take,
            give,
            ..
        } = &node.work
        else {
            unreachable!("pipelines are built elsewhere")
        };
        let words = &node.options.words;
        let apart = args.iter().any(|arg| arg.inputs != args[0].inputs);
        let mut info = Info {
            kind: Kind::Int,
            lineage: args[0].lineage,
            rate: args[0].rate,
            hole: args.iter().any(|arg| arg.hole),
            fault: apart
                || e.mishap != Mishap::Never
                || e.group == Group::Array
                || (!e.catches && args.iter().any(|arg| arg.fault)),
            masked: args.iter().any(|arg| arg.masked),
            mixed: args.iter().any(|arg| arg.mixed),
            unordered: args.iter().any(|arg| arg.unordered) && !words.contains(&"ordered")
                || words.contains(&"unordered"),
            inputs: args.iter().flat_map(|arg| &arg.inputs).copied().collect(),
            bulk: args[0].bulk,
        };
        if e.group != Group::No {
            info.bulk /= *take as f64;
            if info.hole || info.masked {
                info.lineage = self.balance.lineage();
                info.rate = Rate::ONE;
            } else {
                info.rate = info.rate.over(Rate::new(*take as u64, 1));
            }
            info.hole = false;
        }
        match e.gives {
            Gives::One(kind) => info.kind = kind,
            Gives::Maybe(kind) => {
                info.kind = kind;
                info.hole = true;
            }
            Gives::Array(kind) => {
                info.kind = kind;
                info.rate = info.rate.times(Rate::new(*give as u64, 1));
                info.bulk *= *give as f64;
            }
            Gives::Flat(kind) | Gives::State(kind) => {
                info.kind = kind;
                info.lineage = self.balance.lineage();
                info.rate = Rate::ONE;
                info.hole = true;
                info.bulk = match e.gives {
                    Gives::Flat(_) => info.bulk * 1.5,
                    _ => 0.1,
                };
            }
            Gives::Parts(kinds) => {
                let part = |kind: &Kind| Info {
                    kind: *kind,
                    ..info.clone()
                };
                return kinds.iter().map(part).collect();
            }
            Gives::Nothing => {}
        }
        vec![info]
    }

    // ------------------------------------------------------------ routes

    fn route(&mut self, expr: Expr, info: Info, scope: &mut Scope, sinks: bool) -> Built {
        let skips = self.has(Feature::SkipArms);
        let (of, of_info) = match self.dice.below(10) {
            0..=3 if skips => {
                let errors = self.has(Feature::Errors) && self.dice.chance(25);
                let by = if errors { "sort_brittle" } else { "sort" };
                let (expr, mut infos) = self.node(entry(by), vec![(expr, info)], scope);
                (expr, infos.remove(0))
            }
            4..=5 if skips => {
                let (expr, mut infos) = self.node(entry("perhaps"), vec![(expr, info)], scope);
                (expr, infos.remove(0))
            }
            _ => (expr, info),
        };
        let patterns = self.patterns(of_info.kind);
        let mut result = Info {
            kind: Kind::Int,
            ..of_info.clone()
        };
        let mut arms = Vec::new();
        let mut alive = false;
        let count = patterns.len();
        for (n, (pattern, guarded)) in patterns.into_iter().enumerate() {
            let bound = pattern.bound();
            let guard = (guarded && !bound.is_empty()).then(|| {
                let every = self.dice.between(2, 5);
                Guard {
                    name: *self.dice.pick(&bound),
                    every,
                    at: self.dice.between(0, every - 1),
                }
            });
            // one arm at least goes on
            let last_chance = !alive && n + 2 >= count;
            let skip = bound.is_empty() || (skips && !last_chance && self.dice.chance(15));
            let body = if skip {
                result.hole = true;
                None
            } else {
                alive = true;
                let (expr, info) = self.arm(&bound, &of_info, scope, sinks);
                result.hole |= info.hole;
                result.fault |= info.fault;
                result.unordered |= info.unordered;
                Some(expr)
            };
            arms.push(Arm {
                pattern,
                guard,
                body,
            });
        }
        (Expr::Route(Box::new(Route { of, arms, sinks })), result)
    }

    fn bind(&mut self) -> StreamId {
        self.stream(Kind::Int)
    }

    /// Patterns that together match everything, and whether each may have a guard.
    fn patterns(&mut self, kind: Kind) -> Vec<(Pattern, bool)> {
        let guards = self.has(Feature::Guards);
        let mut all = Vec::new();
        match kind {
            Kind::Maybe => {
                if guards && self.dice.chance(40) {
                    all.push((Pattern::Some(Some(self.bind())), true));
                }
                all.push((Pattern::Some(Some(self.bind())), false));
                let last = [Pattern::None, Pattern::Wild];
                all.push((self.dice.pick(&last).clone(), false));
            }
            Kind::Sort => {
                if guards && self.dice.chance(40) {
                    all.push((Pattern::Both(Some(self.bind()), Some(self.bind())), true));
                }
                if self.dice.chance(25) {
                    all.push((Pattern::SmallOrBoth(self.bind()), false));
                } else {
                    all.push((Pattern::Small(Some(self.bind())), false));
                    let second = self.dice.chance(60).then(|| self.bind());
                    all.push((Pattern::Both(Some(self.bind()), second), false));
                }
                if self.dice.chance(70) {
                    all.push((Pattern::Wide(Some(self.bind()), Some(self.bind())), false));
                    all.push((Pattern::Nothing, false));
                } else {
                    all.push((Pattern::Wild, false));
                }
            }
            _ => {
                if guards && self.dice.chance(50) {
                    all.push((Pattern::Bind(self.bind()), true));
                }
                if self.has(Feature::SkipArms) && self.dice.chance(30) {
                    let from = self.dice.between(-9, 30);
                    let to = from + self.dice.between(0, 9);
                    all.push((
                        match self.dice.below(3) {
                            0 => Pattern::Literal(from),
                            1 => Pattern::Range(from, to),
                            _ => Pattern::At(self.bind(), from, to),
                        },
                        false,
                    ));
                }
                all.push((Pattern::Bind(self.bind()), false));
            }
        }
        all
    }

    /// The stream that an arm is.
    fn arm(&mut self, bound: &[StreamId], of: &Info, scope: &mut Scope, sinks: bool) -> Built {
        let inside = Info {
            kind: Kind::Int,
            masked: true,
            ..of.clone()
        };
        let mut known: Vec<Known> = Vec::new();
        if self.has(Feature::Partners) && !sinks {
            known.extend(
                scope
                    .known
                    .iter()
                    .filter(|known| {
                        let other = &known.info;
                        other.kind == Kind::Int
                            && !other.mixed
                            && other.inputs == of.inputs
                            && self.balance.ratio(of.place(), other.place()) == Some(Rate::ONE)
                            && (!other.fault || self.has(Feature::FaultyPartners))
                    })
                    .cloned(),
            );
        }
        for stream in bound {
            known.push(Known {
                stream: *stream,
                info: inside.clone(),
                used: false,
            });
        }
        let mut arm_scope = Scope {
            known,
            values: scope.values.clone(),
            pools: scope.pools.clone(),
            within: if sinks { Within::SinkArm } else { Within::Arm },
            depth: scope.depth,
        };
        let first = *self.dice.pick(bound);
        let mut built = (Expr::Name(first), inside.clone());
        if bound.len() > 1 && self.has(Feature::Joins) && self.dice.chance(60) {
            let other = bound.iter().find(|stream| **stream != first);
            let other = (Expr::Name(*other.expect("a second name")), inside);
            let (expr, mut infos) = self.node(entry("sum"), vec![built, other], &arm_scope);
            built = (expr, infos.remove(0));
        }
        for _ in 0..self.dice.below(3) {
            built = self.grow(built.0, built.1, &mut arm_scope);
        }
        if sinks {
            if built.1.kind != Kind::Int {
                built = self.convert_back(built.0, built.1, &mut arm_scope);
            }
            let info = built.1.clone();
            return (self.sink(built, &arm_scope), info);
        }
        built
    }

    // ------------------------------------------------------------ pipelines in pipelines

    /// A pipeline as a node, with at most so many outputs.
    fn nested(&mut self, from: Built, scope: &mut Scope, most: usize) -> (Expr, Vec<Info>) {
        let reuse = most == 1 && !self.reusable.is_empty() && self.dice.chance(40);
        if reuse {
            let index = *self.dice.pick(&self.reusable);
            let info = Info {
                hole: true,
                fault: true,
                ..from.1
            };
            return (self.call_pipeline(index, vec![from.0], scope), vec![info]);
        }
        let mut args = vec![from];
        if self.dice.chance(35)
            && let Some(partner) = self.partner(&args[0].1.clone(), scope)
        {
            args.push(partner);
        }
        let mut inputs = Vec::new();
        let mut known = Vec::new();
        for (n, (_, info)) in args.iter().enumerate() {
            let stream = self.stream(Kind::Int);
            ["xs", "ys"][n].clone_into(&mut self.streams[stream].name);
            inputs.push(stream);
            known.push(Known {
                stream,
                info: info.clone(),
                used: false,
            });
        }
        let value = self.number(scope);
        let mut inside = Scope {
            known,
            values: vec![Param {
                text: "v".to_owned(),
                value: value.value,
            }],
            pools: vec!["p".to_owned()],
            within: scope.within,
            depth: 1,
        };
        let before = self.nodes;
        let mut body = Vec::new();
        while body.is_empty() {
            self.budget = self.budget.max(1);
            body = self.statements(&mut inside);
        }
        let outputs = self.finish(&mut body, &mut inside, most, false);
        let info = |output: &StreamId| {
            let known = inside.known.iter().find(|known| known.stream == *output);
            known.expect("a known stream").info.clone()
        };
        let mut infos: Vec<Info> = outputs.iter().map(info).collect();
        if scope.within == Within::Arm && infos[0].kind != Kind::Int {
            unreachable!("arms keep to numbers")
        }
        let index = self.inner.len();
        self.inner.push(Pipeline {
            name: format!("q{before}"),
            inputs,
            values: inside.values,
            lets: Vec::new(),
            pools: inside.pools,
            body,
            outputs,
            unnamed: false,
            module: self.dice.chance(40),
        });
        let args: Vec<Expr> = args.into_iter().map(|(expr, _)| expr).collect();
        if args.len() == 1
            && infos.len() == 1
            && scope.within == Within::Arm
            && infos[0].kind == Kind::Int
        {
            self.reusable.push(index);
        }
        let expr = self.call_with(index, args, value, scope);
        for info in &mut infos {
            info.fault = true;
        }
        (expr, infos)
    }

    fn call_pipeline(&mut self, index: usize, args: Vec<Expr>, scope: &Scope) -> Expr {
        // The value that it was made for, since it is part of the pipeline's expectation.
        let value = self.inner[index].values[0].value;
        let value = Param {
            text: value.to_string(),
            value,
        };
        self.call_with(index, args, value, scope)
    }

    fn call_with(&mut self, index: usize, args: Vec<Expr>, value: Param, scope: &Scope) -> Expr {
        self.nodes += 1;
        let pool = self.dice.pick(&scope.pools).clone();
        Expr::Node(Box::new(Node {
            id: self.nodes,
            work: Work::Pipeline {
                index,
                values: vec![value],
                pools: vec![pool],
            },
            args,
            form: if self.dice.chance(30) {
                Form::Call
            } else {
                Form::Chain
            },
            options: Options {
                named: self.all_named.then(|| format!("n{}", self.nodes)),
                ..Options::default()
            },
        }))
    }
}

/// The streams that a body uses.
fn used(body: &[Statement]) -> BTreeSet<StreamId> {
    let mut all = BTreeSet::new();
    for statement in body {
        match statement {
            Statement::Let(_, expr) | Statement::Sink(expr) => mentions(expr, &mut all),
            Statement::Drop(stream) => {
                all.insert(*stream);
            }
        }
    }
    all
}

fn mentions(expr: &Expr, all: &mut BTreeSet<StreamId>) {
    match expr {
        Expr::Name(stream) | Expr::Field(stream, _) => {
            all.insert(*stream);
        }
        Expr::Node(node) => node.args.iter().for_each(|arg| mentions(arg, all)),
        Expr::Route(route) => {
            mentions(&route.of, all);
            for body in route.arms.iter().filter_map(|arm| arm.body.as_ref()) {
                mentions(body, all);
            }
        }
        Expr::Merge(both) => {
            mentions(&both.0, all);
            mentions(&both.1, all);
        }
    }
}
