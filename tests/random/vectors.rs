//! The interpreter against vectors of the rules. The number in a test's name is the rule's.
//!
//! A fault is written `!node#position`; outputs are separated by `|`.
#![allow(
    clippy::unnecessary_wraps,
    reason = "every worker ends in the same kind of outcome"
)]

use std::collections::BTreeMap;

use super::catalog::{Call, Entry, Gives, Group, Kind, Outcome, Value, entry, plain};
use super::expectation::Reading;
use super::interpreter::interpret;
use super::program::{
    Arm, Expr, Form, Guard, Input, Node, Options, Param, Pattern, Pipeline, Program, Route,
    Statement, Stream, StreamId, Work,
};

// ---------------------------------------------------------------- workers

fn ints(xs: impl IntoIterator<Item = i64>) -> Outcome {
    Ok(xs.into_iter().map(Value::Int).collect())
}

fn tenth(x: i64) -> Result<i64, String> {
    10i64.checked_div(x).ok_or_else(|| "by zero".to_owned())
}

/// Items, pairs and groups as lists.
fn listed(call: &mut Call) -> Outcome {
    let of = |value: &Value| match value {
        Value::Tuple(values) | Value::Group(values) => values.clone(),
        other => vec![other.clone()],
    };
    let groups = call.args.iter().flat_map(of);
    Ok(vec![Value::Group(groups.collect())])
}

const ONE: &[Kind] = &[Kind::Int];
const TWO: &[Kind] = &[Kind::Int, Kind::Int];
const THREE: &[Kind] = &[Kind::Int, Kind::Int, Kind::Int];
const INT: Gives = Gives::One(Kind::Int);
const LIST: Gives = Gives::One(Kind::List);
const MANY: Gives = Gives::Array(Kind::Int);

static INC: Entry = plain("inc", ONE, INT, |c| ints([c.int(0) + 1]));
static DBL: Entry = plain("dbl", ONE, INT, |c| ints([c.int(0) * 2]));
static SQR: Entry = plain("sqr", ONE, INT, |c| ints([c.int(0) * c.int(0)]));
static INV: Entry = plain("inv", ONE, INT, |c| ints([tenth(c.int(0))?]));
static BAD: Entry = plain("bad", ONE, INT, |c| match c.int(0) {
    0 | 5 => Err("bad".to_owned()),
    x => ints([x]),
});
static CK: Entry = plain("ck", ONE, INT, |c| match c.int(0) {
    0 => Err("zero".to_owned()),
    x => ints([x]),
});
static BOOM: Entry = plain("boom", ONE, INT, |c| match c.int(0) {
    2 => panic!("on purpose"),
    x => ints([x]),
});
static EVEN: Entry = plain("even", ONE, Gives::Maybe(Kind::Int), |c| {
    ints(Some(c.int(0)).filter(|x| x % 2 == 0))
});
static CAT: Entry = plain("cat", TWO, LIST, listed);
static CAT3: Entry = plain("cat3", THREE, LIST, listed);
static SUM: Entry = plain("sum", TWO, INT, |c| ints([c.int(0) + c.int(1)]));
static PAIR: Entry = plain("pair", ONE, MANY, |c| ints([c.int(0), -c.int(0)]));
static TRIP: Entry = plain("trip", ONE, MANY, |c| {
    ints([1, 10, 100].map(|by| by * c.int(0)))
});
static Q: Entry = plain("q", ONE, MANY, |c| ints([tenth(c.int(0))?, c.int(0)]));
static GROUP: Entry = plain("cat", ONE, LIST, listed).group(Group::Vec);
static WHOLE: Entry = plain("cat", ONE, LIST, listed).group(Group::Array);
static PAIRS: Entry = plain("cat", TWO, LIST, |c| {
    let all = c.args[0].pairs().into_iter().flat_map(|(x, y)| [x, y]);
    Ok(vec![Value::List(all.collect())])
})
.group(Group::Vec);
static ADDED: Entry =
    plain("sum", ONE, INT, |c| ints([c.args[0].ints().iter().sum()])).group(Group::Vec);
