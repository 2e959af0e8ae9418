//! Node options: which there are, what they take, and which do not go together.

use syn::{Expr, ExprMethodCall, Lit};

use super::Lowering;
use crate::diagnostics::Place;
use crate::graph::{Mode, PoolClass};
use crate::suggest::nearest;
use crate::{mistakes, syntax};

const KNOWN: &[&str] = &[
    "on",
    "serial",
    "unordered",
    "ordered",
    "stride",
    "spawn",
    "timeout",
    "retry",
    "produce",
    "consume",
    "repeat",
    "filter",
    "flat",
    "fold",
    "catch",
    "fallible",
    "named",
];
const NOT_YET: &[&str] = &["isolated", "remote", "await"];

/// Whether it is the name of an option.
pub(super) fn is_option(name: &str) -> bool {
    KNOWN.contains(&name) || NOT_YET.contains(&name) || name == "pipeline"
}

/// The option that goes by another name elsewhere.
fn meant(name: &str) -> Option<&'static str> {
    match name {
        "flatten" | "flat_map" => Some("flat"),
        "group" | "batch" | "chunk" | "chunks" | "window" | "windows" => Some("consume"),
        "expand" | "split" => Some("produce"),
        "filter_map" => Some("filter"),
        "reduce" | "aggregate" | "scan" => Some("fold"),
        "sequential" | "in_order" => Some("serial"),
        "limit" | "workers" | "parallel" | "threads" => Some("spawn"),
        "name" | "label" => Some("named"),
        "pool" => Some("on"),
        "deadline" | "time_limit" | "within" => Some("timeout"),
        "retries" | "again" | "attempts" => Some("retry"),
        _ => None,
    }
}

