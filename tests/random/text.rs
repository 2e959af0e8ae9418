//! A random pipeline as Rust: the `pipeline!` blocks, and a function that runs them.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::catalog::{Gives, Group, Kind};
use super::program::{
    Arm, Bound, Expr, Form, Input, Node, Options, Pattern, Pipeline, Program, Route, Statement,
    StreamId, Work,
};

/// A program as text, and what that makes of its nodes' names.
pub struct Text {
    pub source: String,
    /// Of each node, as it is called in its pipeline.
    pub names: BTreeMap<usize, String>,
}

/// Writes the program.
pub fn write(program: &Program) -> Text {
    let mut writer = Writer {
        program,
        names: BTreeMap::new(),
        counts: BTreeMap::new(),
    };
    let mut source = format!(
        "//! Seed {}.\n\nuse crate::harness::*;\nuse crate::workers::*;\nuse papy::prelude::*;\nuse std::sync::{{Arc, Mutex}};\n\n",
        program.seed
    );
    for inner in &program.inner {
        let text = writer.pipeline(inner);
        if inner.module {
            source += &format!("pub mod of_{} {{\nuse super::*;\n{text}}}\n\n", inner.name);
        } else {
            source += &text;
            source.push('\n');
        }
    }
    source += &writer.pipeline(&program.main);
    source.push('\n');
    source += &runner(program);
    Text {
        source,
        names: writer.names,
    }
}

struct Writer<'a> {
    program: &'a Program,
    names: BTreeMap<usize, String>,
    /// How often a worker has been named in this pipeline.
    counts: BTreeMap<String, usize>,
}