static SHAPE: Entry = plain("g", ONE, MANY, |c| {
    let xs = c.args[0].ints();
    ints([xs.iter().sum(), xs.len() as i64, 0])
})
.group(Group::Vec);
static SHAPE_WHOLE: Entry = plain("g", ONE, MANY, |c| {
    let xs = c.args[0].ints();
    ints([xs.iter().sum(), xs.len() as i64, 0])
})
.group(Group::Array);
static PADDED: Entry =
    plain("g", ONE, MANY, |c| ints([c.args[0].ints().iter().sum(), 0])).group(Group::Vec);
static PADDED_WHOLE: Entry =
    plain("g", ONE, MANY, |c| ints([c.args[0].ints().iter().sum(), 0])).group(Group::Array);
static RUNNING: Entry = plain("running", ONE, INT, |c| {
    let x = c.int(0);
    ints([c.with(|state| {
        *state += x;
        assert!(x != 2, "on purpose");
        *state
    })])
})
.state(Kind::Int);
static ADD: Entry = plain("add", ONE, Gives::State(Kind::Int), |c| {
    let x = c.int(0);
    c.with(|state| *state += x);
    ints([])
})
.state(Kind::Int);
static UPTO: Entry = plain("upto", ONE, Gives::Flat(Kind::Int), |c| ints(0..c.int(0)));

// ---------------------------------------------------------------- sketches

/// A pipeline in the making.
#[derive(Default)]
struct Sketch {
    streams: Vec<Stream>,
    names: BTreeMap<usize, String>,
    body: Vec<Statement>,
    inner: Vec<Pipeline>,
}

impl Sketch {
    fn stream(&mut self, name: &str) -> StreamId {
        self.streams.push(Stream {
            name: name.to_owned(),
            kind: Kind::Int,
        });
        self.streams.len() - 1
    }

    fn node<const N: usize>(&mut self, entry: &'static Entry, args: [&Expr; N]) -> Expr {
        self.rated(entry, args, 1, 1)
    }

    /// A node that takes and gives so many.
    fn rated<const N: usize>(
        &mut self,
        entry: &'static Entry,
        args: [&Expr; N],
        take: usize,
        give: usize,
    ) -> Expr {
        let work = Work::Worker {
            entry,
            params: Vec::new(),
            state: None,
            take,
            give,
            closure: false,
        };
        self.work(entry.name, work, &args, Options::default())
    }

    fn work(&mut self, name: &str, work: Work, args: &[&Expr], options: Options) -> Expr {
        let id = self.names.len();
        self.names.insert(id, name.to_owned());
        Expr::Node(Box::new(Node {
            id,
            work,
            args: args.iter().copied().cloned().collect(),
            form: Form::Chain,
            options,
        }))
    }

    fn repeated(&mut self, entry: &'static Entry, arg: &Expr, n: usize) -> Expr {
        let mut expr = self.node(entry, [arg]);
        if let Expr::Node(node) = &mut expr {
            node.options.repeat = Some(n);
        }
        expr
    }

    /// `let name = …;`
    fn named(&mut self, expr: Expr) -> Expr {
        let stream = self.stream("named");
        self.body.push(Statement::Let(vec![Some(stream)], expr));
        Expr::Name(stream)
    }
}

fn pipeline(
    name: &str,
    inputs: Vec<StreamId>,
    body: Vec<Statement>,
    outputs: Vec<StreamId>,
) -> Pipeline {
    Pipeline {
        name: name.to_owned(),
        inputs,
        values: Vec::new(),
        lets: Vec::new(),
        pools: Vec::new(),
        body,
        outputs,
        unnamed: false,
        module: false,
    }
}