/// The options of one node.
#[derive(Debug, Default)]
pub(super) struct Options {
    given: Vec<(&'static str, Place)>,
    pub(super) pool: Option<Expr>,
    pub(super) stride: Option<Expr>,
    pub(super) spawn: Option<Expr>,
    pub(super) timeout: Option<Expr>,
    pub(super) retry: Option<Expr>,
    pub(super) named: Option<String>,
    rates: Vec<(&'static str, u64)>,
}

impl Options {
    pub(super) fn has(&self, option: &str) -> bool {
        self.place(option).is_some()
    }

    pub(super) fn place(&self, option: &str) -> Option<Place> {
        self.given
            .iter()
            .find(|(given, _)| *given == option)
            .map(|&(_, place)| place)
    }

    /// The number of `.produce`, `.consume` or `.repeat`.
    pub(super) fn rate(&self, option: &str) -> Option<u64> {
        let mut rates = self.rates.iter();
        rates.find(|(given, _)| *given == option).map(|&(_, n)| n)
    }

    pub(super) fn mode(&self) -> Mode {
        if self.has("fold") {
            Mode::Fold
        } else if self.has("serial") {
            Mode::Serial
        } else if self.has("timeout") {
            Mode::Timed
        } else if self.has("spawn") {
            Mode::Spawn
        } else {
            Mode::Parallel
        }
    }
}

impl Lowering<'_> {
    /// Reads the options of a node, first to last.
    pub(super) fn options(&mut self, calls: &[&ExprMethodCall]) -> Options {
        let mut options = Options::default();
        for call in calls {
            self.option(call, &mut options);
        }
        options
    }

    fn option(&mut self, call: &ExprMethodCall, options: &mut Options) {
        let name = super::plain(&call.method);
        let place = Place::of(&call.method);
        if NOT_YET.contains(&name.as_str()) {
            self.names.touch(&call.args);
            self.cx.report(place, mistakes::option_not_yet(&name));
            return;
        }
        let Some(&known) = KNOWN.iter().find(|known| **known == name) else {
            self.names.touch(&call.args);
            let every: Vec<&str> = KNOWN.iter().chain(NOT_YET).copied().collect();
            let near = meant(&name).or_else(|| nearest(&name, every));
            let mistake = match name.as_str() {
                "buffer" | "on_fault" | "inline" => mistakes::option_of_run(&name),
                _ => mistakes::unknown_option(&name, near, KNOWN),
            };
            self.cx.report(place, mistake);
            return;
        };
        if options.has(known) {
            self.cx.report(place, mistakes::option_twice(known));
            return;
        }
        let mut arguments = call.args.iter();
        let argument = arguments.next();
        let form = match known {
            "on" => "on(pool)",
            "stride" => "stride(n)",
            "spawn" => "spawn(n)",
            "timeout" => "timeout(duration)",
            "retry" => "retry(n)",
            "produce" => "produce(n)",
            "consume" => "consume(n)",
            "repeat" => "repeat(n)",
            "flat" => "flat()",
            "named" => "named(\"name\")",
            "serial" => "serial()",
            "unordered" => "unordered()",
            "ordered" => "ordered()",
            "filter" => "filter()",
            "fold" => "fold()",
            "catch" => "catch()",
            _ => "fallible()",
        };
        if arguments.next().is_some() || argument.is_some() == form.ends_with("()") {
            self.names.touch(&call.args);
            let mistake = match (known, argument) {
                ("filter", Some(Expr::Closure(_))) => mistakes::option_argument_filter(),
                _ => mistakes::option_arguments(known, form),
            };
            self.cx.report(place, mistake);
            return;
        }
        if let Some(argument) = argument {
            match (known, syntax::ungrouped(argument)) {
                ("named", Expr::Lit(literal)) if matches!(literal.lit, Lit::Str(_)) => {
                    if let Lit::Str(text) = &literal.lit {
                        options.named = Some(text.value());
                    }
                }
                ("named", other) => {
                    self.cx
                        .report(Place::of(other), mistakes::option_arguments(known, form));
                    return;
                }
                ("produce" | "consume" | "repeat", argument) => {
                    let Some(n) = self.rate(known, argument) else {
                        return;
                    };
                    options.rates.push((known, n));
                }
                ("timeout", argument) if !self.check_time(argument) => return,
                ("stride" | "spawn" | "retry", Expr::Lit(literal)) if is_zero(&literal.lit) => {
                    self.cx.report(Place::of(literal), mistakes::zero(known));
                    return;
                }
                ("on", expr) => {
                    if !self.check_pool(expr) {
                        return;
                    }
                    options.pool = Some(expr.clone());
                }
                ("stride", expr) => options.stride = Some(expr.clone()),
                ("timeout", expr) => options.timeout = Some(expr.clone()),
                ("retry", expr) => options.retry = Some(expr.clone()),
                (_, expr) => options.spawn = Some(expr.clone()),
            }
            if known != "named" {
                self.check_value_expr(argument);
            }
        }
        if let Some((first, why)) = contradiction(known, options) {
            self.cx
                .report(place, mistakes::options_contradict(known, first, why));
            return;
        }
        options.given.push((known, place));
    }

    /// What is no duration by its looks, and one that is no time at all. Whether there was nothing to report.
    fn check_time(&mut self, expr: &Expr) -> bool {
        let text = syntax::text(expr);
        let mistake = match syntax::bare(expr) {
            Expr::Lit(literal) => {
                mistakes::not_a_duration(&text, matches!(literal.lit, Lit::Int(_)))
            }
            Expr::Call(call) if call.args.iter().all(is_zero_literal) && !call.args.is_empty() => {
                mistakes::no_time(&text)
            }
            _ => return true,
        };
        self.names.touch(expr);
        self.cx.report(Place::of(expr), mistake);
        false
    }

    /// The number of `.produce`, `.consume` or `.repeat`, which stands in the text.
    fn rate(&mut self, option: &str, argument: &Expr) -> Option<u64> {
        let text = syntax::short_text(argument);
        let mistake = match (whole(argument), syntax::bare(argument)) {
            (Some(0), _) => mistakes::zero(option),
            (Some(n), _) => return Some(n),
            (None, Expr::Lit(_) | Expr::Unary(_)) => mistakes::rate_not_whole(option, &text),
            (None, _) => mistakes::rate_in_text(option, &text),
        };
        self.names.touch(argument);
        self.cx.report(Place::of(argument), mistake);
        None
    }

    /// Which pool an expression is, as far as the text tells.
    pub(super) fn pool_class(&mut self, node: usize, expr: Option<&Expr>) -> PoolClass {
        let Some(expr) = expr else {
            return PoolClass::Default;
        };
        if let Some(name) = super::names::single(expr) {
            let name = super::plain(name);
            self.held.insert(name.clone());
            return self
                .known_pools
                .get(&name)
                .cloned()
                .unwrap_or(PoolClass::Named(name));
        }
        textual_pool(expr).unwrap_or(PoolClass::Own(node))
    }

    /// What is no pool by its looks, and a pool's name that nothing is called. Whether there was nothing to report.
    fn check_pool(&mut self, expr: &Expr) -> bool {
        let Some(name) = super::names::single(expr) else {
            let literal = matches!(syntax::bare(expr), Expr::Lit(_));
            if literal {
                let mistake = mistakes::not_a_pool(&syntax::text(expr));
                self.cx.report(Place::of(expr), mistake);
            }
            return !literal;
        };
        let key = super::plain(name);
        let constant = key.chars().all(|c| !c.is_lowercase());
        if self.names.is_stream(&key) {
            self.names.touch_name(&key);
            self.cx
                .report(Place::of(name), mistakes::stream_as_pool(&key));
            return false;
        }
        if constant || self.names.get(&key).is_some() {
            return true;
        }
        if key == "Pool" {
            self.cx
                .report(Place::of(name), mistakes::type_as_pool(&key));
            return false;
        }
        let values = self.names.values();
        let near = nearest(&key, values.iter().map(String::as_str)).map(str::to_owned);
        self.cx.report(
            Place::of(name),
            mistakes::unknown_value(&key, near.as_deref()),
        );
        false
    }
}

/// `Pool::rayon()` and `Pool::inline()`.
pub(super) fn textual_pool(expr: &Expr) -> Option<PoolClass> {
    let Expr::Call(call) = syntax::bare(expr) else {
        return None;
    };
    let Expr::Path(path) = syntax::bare(&call.func) else {
        return None;
    };
    let mut segments = path.path.segments.iter().rev();
    let (function, pool) = (segments.next()?, segments.next()?);
    if pool.ident != "Pool" || !call.args.is_empty() {
        return None;
    }
    match function.ident.to_string().as_str() {
        "rayon" => Some(PoolClass::Default),
        "inline" => Some(PoolClass::Inline),
        _ => None,
    }
}

/// A whole number in the text.
fn whole(expr: &Expr) -> Option<u64> {
    match syntax::bare(expr) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(int) => int
                .base10_parse()
                .ok()
                .filter(|n| u32::try_from(*n).is_ok()),
            _ => None,
        },
        _ => None,
    }
}