impl Writer<'_> {
    fn name(&self, stream: StreamId) -> &str {
        &self.program.streams[stream].name
    }

    fn item(&self, stream: StreamId) -> &'static str {
        self.program.streams[stream].kind.text()
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> String {
        self.counts.clear();
        let mut args: Vec<String> = pipeline
            .inputs
            .iter()
            .map(|input| format!("{}: Stream<{}>", self.name(*input), self.item(*input)))
            .collect();
        args.extend(pipeline.values.iter().map(|v| {
            let kind = if v.text.starts_with("to") {
                "Arc<Mutex<Vec<i64>>>"
            } else {
                "i64"
            };
            format!("{}: {kind}", v.text)
        }));
        args.extend(pipeline.pools.iter().map(|pool| format!("{pool}: Pool")));
        let outputs: Vec<String> = pipeline
            .outputs
            .iter()
            .map(|output| format!("Stream<{}>", self.item(*output)))
            .collect();
        let result = match &outputs[..] {
            [] => String::new(),
            [one] => format!(" -> {one}"),
            several => format!(" -> ({})", several.join(", ")),
        };
        let mut text = format!(
            "pipeline! {{\n    pub fn {}({}){result} {{\n",
            pipeline.name,
            args.join(", ")
        );
        for (value, expr) in &pipeline.lets {
            let _ = writeln!(text, "        let {}: i64 = {expr};", value.text);
        }
        let last = pipeline.body.len().wrapping_sub(1);
        for (n, statement) in pipeline.body.iter().enumerate() {
            text.push_str("        ");
            match statement {
                Statement::Let(_, expr) if pipeline.unnamed && n == last => {
                    text += &self.expr(expr);
                }
                Statement::Let(names, expr) => {
                    let names: Vec<String> = names
                        .iter()
                        .map(|name| name.map_or("_".into(), |name| self.name(name).to_owned()))
                        .collect();
                    let names = match &names[..] {
                        [one] => one.clone(),
                        several => format!("({})", several.join(", ")),
                    };
                    let _ = write!(text, "let {names} = {};", self.expr(expr));
                }
                Statement::Sink(expr) => {
                    let _ = write!(text, "{};", self.expr(expr));
                }
                Statement::Drop(stream) => {
                    let _ = write!(text, "let _ = {};", self.name(*stream));
                }
            }
            text.push('\n');
        }
        let names: Vec<&str> = pipeline.outputs.iter().map(|s| self.name(*s)).collect();
        match &names[..] {
            _ if pipeline.unnamed => {}
            [] => {}
            [one] => {
                let _ = writeln!(text, "        {one}");
            }
            several => {
                let _ = writeln!(text, "        ({})", several.join(", "));
            }
        }
        text + "    }\n}\n"
    }

    fn expr(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Name(name) => self.name(*name).to_owned(),
            Expr::Field(name, field) => format!("{}.{field}", self.name(*name)),
            Expr::Node(node) => self.node(node),
            Expr::Route(route) => self.route(route),
            Expr::Merge(both) => {
                let a = self.expr(&both.0);
                let b = self.expr(&both.1);
                format!("merge({a}, {b})")
            }
        }
    }

    /// An expression in front of `>>`.
    fn left(&mut self, expr: &Expr) -> String {
        let text = self.expr(expr);
        match expr {
            Expr::Route(_) => format!("({text})"),
            _ => text,
        }
    }

    fn node(&mut self, node: &Node) -> String {
        let args = &node.args;
        if node.form == Form::Call {
            // the node's own word stands in front of its arguments
            self.enter(node);
            let args: Vec<String> = args.iter().map(|arg| self.expr(arg)).collect();
            return self.word(node, &args);
        }
        if node.form == Form::Fan
            && let Some((source, nodes)) = fan(args)
        {
            let source = self.name(source).to_owned();
            let mut words = Vec::new();
            for node in nodes {
                self.enter(node);
                words.push(self.word(node, &[]));
            }
            self.enter(node);
            return format!(
                "{source} >> ({}) >> {}",
                words.join(", "),
                self.word(node, &[])
            );
        }
        let left = match &args[..] {
            [one] => self.left(one),
            several => {
                let args: Vec<String> = several.iter().map(|arg| self.expr(arg)).collect();
                format!("({})", args.join(", "))
            }
        };
        self.enter(node);
        format!("{left} >> {}", self.word(node, &[]))
    }

    /// Names the node whose word stands next in the text.
    fn enter(&mut self, node: &Node) {
        let base = match &node.work {
            Work::Worker { closure: true, .. } => "closure",
            Work::Worker { entry, .. } => entry.name,
            Work::Pipeline { index, .. } => &self.program.inner[*index].name,
        };
        let count = self.counts.entry(base.to_owned()).or_default();
        *count += 1;
        let own = match (&node.options.named, *count) {
            (Some(name), _) => name.clone(),
            (None, 1) => base.to_owned(),
            (None, n) => format!("{base}#{n}"),
        };
        self.names.insert(node.id, own);
    }

    /// A node behind `>>`, or with its arguments.
    fn word(&self, node: &Node, streams: &[String]) -> String {
        let mut inside = streams.to_vec();
        let mut text = String::new();
        match &node.work {
            Work::Pipeline {
                index,
                values,
                pools,
            } => {
                let inner = &self.program.inner[*index];
                if inner.module {
                    let _ = write!(text, "of_{}::", inner.name);
                }
                text += &inner.name;
                let given = inner.values.iter().zip(values);
                inside.extend(given.map(|(v, param)| format!("{} = {}", v.text, param.text)));
                let given = inner.pools.iter().zip(pools);
                inside.extend(given.map(|(name, pool)| format!("{name} = {pool}")));
                if inside.is_empty() {
                    text += "()";
                }
            }
            Work::Worker { closure: true, .. } => text = closure(node),
            Work::Worker {
                entry,
                params,
                state,
                take,
                give,
                ..
            } => {
                text += entry.name;
                let array = matches!(entry.gives, Gives::Array(_));
                match (entry.group, array) {
                    (Group::Array, true) => {
                        let _ = write!(text, "::<{take}, {give}>");
                    }
                    (Group::Array, false) => {
                        let _ = write!(text, "::<{take}>");
                    }
                    (_, true) => {
                        let _ = write!(text, "::<{give}>");
                    }
                    _ => {}
                }
                let given = entry.params.iter().zip(params);
                inside.extend(given.map(|(name, param)| format!("{name} = {}", param.text)));
                inside.extend(state.iter().map(|state| format!("state = {}", state.text)));
            }
        }
        if !inside.is_empty() {
            let _ = write!(text, "({})", inside.join(", "));
        }
        text + &options(node)
    }

    // ------------------------------------------------------------ routes

    fn route(&mut self, route: &Route) -> String {
        let mut text = format!("match {} {{", self.expr(&route.of));
        for arm in &route.arms {
            let _ = write!(text, " {},", self.arm(arm));
        }
        text + " }"
    }

    fn arm(&mut self, arm: &Arm) -> String {
        let mut text = self.pattern(&arm.pattern);
        if let Some(guard) = &arm.guard {
            let name = self.name(guard.name);
            let _ = write!(text, " if {name} % {} == {}", guard.every, guard.at);
        }
        let body = match &arm.body {
            None => "skip".to_owned(),
            Some(body) => self.expr(body),
        };
        format!("{text} => {body}")
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        let bound = |name: &Bound| name.map_or("_", |name| self.name(name)).to_owned();
        match pattern {
            Pattern::Wild => "_".to_owned(),
            Pattern::Bind(name) => self.name(*name).to_owned(),
            Pattern::Literal(n) => n.to_string(),
            Pattern::Range(from, to) => format!("{from}..={to}"),
            Pattern::At(name, from, to) => format!("{} @ {from}..={to}", self.name(*name)),
            Pattern::Some(name) => format!("Some({})", bound(name)),
            Pattern::None => "None".to_owned(),
            Pattern::Nothing => "Sort::Nothing".to_owned(),
            Pattern::Small(name) => format!("Sort::Small({})", bound(name)),
            Pattern::Wide(a, b) => {
                format!("Sort::Wide {{ left: {}, right: {} }}", bound(a), bound(b))
            }
            Pattern::Both(a, b) => format!("Sort::Both({}, {})", bound(a), bound(b)),
            Pattern::SmallOrBoth(name) => {
                let name = self.name(*name);
                format!("Sort::Small({name}) | Sort::Both({name}, _)")
            }
        }
    }
}

