//! Pipelines.

use super::count::Count;
use super::dice::Dice;

/// A stream that may be named, and what it is counted in: joins are mostly of those that agree.
#[derive(Clone, PartialEq, Eq)]
struct Named {
    name: String,
    count: Count,
}

/// The text of a pipeline.
pub fn pipeline(dice: &mut Dice) -> String {
    let mut text = Text {
        dice,
        known: Vec::new(),
        roots: 0,
        names: 0,
    };
    text.pipeline()
}

/// Writes one pipeline.
struct Text<'d, 'a> {
    dice: &'d mut Dice<'a>,
    known: Vec<Named>,
    roots: usize,
    names: usize,
}

impl Text<'_, '_> {
    fn root(&mut self) -> Count {
        self.roots += 1;
        Count {
            root: self.roots,
            times: 1,
            over: 1,
            holes: false,
        }
    }

    fn fresh(&mut self) -> String {
        const NAMES: &[&str] = &[
            "f",
            "closure",
            "merged",
            "r#in",
            "xs_2",
            "stream_match",
            "out",
            "dbl_2",
        ];
        self.names += 1;
        let name = self.dice.one(NAMES);
        let known = self.known.iter().any(|named| named.name == name);
        if self.dice.once_in(5) && (!known || self.dice.once_in(9)) {
            return name.to_owned();
        }
        format!("s{}", self.names)
    }

    fn pipeline(&mut self) -> String {
        let mut args = Vec::new();
        for input in ["xs", "ys", "zs"].iter().take(1 + self.dice.below(3)) {
            let item = self.dice.kind(2);
            args.push(format!("{input}: Stream<{item}>"));
            let count = self.root();
            self.known.push(Named {
                name: (*input).to_owned(),
                count,
            });
        }
        args.push("n: usize, pool: Pool".to_owned());
        if self.dice.once_in(4) {
            args.push(format!("(v, mut v0): {}", self.dice.kind(2)));
        }
        let mut body = String::new();
        for _ in 0..self.dice.below(7) {
            body += &self.statement();
        }
        // every stream is used
        for named in &self.known {
            body += &format!("    let _ = {};\n", named.name);
        }
        let (outputs, tail) = self.tail();
        let vis = self.dice.one(&[
            "",
            "",
            "pub ",
            "pub(crate) ",
            "/// Documented.\n",
            "#[must_use] pub(in a::b) ",
        ]);
        let generics =
            self.dice
                .one(&["", "", "<'a>", "<'a, T: Clone + 'a, const N: usize>", "<T>"]);
        let bounds = self.dice.one(&[
            "",
            "",
            " where T: Send",
            " where for<'x> F: Fn(&'x u8) -> u8,",
        ]);
        format!(
            "{vis}fn p{generics}({}){outputs}{bounds} {{\n{body}{tail}}}",
            args.join(", ")
        )
    }

    fn tail(&mut self) -> (String, String) {
        let outputs = self.dice.below(4);
        match outputs {
            0 => (
                " -> Stream<i64>".to_owned(),
                format!("    {}\n", self.stream(2).name),
            ),
            1 => (String::new(), String::new()),
            n => {
                let mut names: Vec<String> = Vec::new();
                for _ in 0..n {
                    let at = self.dice.below(self.known.len());
                    if !names.contains(&self.known[at].name) {
                        names.push(self.known[at].name.clone());
                    }
                }
                let kinds: Vec<String> = names
                    .iter()
                    .map(|_| format!("Stream<{}>", self.dice.kind(1)))
                    .collect();
                (
                    format!(" -> ({},)", kinds.join(", ")),
                    format!("    ({},)\n", names.join(", ")),
                )
            }
        }
    }

    fn statement(&mut self) -> String {
        match self.dice.below(9) {
            0 => {
                let (left, right) = (self.left(2), self.worker(&["show", "a::show"], false));
                format!("    {} >> {right};\n", left.name)
            }
            1 => {
                let text = self.route(2, true).name;
                format!("    {text}{}\n", self.dice.one(&["", ";"]))
            }
            2 => {
                let text = self.left(2);
                let (a, b) = (self.fresh(), self.fresh());
                let pattern = match self.dice.below(4) {
                    0 => format!("({a}, {b})"),
                    1 => format!("({a}, ({b}, _))"),
                    2 => format!("(({a}, {b}), _): ((Stream<_>, Stream<T>), Stream<u8>)"),
                    _ => format!("({a}, _, {b})"),
                };
                for name in [a, b] {
                    self.known.push(Named {
                        name,
                        ..text.clone()
                    });
                }
                format!("    let {pattern} = {} >> pair;\n", text.name)
            }
            3 => format!(
                "    let v{}: {} = {};\n",
                self.dice.below(3),
                self.dice.kind(1),
                self.dice.value(2)
            ),
            4 => format!("    let _ = {};\n", self.stream(2).name),
            5 if self.dice.once_in(3) => {
                let item = [
                    "use std::fmt;",
                    "fn twice(x: i64) -> i64 { 2 * x }",
                    "const N: usize = 3;",
                    "struct S;",
                ];
                format!("    {}\n", self.dice.one(&item))
            }
            _ => {
                let text = self.stream(3);
                let name = self.fresh();
                let kind = if self.dice.once_in(6) {
                    format!(": Stream<{}>", self.dice.kind(1))
                } else {
                    String::new()
                };
                self.known.push(Named {
                    name: name.clone(),
                    ..text
                });
                format!("    let {name}{kind} = {};\n", text.name)
            }
        }
    }