fn is_zero_literal(expr: &Expr) -> bool {
    matches!(syntax::bare(expr), Expr::Lit(literal) if is_zero(&literal.lit))
}

fn is_zero(literal: &Lit) -> bool {
    matches!(literal, Lit::Int(int) if int.base10_parse::<u64>().is_ok_and(|n| n == 0))
}

/// Which earlier option a new one does not go with, and why.
fn contradiction(new: &str, options: &Options) -> Option<(&'static str, &'static str)> {
    const PAIRS: &[(&str, &str, &str)] = &[
        (
            "serial",
            "unordered",
            "one runs in input order, the other gives it up",
        ),
        ("fold", "unordered", "the state comes out once, at the end"),
        (
            "ordered",
            "unordered",
            "one restores input order, the other gives it up",
        ),
        (
            "serial",
            "spawn",
            "one at a time is all that a serial node runs",
        ),
        ("fold", "spawn", "one at a time is all that a fold runs"),
        (
            "fold",
            "serial",
            "a fold runs in input order as it is, and gives one item at the end instead of one each",
        ),
        (
            "timeout",
            "serial",
            "the next item would have to wait for the call that is given up",
        ),
        (
            "timeout",
            "fold",
            "the state would stay with the call that is given up",
        ),
        (
            "retry",
            "serial",
            "a call that fails may have changed what the next try begins with",
        ),
        (
            "retry",
            "fold",
            "a call that fails may have changed the state already",
        ),
        (
            "flat",
            "produce",
            "one gives as many items as there are, the other a fixed number",
        ),
        (
            "fold",
            "filter",
            "a fold gives nothing for each item that could be taken out",
        ),
    ];
    PAIRS.iter().find_map(|&(a, b, why)| match () {
        () if a == new && options.has(b) => Some((b, why)),
        () if b == new && options.has(a) => Some((a, why)),
        () => None,
    })
}