/// The nodes of `source >> (f, g)`, where arguments are of that form.
fn fan(args: &[Expr]) -> Option<(StreamId, Vec<&Node>)> {
    let mut source = None;
    let mut nodes = Vec::new();
    for arg in args {
        let Expr::Node(node) = arg else { return None };
        let [Expr::Name(name)] = node.args[..] else {
            return None;
        };
        if *source.get_or_insert(name) != name {
            return None;
        }
        nodes.push(&**node);
    }
    (nodes.len() > 1).then_some((source?, nodes))
}

/// A closure that calls the worker.
fn closure(node: &Node) -> String {
    let Work::Worker {
        entry,
        params,
        take,
        give,
        ..
    } = &node.work
    else {
        unreachable!("pipelines are no closures")
    };
    let one = |kind: Kind| {
        if entry.catches {
            format!("Result<{}, Fault>", kind.text())
        } else {
            kind.text().to_owned()
        }
    };
    let items: Vec<String> = entry.takes.iter().map(|kind| one(*kind)).collect();
    let element = match &items[..] {
        [item] => item.clone(),
        several => format!("({})", several.join(", ")),
    };
    let kinds = match entry.group {
        Group::No => items,
        Group::Array => vec![format!("[{element}; {take}]")],
        Group::Vec => vec![format!("Vec<{element}>")],
    };
    let names = ["x", "y", "z"];
    let inputs: Vec<String> = kinds
        .iter()
        .zip(names)
        .map(|(kind, name)| format!("{name}: {kind}"))
        .collect();
    let mut call: Vec<&str> = names[..kinds.len()].to_vec();
    call.extend(params.iter().map(|param| param.text.as_str()));
    let array = matches!(entry.gives, Gives::Array(_));
    let generics = match (entry.group, array) {
        (Group::Array, true) => format!("::<{take}, {give}>"),
        (_, true) => format!("::<{give}>"),
        _ => String::new(),
    };
    format!(
        "(|{}| {}{generics}({}))",
        inputs.join(", "),
        entry.name,
        call.join(", ")
    )
}