/// What comes out, as text.
fn run<const N: usize, const M: usize>(
    inputs: [&[i64]; N],
    reading: Reading,
    draw: impl FnOnce(&mut Sketch, [Expr; N]) -> [Expr; M],
) -> String {
    let mut sketch = Sketch::default();
    let names = ["xs", "ys", "zs"];
    let streams: [StreamId; N] = std::array::from_fn(|n| sketch.stream(names[n]));
    let outputs = draw(&mut sketch, streams.map(Expr::Name));
    let mut given = Vec::new();
    for output in outputs {
        let Expr::Name(stream) = sketch.named(output) else {
            unreachable!("a name")
        };
        given.push(stream);
    }
    let program = Program {
        seed: 0,
        main: pipeline("main", streams.into(), sketch.body, given),
        inner: sketch.inner,
        inputs: inputs.map(|items| Input::Items(items.to_vec())).into(),
        streams: sketch.streams,
        sinks: 0,
    };
    let expectation = interpret(&program, &sketch.names);
    assert_eq!(expectation.unclear, None);
    let texts: Vec<String> = expectation
        .outputs
        .iter()
        .map(|output| output.text(reading, false))
        .collect();
    texts.join(" | ")
}

/// `name: inputs, |sketch, streams| outputs => text;`
macro_rules! vectors {
    ($($name:ident: $inputs:expr, |$s:ident, $streams:pat_param| $draw:expr => $want:expr;)+) => {$(
        #[test]
        fn $name() {
            assert_eq!(run($inputs, Reading::Plain, |$s, $streams| $draw), $want);
        }
    )+};
}