    fn worker(&mut self, of: &[&str], state: bool) -> String {
        let worker = self.dice.one(of).to_owned();
        if self.dice.below(3) < 2 && !state {
            return worker;
        }
        let first = if state { "state" } else { "k" };
        let mut names = vec![first, "to", "r#in"];
        names.truncate(1 + self.dice.below(3));
        let named: Vec<String> = names
            .iter()
            .map(|name| format!("{name} = {}", self.dice.value(2)))
            .collect();
        format!("{worker}({})", named.join(", "))
    }

    /// A node that takes so many streams, with its options.
    fn node(&mut self, streams: usize, count: &mut Count) -> String {
        const WORKERS: &[&str] = &[
            "f",
            "g",
            "m::dbl",
            "parse::<u32>",
            "crate::a::<'static, T, 3>",
            "dbl",
            "r#match",
            "self::h",
            "f",
        ];
        let given = *count;
        let mut options = self.options(count);
        if self.dice.once_in(4) {
            if options.contains(".fold") {
                *count = given;
                options.clear();
            }
            let taken = if options.contains(".consume") {
                1
            } else {
                streams
            };
            let args = self.dice.list(taken, taken, |dice| {
                format!("x{}", dice.one(&["", ": u8", ": Vec<Vec<u8>>"]))
            });
            return format!("(|{args}| {}){options}", self.dice.value(2));
        }
        let state = options.contains(".fold") || options.contains(".serial");
        let state = state && self.dice.once_in(2);
        self.worker(WORKERS, state) + &options
    }

    /// Options of a node that is given what is counted so.
    fn options(&mut self, count: &mut Count) -> String {
        const APART: &[&[usize]] = &[
            &[1, 3, 9, 11],
            &[11, 12],
            &[4, 8],
            &[7, 9],
            &[1, 9, 14],
            &[1, 9, 15],
        ];
        let mut text = String::new();
        let mut options: Vec<usize> = Vec::new();
        for _ in 0..self.dice.below(3) {
            let option = self.dice.below(16);
            let apart = |set: &&[usize]| {
                set.contains(&option) && options.iter().any(|other| set.contains(other))
            };
            if options.contains(&option) || (APART.iter().any(apart) && !self.dice.once_in(9)) {
                continue;
            }
            options.push(option);
            let n = 1 + self.dice.below(4);
            text += &match option {
                0 => format!(
                    ".on({})",
                    self.dice.one(&[
                        "pool",
                        "Pool::inline()",
                        "Pool::threads(n + 1)",
                        "Pool::rayon()",
                        "(pool)"
                    ])
                ),
                1 => ".serial()".to_owned(),
                2 => format!(".stride({})", self.dice.value(1)),
                3 => format!(".spawn({})", self.dice.value(1)),
                4 => {
                    *count = count.times(n);
                    format!(".produce({n})")
                }
                5 => {
                    *count = if count.holes {
                        self.root()
                    } else {
                        count.over(n)
                    };
                    format!(".consume({n})")
                }
                6 => {
                    *count = count.times(n);
                    format!(".repeat({n})")
                }
                7 => {
                    count.holes = true;
                    ".filter()".to_owned()
                }
                8 => {
                    *count = self.root();
                    ".flat()".to_owned()
                }
                9 => {
                    *count = self.root();
                    ".fold()".to_owned()
                }
                10 => ".catch()".to_owned(),
                11 => ".unordered()".to_owned(),
                12 => ".ordered()".to_owned(),
                14 => format!(
                    ".timeout({})",
                    self.dice.one(&["secs(1)", "millis(n)", "d"])
                ),
                15 => format!(".retry({})", self.dice.value(1)),
                _ => format!(
                    ".named({})",
                    self.dice.one(&[
                        "\"a b\"", "\"f#2\"", "r\"x\"", "\"\\\"\"", "\"ß\"", "\"fn\""
                    ])
                ),
            };
        }
        text
    }

    /// What stands behind `>>` and gives one stream for one.
    fn behind(&mut self, depth: usize, count: &mut Count) -> String {
        match self.dice.below(5) {
            0 if depth > 0 => {
                let mut branch = *count;
                let fan = self.dice.below(2) + 2;
                let fan: Vec<String> = (0..fan)
                    .map(|_| {
                        branch = *count;
                        self.behind(depth - 1, &mut branch)
                    })
                    .collect();
                *count = branch;
                format!("({}) >> w", fan.join(", "))
            }
            1 if depth > 0 => {
                let first = self.behind(depth - 1, count);
                format!("{first} >> {}", self.behind(depth - 1, count))
            }
            _ => self.node(1, count),
        }
    }