/// The options behind a node, in an order that depends on the node.
fn options(node: &Node) -> String {
    let Options {
        on,
        words,
        spawn,
        stride,
        retry,
        timed,
        repeat,
        named,
    } = &node.options;
    let mut all: Vec<String> = words.iter().map(|word| format!(".{word}()")).collect();
    all.extend(on.iter().map(|pool| format!(".on({pool})")));
    all.extend(spawn.iter().map(|n| format!(".spawn({})", n.text)));
    all.extend(stride.iter().map(|n| format!(".stride({n})")));
    all.extend(retry.iter().map(|n| format!(".retry({n})")));
    all.extend(timed.then(|| ".timeout(secs(600))".to_owned()));
    all.extend(repeat.iter().map(|n| format!(".repeat({n})")));
    all.extend(named.iter().map(|name| format!(".named({name:?})")));
    match &node.work {
        Work::Pipeline { .. } => all.push(".pipeline()".to_owned()),
        Work::Worker {
            entry,
            take,
            give,
            closure,
            ..
        } => {
            match entry.gives {
                Gives::Maybe(_) => all.push(".filter()".to_owned()),
                Gives::Array(_) => all.push(format!(".produce({give})")),
                Gives::Flat(_) => all.push(".flat()".to_owned()),
                Gives::State(_) => all.push(".fold()".to_owned()),
                Gives::One(_) | Gives::Parts(_) | Gives::Nothing => {}
            }
            if entry.group != Group::No {
                all.push(format!(".consume({take})"));
            }
            if entry.catches {
                all.push(".catch()".to_owned());
            }
            if *closure && entry.mishap == super::catalog::Mishap::Errors {
                all.push(".fallible()".to_owned());
            }
        }
    }
    let len = all.len().max(1);
    all.rotate_left(node.id % len);
    all.concat()
}

// ---------------------------------------------------------------- running it

/// The function that runs the pipeline as it is told.
fn runner(program: &Program) -> String {
    let main = &program.main;
    let mut text =
        String::from("pub fn run(way: &Way) -> Vec<String> {\n    let [a, b, c] = way.pools();\n");
    for n in 0..program.sinks {
        let _ = writeln!(text, "    let sink{n} = Arc::new(Mutex::new(Vec::new()));");
    }
    let mut args: Vec<String> = program.inputs.iter().map(items).collect();
    args.extend(
        main.values
            .iter()
            .map(|value| match value.text.strip_prefix("to") {
                Some(n) => format!("sink{n}.clone()"),
                None => value.value.to_string(),
            }),
    );
    args.extend(main.pools.iter().map(|pool| format!("{pool}.clone()")));
    let _ = writeln!(
        text,
        "    let made = tuned!(way, {}({}));",
        main.name,
        args.join(", ")
    );
    let outputs: Vec<String> = main
        .outputs
        .iter()
        .map(|output| {
            if main.unnamed {
                "out".to_owned()
            } else {
                program.streams[*output].name.clone()
            }
        })
        .collect();
    let _ = writeln!(text, "    #[allow(unused_mut)]");
    let _ = writeln!(
        text,
        "    let mut lines: Vec<String> = ran!(way, made, [{}]);",
        outputs.join(", ")
    );
    for n in 0..program.sinks {
        let _ = writeln!(text, "    lines.push(kept(&sink{n}));");
    }
    text + "    lines\n}\n"
}

fn items(input: &Input) -> String {
    match input {
        Input::Items(items) => format!("Vec::<i64>::from({items:?})"),
        Input::Fallible(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| match item {
                    Some(x) => format!("Ok({x})"),
                    None => "Err(\"no item\")".to_owned(),
                })
                .collect();
            format!(
                "papy::source::fallible(Vec::<Result<i64, &str>>::from([{}]))",
                items.join(", ")
            )
        }
        Input::Panics(items) => format!("panics_after({items:?}.into())"),
    }
}