vectors! {
    s03_one_slot_per_evaluation: [&[1, 0, 2, 3, 0]], |s, [xs]| {
        let a = s.node(&INV, [&xs]);
        let b = s.node(&BOOM, [&xs]);
        [a, b]
    } => "10 !inv#1 5 3 !inv#4 | 1 0 !boom#2[Panic] 3 0";
    s10_chain: [&[1, 2, 3, 4]], |s, [xs]| {
        let a = s.node(&INC, [&xs]);
        let b = s.node(&DBL, [&a]);
        [s.node(&SQR, [&b])]
    } => "16 36 64 100";
    s12_diamond: [&[1, 2, 3]], |s, [xs]| {
        let up = s.node(&INC, [&xs]);
        let up = s.named(up);
        let l = s.node(&DBL, [&up]);
        let r = s.node(&SQR, [&up]);
        let (l, r) = (s.named(l), s.named(r));
        [s.node(&CAT, [&l, &r]), s.node(&CAT, [&r, &l])]
    } => "[4,4] [6,9] [8,16] | [4,4] [9,6] [16,8]";
    s15_nesting: [&[1, 2, 3, 4, 5]], |s, [xs]| {
        let (a, b, c) = (s.node(&INC, [&xs]), s.node(&DBL, [&xs]), s.node(&SQR, [&xs]));
        let j = s.node(&SUM, [&a, &b]);
        [s.node(&CAT, [&j, &c])]
    } => "[4,1] [7,4] [10,9] [13,16] [16,25]";
    s16_apart: [&[1, 2], &[3, 4, 5]], |s, [xs, ys]| [s.node(&INC, [&xs]), s.node(&DBL, [&ys])]
        => "2 3 | 6 8 10";
    s19_one_stream_twice: [&[1, 2]], |s, [xs]| {
        let up = s.node(&INC, [&xs]);
        let up = s.named(up);
        [s.node(&CAT, [&up, &up])]
    } => "[2,2] [3,3]";
    s22_empty: [&[]], |s, [xs]| {
        let total = s.node(&ADD, [&xs]);
        [s.rated(&GROUP, [&xs], 2, 1), s.rated(&WHOLE, [&xs], 2, 1), total]
    } => " |  | 0";
    s23_unequal: [&[1, 2, 3, 4, 5], &[10, 20, 30]], |s, [xs, ys]| [s.node(&CAT, [&xs, &ys])]
        => "[1,10] [2,20] [3,30] !cat#3[Unequal]-or-!cat#5[Unequal]";
    s27_produce: [&[1, 2, 3]], |s, [xs]| [s.rated(&PAIR, [&xs], 1, 2)] => "1 -1 2 -2 3 -3";
    s28_produce_and_errors: [&[1, 0, 5]], |s, [xs]| [s.rated(&Q, [&xs], 1, 2)] => "10 1 !q#1 !q#1 2 5";
    s30_repeat: [&[1, 2]], |s, [xs]| [s.repeated(&INC, &xs, 3)] => "2 2 2 3 3 3";
    s30_repeat_errors: [&[1, 0, 5]], |s, [xs]| [s.repeated(&INV, &xs, 2)] => "10 10 !inv#1 !inv#1 2 2";
    s31_consume: [&[1, 2, 3, 4]], |s, [xs]| [s.rated(&GROUP, [&xs], 2, 1)] => "[1,2] [3,4]";
    s31_consume_a_join: [&[1, 2, 3, 4], &[10, 20, 30, 40]], |s, [xs, ys]| [s.rated(&PAIRS, [&xs, &ys], 2, 1)]
        => "[1,10,2,20] [3,30,4,40]";
    s32_short_tail: [&[1, 2, 3, 4, 5]], |s, [xs]| [s.rated(&GROUP, [&xs], 2, 1), s.rated(&GROUP, [&xs], 3, 1)]
        => "[1,2] [3,4] [5] | [1,2,3] [4,5]";
    s32_short_tail_of_an_array: [&[1, 2, 3, 4, 5]], |s, [xs]| [s.rated(&WHOLE, [&xs], 2, 1)]
        => "[1,2] [3,4] !cat#4[Incomplete]";
    s34_an_error_inside_a_group: [&[1, 2, 0, 5, 10, 5, 2, 1]], |s, [xs]| {
        let up = s.node(&INV, [&xs]);
        [s.rated(&GROUP, [&up], 4, 1)]
    } => "!inv#2 [1,2,5,10]";
    s34_errors_inside_groups: [&[0, 1, 0, 5, 0]], |s, [xs]| {
        let up = s.node(&INV, [&xs]);
        [s.rated(&GROUP, [&up], 2, 1), s.rated(&GROUP, [&up], 4, 1)]
    } => "!inv#0 !inv#2 !inv#4 | !inv#0+inv#2 !inv#4";
    s34_a_produced_error_is_told_once: [&[1, 0, 5]], |s, [xs]| {
        let up = s.rated(&Q, [&xs], 1, 2);
        [s.rated(&GROUP, [&up], 2, 1), s.rated(&GROUP, [&up], 3, 1)]
    } => "[10,1] !q#1 [2,5] | !q#1 !q#1";
    s35_produce_then_consume: [&[1, 2, 3, 4, 5]], |s, [xs]| {
        let pairs = s.rated(&PAIR, [&xs], 1, 2);
        let up = s.node(&INC, [&pairs]);
        [s.rated(&GROUP, [&up], 2, 1), s.rated(&GROUP, [&pairs], 4, 1), s.rated(&WHOLE, [&pairs], 4, 1)]
    } => "[2,0] [3,-1] [4,-2] [5,-3] [6,-4] | [1,-1,2,-2] [3,-3,4,-4] [5,-5] \
        | [1,-1,2,-2] [3,-3,4,-4] !cat#4[Incomplete]";
    s35_three_then_two: [&[1, 2, 3]], |s, [xs]| {
        let up = s.rated(&TRIP, [&xs], 1, 3);
        [s.rated(&GROUP, [&up], 2, 1)]
    } => "[1,10] [100,2] [20,200] [3,30] [300]";
    s36_both_on_one_node: [&[1, 2, 3]], |s, [xs]| [s.rated(&SHAPE, [&xs], 2, 3), s.rated(&SHAPE_WHOLE, [&xs], 2, 3)]
        => "3 2 0 3 1 0 | 3 2 0 !g#2[Incomplete] !g#2[Incomplete] !g#2[Incomplete]";
    s36b_consume_after_a_fork: [&[1, 2, 3, 4]], |s, [xs]| [s.rated(&ADDED, [&xs], 2, 1), s.node(&INC, [&xs])]
        => "3 7 | 2 3 4 5";
    s53_errors_pass: [&[1, 0, 5]], |s, [xs]| {
        let up = s.node(&INV, [&xs]);
        [s.node(&INC, [&up])]
    } => "11 !inv#1 3";
    s54_bad_ports: [&[1, 0, 5]], |s, [xs]| {
        let (l, r, good) = (s.node(&INV, [&xs]), s.node(&BAD, [&xs]), s.node(&INC, [&xs]));
        let (l, r) = (s.named(l), s.named(r));
        [s.node(&CAT, [&l, &good]), s.node(&CAT, [&l, &r]), s.node(&CAT, [&r, &l])]
    } => "[10,2] !inv#1 [2,6] | [10,1] !inv#1+bad#1 !bad#2 | [1,10] !bad#1+inv#1 !bad#2";
    s55_one_origin: [&[1, 0, 5]], |s, [xs]| {
        let up = s.node(&CK, [&xs]);
        let up = s.named(up);
        let (l, r) = (s.node(&INC, [&up]), s.node(&DBL, [&up]));
        [s.node(&CAT, [&l, &r])]
    } => "[2,2] !ck#1 [6,10]";
    s55_three_origins: [&[1, 0, 5]], |s, [xs]| {
        let up = s.node(&CK, [&xs]);
        let up = s.named(up);
        let (bad, inv) = (s.node(&BAD, [&xs]), s.node(&INV, [&xs]));
        let both = s.node(&SUM, [&up, &bad]);
        [s.node(&CAT3, [&both, &up, &inv])]
    } => "[2,1,10] !ck#1+bad#1+inv#1 !bad#2";
    faults_win_over_holes: [&[1, 2, 5, 0]], |s, [xs]| {
        let (l, r) = (s.node(&EVEN, [&xs]), s.node(&BAD, [&xs]));
        [s.node(&CAT, [&l, &r])]
    } => "[2,2] !bad#2 !bad#3";
    holes_are_passed_over: [&[1, 2, 4, 5, 6]], |s, [xs]| {
        let even = s.node(&EVEN, [&xs]);
        [s.rated(&GROUP, [&even], 2, 1)]
    } => "[2,4] [6]";
    state_is_left_as_a_panic_leaves_it: [&[1, 2, 3]], |s, [xs]| [s.node(&RUNNING, [&xs])]
        => "1 !running#1[Panic] 6";
    faults_pass_a_fold: [&[1, 0, 5, 0]], |s, [xs]| {
        let up = s.node(&INV, [&xs]);
        [s.node(&ADD, [&up])]
    } => "!inv#1 !inv#3 12";
    flat_gives_any_number: [&[2, 0, 5]], |s, [xs]| {
        let up = s.node(&BAD, [&xs]);
        [s.node(&UPTO, [&up])]
    } => "0 1 !bad#1 !bad#2";
    merge_of_one_origin: [&[1, 0, 2]], |s, [xs]| {
        let (l, r) = (s.node(&INV, [&xs]), s.node(&EVEN, [&xs]));
        [Expr::Merge(Box::new((l, r)))]
    } => "10 !inv#1 0 5 2";
}