    /// A stream's text, with what it is counted in.
    fn stream(&mut self, depth: usize) -> Named {
        if depth == 0 {
            return self.known[self.dice.below(self.known.len())].clone();
        }
        match self.dice.below(11) {
            0 => {
                let stream = self.stream(0);
                let field = self.dice.one(&["x", "0", "x.y", "0.1"]);
                Named {
                    name: format!("{}.{field}", stream.name),
                    ..stream
                }
            }
            1 => {
                let (first, second) = self.pair(depth - 1);
                let mut count = first.count;
                let called = self.options(&mut count);
                Named {
                    name: format!(
                        "w({}, {}, k = {}){called}",
                        first.name,
                        second.name,
                        self.dice.value(1)
                    ),
                    count,
                }
            }
            2 => {
                let (first, second) = self.pair(depth - 1);
                let mut count = first.count;
                let node = self.node(2, &mut count);
                Named {
                    name: format!("({}, {}) >> {node}", first.name, second.name),
                    count,
                }
            }
            3 => {
                let (first, second) = self.pair(depth - 1);
                let name = format!("merge({}, {})", first.name, second.name);
                let count = if first.count.root == second.count.root {
                    first.count.times(2)
                } else {
                    self.root()
                };
                Named { name, count }
            }
            4 => self.route(depth - 1, false),
            5 => {
                let stream = self.stream(depth - 1);
                let named = self.dice.one(&["", ".named(\"p\")"]);
                let count = self.root();
                Named {
                    name: format!(
                        "other({}, n = {}){named}.pipeline()",
                        stream.name,
                        self.dice.value(1)
                    ),
                    count,
                }
            }
            6 => {
                let stream = self.left(depth - 1);
                Named {
                    name: format!("({}).y.0", stream.name),
                    ..stream
                }
            }
            _ => {
                let stream = self.left(depth - 1);
                let mut count = stream.count;
                let node = self.behind(2, &mut count);
                Named {
                    name: format!("{} >> {node}", stream.name),
                    count,
                }
            }
        }
    }

    /// Two streams that mostly agree.
    fn pair(&mut self, depth: usize) -> (Named, Named) {
        let first = self.stream(depth);
        let mut second = self.stream(depth);
        if !first.count.agrees(second.count) && !self.dice.once_in(8) {
            let fitting = |named: &&Named| named.count.agrees(first.count);
            let fitting: Vec<&Named> = self.known.iter().filter(fitting).collect();
            second = match fitting.len() {
                0 => first.clone(),
                n => fitting[self.dice.below(n)].clone(),
            };
        }
        (first, second)
    }

    /// A stream in front of something.
    fn left(&mut self, depth: usize) -> Named {
        let stream = self.stream(depth);
        if stream.name.starts_with("match") {
            Named {
                name: format!("({})", stream.name),
                ..stream
            }
        } else {
            stream
        }
    }

    fn route(&mut self, depth: usize, sink: bool) -> Named {
        let scrutinee = self.left(depth);
        let mut text = format!("match {} {{ ", scrutinee.name);
        let count = Count {
            holes: true,
            ..scrutinee.count
        };
        for arm in 0..=self.dice.below(4) {
            let outside = self.known.clone();
            let bound = |text: &mut Self| {
                let name = text.fresh();
                text.known.push(Named {
                    name: name.clone(),
                    count,
                });
                name
            };
            let pattern = match self.dice.below(7) {
                0 => format!("{arm}"),
                1 => self.dice.pattern(2),
                2 => {
                    let name = bound(self);
                    format!("A({name}) if {} > n", self.dice.one(&["1", "v0", "m::N"]))
                }
                3 => format!("({}, {})", bound(self), self.dice.pattern(1)),
                4 => {
                    let name = bound(self);
                    format!("A {{ a: {name}, .. }} | B({name}, _)")
                }
                5 => format!("{} @ 1..=3", bound(self)),
                _ => bound(self),
            };
            // An arm's value is counted as what is matched on.
            self.known.retain(|named| named.count.agrees(count));
            if self.known.is_empty() {
                self.known.push(Named {
                    name: "xs".to_owned(),
                    count,
                });
            }
            let body = match self.dice.below(6) {
                0 => "skip".to_owned(),
                1 if sink && depth > 0 => self.route(depth - 1, true).name,
                2 if sink => format!(
                    "({} >> k, {} >> f)",
                    self.left(depth).name,
                    self.left(1).name
                ),
                _ if sink => format!("{} >> (k, f >> g)", self.left(depth).name),
                1 => format!("{{ {} }}", self.stream(0).name),
                _ => self.plain(depth),
            };
            self.known = outside;
            text += &format!("{pattern} => {body}, ");
        }
        Named {
            name: text + "}",
            count,
        }
    }

    /// A stream as an arm gives it: slots stay as they are.
    fn plain(&mut self, depth: usize) -> String {
        let stream = self.stream(0).name;
        let worker = ["f", "g", "m::dbl"];
        (0..=depth).fold(stream, |text, _| {
            format!("{text} >> {}", self.worker(&worker, false))
        })
    }
}