/// Where something is open, all possibilities are told.
#[test]
fn s40_equal_rates_and_a_short_group() {
    for (g, tail) in [(&PADDED, ""), (&PADDED_WHOLE, "!g#4[Incomplete]")] {
        let text = run([&[1, 2, 3, 4, 5]], Reading::Plain, |s, [xs]| {
            let up = s.rated(g, [&xs], 2, 2);
            [s.node(&CAT, [&up, &xs])]
        });
        let common = if tail.is_empty() { "[5,5]" } else { tail };
        assert!(
            text.starts_with(&format!("[3,1] [0,2] [7,3] [0,4] {common} !cat#4[Unequal]")),
            "{text}"
        );
        assert!(text.contains("-or-!cat#5[Unequal]"), "{text}");
    }
}

#[test]
fn s23_three_inputs() {
    let inputs: [&[i64]; 3] = [&[1, 2, 3, 4], &[10, 20], &[100, 200, 300]];
    let text = run(inputs, Reading::Plain, |s, [xs, ys, zs]| {
        [s.node(&CAT3, [&xs, &ys, &zs])]
    });
    assert!(
        text.starts_with("[1,10,100] [2,20,200] !cat3#2[Unequal]"),
        "{text}"
    );
}

#[test]
fn positions() {
    let text = run([&[1, 2, 4, 0, 6]], Reading::Indexed, |s, [xs]| {
        let even = s.node(&EVEN, [&xs]);
        let pairs = s.rated(&Q, [&xs], 1, 2);
        let up = s.node(&INV, [&xs]);
        [
            s.rated(&GROUP, [&even], 2, 1),
            s.rated(&GROUP, [&pairs], 3, 1),
            s.node(&ADD, [&up]),
        ]
    });
    assert_eq!(
        text,
        "1:[2,4] 3:[0,6] | 0:[10,1,5] 1:[2,2,4] 3:!q#3 4:[6] | 3:!inv#3 5:18"
    );
}

#[test]
fn routes() {
    let text = run([&[1, 2, 0, 4, 5, 6]], Reading::Plain, |s, [xs]| {
        let of = s.node(&BAD, [&xs]);
        let (low, even, rest) = (s.stream("low"), s.stream("even"), s.stream("rest"));
        let summed = s.node(&RUNNING, [&Expr::Name(even)]);
        let inverse = s.node(&INV, [&Expr::Name(low)]);
        let arm = |pattern, guard, body| Arm {
            pattern,
            guard,
            body,
        };
        let halved = Guard {
            name: even,
            every: 4,
            at: 0,
        };
        let arms = vec![
            arm(Pattern::At(low, 0, 1), None, Some(inverse)),
            arm(Pattern::Bind(even), Some(halved), Some(summed)),
            arm(Pattern::Literal(2), None, None),
            arm(Pattern::Bind(rest), None, Some(Expr::Name(rest))),
        ];
        let route = Expr::Route(Box::new(Route {
            of,
            arms,
            sinks: false,
        }));
        let route = s.named(route);
        [s.node(&CAT, [&route, &xs]), route]
    });
    assert_eq!(
        text,
        "[10,1] !bad#2 [4,4] !bad#4 [6,6] | 10 !bad#2 4 !bad#4 6"
    );
}

#[test]
fn pipelines_in_pipelines() {
    let text = run([&[1, 0, 5]], Reading::Plain, |s, [xs]| {
        let (inner, out) = (s.stream("xs"), s.stream("out"));
        let up = s.node(&INV, [&Expr::Name(inner)]);
        let body = vec![Statement::Let(vec![Some(out)], up)];
        s.inner
            .push(pipeline("other", vec![inner], body, vec![out]));
        let work = |values: Vec<Param>| Work::Pipeline {
            index: 0,
            values,
            pools: Vec::new(),
        };
        let first = s.work("other", work(Vec::new()), &[&xs], Options::default());
        let second = s.work("other#2", work(Vec::new()), &[&xs], Options::default());
        [s.node(&CAT, [&first, &second])]
    });
    assert_eq!(text, "[10,10] !other/inv#1+other#2/inv#1 [2,2]");
}

/// The workers of generated pipelines are those of the catalogue.
#[test]
fn the_catalogue_knows_each_worker_once() {
    for e in super::catalog::CATALOG {
        assert!(std::ptr::eq(e, entry(e.name)), "{e:?}");
    }
}
