//! Canonical texts: what a pipeline is printed as; printed again, it is the same text of the same graph.

use proc_macro2::{TokenStream, TokenTree};

use super::laws::printed;
use super::tokens;

/// The canonical text, and everything that is known of the graph but for what its streams are called.
fn canonical(text: &str) -> (String, String) {
    printed(tokens(text)).unwrap_or_else(|found| panic!("{found:?}\n{text}"))
}

/// Asserts what a body over `xs`, `ys`, `zs` and `n` is printed as.
fn check(outputs: &str, body: &str, expected: &str) {
    let header = format!(
        "fn p(xs: Stream<i64>, ys: Stream<i64>, n: usize, pool: Pool){}{outputs}",
        if outputs.is_empty() { "" } else { " -> " }
    );
    let lines: Vec<&str> = expected
        .trim_end()
        .trim_start_matches('\n')
        .lines()
        .collect();
    let indent = lines
        .iter()
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let lines = lines.iter();
    let expected: Vec<String> = lines
        .map(|line| format!("    {}\n", &line[indent..]))
        .collect();
    check_whole(
        &format!("{header} {{ {body} }}"),
        &format!("{header} {{\n{}}}", expected.concat()),
    );
}

fn check_whole(given: &str, expected: &str) {
    let (text, graph) = canonical(given);
    assert!(text == expected, "{text}\n--- expected\n{expected}");
    let (again, same) = canonical(&text);
    assert_eq!(again, text);
    assert_eq!(same, graph, "{text}");
}

const ONE: &str = "Stream<i64>";
const TWO: &str = "(Stream<i64>, Stream<i64>)";

#[test]
fn each_node_is_a_statement() {
    check(
        ONE,
        "let _ = ys; xs >> inc >> dbl >> dbl >> (|x| x+1) >> other::dbl::<u32>",
        "
        let _ = ys;
        let inc = xs >> inc;
        let dbl = inc >> dbl;
        let dbl_2 = dbl >> dbl;
        let closure = dbl_2 >> (|x| x + 1);
        closure >> other::dbl::<u32>
        ",
    );
}

#[test]
fn names_and_outputs_stay() {
    check(
        TWO,
        "let a = xs >> f; let b = (ys >> g).0; (b, a)",
        "
        let a = xs >> f;
        let g = ys >> g;
        let b = g.0;
        (b, a)
        ",
    );
    check(
        TWO,
        "let a = xs; let ys2 = ys.x.0; (a, ys2)",
        "
        let a = xs;
        let ys2 = ys.x.0;
        (a, ys2)
        ",
    );
    check(ONE, "let _ = ys; xs.0", "let _ = ys;\nxs.0");
    check(
        ONE,
        "let _ = ys; let out = xs; out",
        "let _ = ys;\nlet out = xs;\nout",
    );
    check(
        ONE,
        "let _ = ys; let out = xs >> f; out",
        "let _ = ys;\nlet out = xs >> f;\nout",
    );
    check(
        ONE,
        "let _ = ys; let r#in = xs >> f; r#in >> r#match >> g",
        "
        let _ = ys;
        let r#in = xs >> f;
        let stream_match = r#in >> r#match;
        stream_match >> g
    ",
    );
}

#[test]
fn names_that_mean_something_are_not_given() {
    check(
        ONE,
        "let inc: fn(i64) -> i64 = |x| x; let _ = ys; let dbl = dbl(xs); inc(dbl) >> dbl >> tri >> (|x| [x].map(tri)) >> inc(n = inc)",
        "
        let _ = ys;
        let inc: fn(i64) -> i64 = |x| x;
        let dbl = xs >> dbl;
        let inc_2 = inc(dbl);
        let dbl_2 = inc_2 >> dbl;
        let tri_2 = dbl_2 >> tri;
        let closure = tri_2 >> (|x| [x].map(tri));
        closure >> inc(n = inc)
        ",
    );
}

#[test]
fn nodes_stay_in_the_order_of_the_text() {
    check(
        ONE,
        "dbl(dbl(xs), ys >> inc, k = 2).serial() >> neg",
        "
        let dbl = dbl(xs >> dbl, ys >> inc, k = 2).serial();
        dbl >> neg
        ",
    );
    check(
        ONE,
        "let _ = ys; f(xs >> a >> (b, c >> d) >> e)",
        "
        let _ = ys;
        f(xs >> a >> (b, c >> d) >> e)
        ",
    );
    check(
        ONE,
        "let _ = ys; f((xs >> a >> (b, c >> (d, e >> g) >> h, (i >> j))) >> k)",
        "
        let _ = ys;
        f(xs >> a >> (b, c >> (d, e >> g) >> h, i >> j) >> k)
        ",
    );
    check(
        ONE,
        "f((xs >> a).x >> (b, g >> (c, d)) >> e, (ys >> h >> (h, i)).0 >> k)",
        "f((xs >> a).x >> (b, g >> (c, d)) >> e, (ys >> h >> (h, i)).0 >> k)",
    );
}

#[test]
fn forks_and_joins_are_statements() {
    check(
        ONE,
        "let (l, r) = xs >> a >> (f, g >> h); (l, r, l.x, ys) >> k(n = n, m = [1,2]) >> (|x: Vec<Vec<u8>>| { let y = x; y })",
        "
        let a = xs >> a;
        let l = a >> f;
        let g = a >> g;
        let r = g >> h;
        let k = (l, r, l.x, ys) >> k(n = n, m = [1, 2]);
        k >> (|x: Vec<Vec<u8>>| {
            let y = x;
            y
        })
        ",
    );
}

#[test]
fn options_have_an_order() {
    check(
        ONE,
        "let _ = ys;
        xs >> f.on(pool).named(\"a b\").consume(2).stride(n + 1).produce(3).repeat(2).catch()
           >> g.spawn(n).unordered().filter() >> (|x| Ok(x)).fallible().ordered()
           >> l.retry(n).on(pool).timeout(secs(n as u64)).spawn(2)
           >> h.serial().repeat(1) >> i.flat().on(Pool::inline()) >> k(state = 3).fold()",
        "
        let _ = ys;
        let a_b = xs >> f.consume(2).catch().produce(3).repeat(2).stride(n + 1).on(pool).named(\"a b\");
        let g = a_b >> g.filter().unordered().spawn(n);
        let closure = g >> (|x| Ok(x)).fallible().ordered();
        let l = closure >> l.spawn(2).timeout(secs(n as u64)).retry(n).on(pool);
        let h = l >> h.serial();
        let i = h >> i.flat().on(Pool::inline());
        i >> k(state = 3).fold()
        ",
    );
}

#[test]
fn own_names_stay() {
    check(
        ONE,
        "let _ = ys; xs >> f.named(\"f#2\") >> f >> f >> f.named(\"f\") >> (|x| x).named(\"f#3\")",
        "
        let _ = ys;
        let f_2 = xs >> f.named(\"f#2\");
        let f = f_2 >> f;
        let f_2_2 = f >> f;
        let f_3 = f_2_2 >> f.named(\"f\");
        f_3 >> (|x| x).named(\"f#3\")
        ",
    );
}

#[test]
fn values_and_items_stay_where_they_are() {
    check(
        ONE,
        "use std::fmt; fn twice(x:i64)->i64{2*x} let _ = ys;
        let n : usize = n+1; let a = xs >> f(n=n); let n: usize = n + 1; a >> (|x| x + twice(n))",
        "
        let _ = ys;
        use std::fmt;
        fn twice(x: i64) -> i64 { 2 * x }
        let n: usize = n + 1;
        let a = xs >> f(n = n);
        let n: usize = n + 1;
        a >> (|x| x + twice(n))
        ",
    );
}

#[test]
fn tuples_are_taken_apart() {
    check(
        TWO,
        "let ((a, _), b, c) = (xs, ys) >> f; let (d, e) = a; let _ = c; let d2 = (d, e) >> g; (b, d2)",
        "
        let ((a, _), b, c) = (xs, ys) >> f;
        let _ = c;
        let d2 = (a.0, a.1) >> g;
        (b, d2)
        ",
    );
}

#[test]
fn types_are_told() {
    check(
        TWO,
        "let a: Stream<Vec<i64>> = xs >> f; let (b, c): (Stream<i64>, Stream<u8>) = a >> g; let _ = c;
        let (d, _): (Stream<i64>, Stream<u8>) = ys >> g; let again: Stream<_> = b; let _ = d; (b, again)",
        "
        let a: Stream<Vec<i64>> = xs >> f;
        let (b, c): (Stream<i64>, Stream<u8>) = a >> g;
        let _b: Stream<_> = b;
        let _ = c;
        let (d, _) = ys >> g;
        let _d: Stream<i64> = d;
        let _ = d;
        let again = b;
        (b, again)
        ",
    );
}

#[test]
fn sinks_and_what_is_dropped() {
    check(
        "",
        "let a = xs >> f; a >> (g, h); let _ = a >> k; let b = ys >> m; let _ = b; let _c = b >> q; show(i(b))",
        "
        let a = xs >> f;
        a >> g;
        a >> h;
        let _ = a >> k;
        let b = ys >> m;
        let _c = b >> q;
        show(b >> i);
        ",
    );
}

#[test]
fn merges() {
    check(
        ONE,
        "merge(xs >> f, (ys >> g).0, xs) >> h >> k; let a = merge(xs, ys); let merged = (a, a) >> merge; merged",
        "
        let f = xs >> f;
        let g = ys >> g;
        let merged_2 = merge(f, g.0, xs);
        let h = merged_2 >> h;
        h >> k;
        let a = merge(xs, ys);
        let merged = merge(a, a);
        merged
        ",
    );
}

#[test]
fn routes() {
    check(
        ONE,
        "let o = ys >> g;
        let sizes = match (xs >> f, ys) {
            (Shape::Circle(r), _) => r >> sqr.on(pool) >> (|x| 3 * x),
            (Shape::Rect { w, h }, 0) if w > 0 && n == 2 => { (w, h.x, o) >> area }
            | (Label(text), _) | (Text(text), _) => text >> len >> (a, b >> c) >> d,
            (q @ 1..=3, p) => p,
            (_, x) => match x >> k { Some(y) => (y, x) >> l, None => skip },
            _ => skip,
        };
        sizes >> neg",
        "
        let o = ys >> g;
        let f = xs >> f;
        let sizes = match (f, ys) {
            (Shape::Circle(r), _) => r >> sqr.on(pool) >> (|x| 3 * x),
            (Shape::Rect { w, h }, 0) if w > 0 && n == 2 => (w, h.x, o) >> area,
            (Label(text), _) | (Text(text), _) => text >> len >> (a, b >> c) >> d,
            (q @ 1..=3, p) => p,
            (_, x) => match x >> k {
                Some(y) => (y, x) >> l,
                None => skip,
            },
            _ => skip,
        };
        sizes >> neg
        ",
    );
    check(
        ONE,
        "let _ = ys; match xs { x => f(match x { 1 => x, y => y }, x) >> g }",
        "
        let _ = ys;
        match xs {
            x => f(match x {
                1 => x,
                y => y,
            }, x) >> g,
        }
        ",
    );
}

#[test]
fn routes_as_nodes() {
    check(
        ONE,
        "let _ = ys; match (match xs { 1 => skip, y => y >> f }) >> g { z => z }",
        "
        let _ = ys;
        let routed = match xs {
            1 => skip,
            y => y >> f,
        };
        let g = routed >> g;
        match g {
            z => z,
        }
        ",
    );
    check(
        ONE,
        "let _ = ys; match xs { x => (match x >> e { 1 => skip, y => y >> f }) >> g }",
        "
        let _ = ys;
        match xs {
            x => (match x >> e {
                1 => skip,
                y => y >> f,
            }) >> g,
        }
        ",
    );
}

#[test]
fn names_of_arms_hide_others() {
    check(
        ONE,
        "let x = ys >> f; let z = x; let _ = x >> g; match xs { Some(x) => (x, z.0) >> h, None => x >> k }",
        "
        let x = ys >> f;
        let _ = x >> g;
        let x_2 = x;
        match xs {
            Some(x) => (x, x_2.0) >> h,
            None => x >> k,
        }
        ",
    );
}

#[test]
fn routes_that_end() {
    check(
        "",
        "match xs >> f { A(a) => a >> g >> h, B(b) => (b, ys) >> (|x, y| drop((x, y))), C => ys >> show, D(d) => match d { E(e) => e >> show, _ => {} }, _ => skip }
        match xs { _ => ys >> show };
        match xs { A(a) => show2(a >> q), B(b) => b >> r >> (s, t >> u) }",
        "
        let f = xs >> f;
        match f {
            A(a) => a >> g >> h,
            B(b) => (b, ys) >> (|x, y| drop((x, y))),
            C => ys >> show,
            D(d) => match d {
                E(e) => e >> show,
                _ => skip,
            },
            _ => skip,
        }
        match xs {
            _ => ys >> show,
        }
        match xs {
            A(a) => show2(a >> q),
            B(b) => b >> r >> (s, t >> u),
        }
        ",
    );
    check(
        "",
        "let _ = ys; (match xs { A(a) => a >> g, _ => skip },);",
        "
        let _ = ys;
        (match xs {
            A(a) => a >> g,
            _ => skip,
        },);
    ",
    );
}

#[test]
fn pipelines_as_nodes() {
    check(
        ONE,
        "other(xs, ys >> f, v = n, w = pool).pipeline(); let (a, (b, _), _) = xs >> two.pipeline().named(\"t\"); let _ = a >> more::drop::<u8>(k = 1).pipeline(); b >> same.pipeline()",
        "
        other(xs, ys >> f, v = n, w = pool).pipeline();
        let (a, t, _) = xs >> two.pipeline().named(\"t\");
        let _ = a >> more::drop::<u8>(k = 1).pipeline();
        t.0 >> same.pipeline()
        ",
    );
}

#[test]
fn headers() {
    check_whole(
        "/// Documented.
        #[must_use]
        pub(crate) fn stats<'a, T: Clone+'a, const N:usize>(reads: Stream<&'a str>, (a, mut b): (u8, Vec<Vec<u8>>), table: Arc<Table>, floor: u8) -> (Stream<T>, Stream<[u64;N]>)
        where T : Send, for<'x> F: Fn(&'x u8)->u8 { let x = reads >> f::<T, N>; let y = reads >> g(n = a); (x, y) }",
        "pub(crate) fn stats<'a, T: Clone + 'a, const N: usize>(
    reads: Stream<&'a str>,
    (a, mut b): (u8, Vec<Vec<u8>>),
    table: Arc<Table>,
    floor: u8,
) -> (Stream<T>, Stream<[u64; N]>)
where
    T: Send,
    for<'x> F: Fn(&'x u8) -> u8,
{
    let x = reads >> f::<T, N>;
    let y = reads >> g(n = a);
    (x, y)
}",
    );
}

#[test]
fn whatever_is_written_stays_the_same() {
    for text in [
        "fn p(xs: Stream<i64>) -> Stream<i64> { let a = xs >> inc; (a >> dbl, a >> (f, g) >> h) >> sum }",
        "fn p(xs: Stream<i64>) -> Stream<i64> { f(g(h(xs) >> i, j(xs)), k(xs)) }",
        "fn p(xs: Stream<i64>) -> Stream<i64> { f(g(h(xs >> (a, b) >> c).consume(2).flat()).consume(3)).repeat(2) }",
        "fn p(out: Stream<i64>) -> Stream<i64> { out >> f }",
        "fn p(xs: Stream<i64>) -> Stream<i64> { f(merge(xs >> g, match xs { 1 => skip, x => x >> (a, b) >> merge })) }",
        "fn p(xs: Stream<i64>) { match xs { 1 => xs >> a, 2 => skip, x => (xs >> b, x >> c), y => f(y).consume(2).flat(), z => f(g(z)).flat(), 3 => xs >> d } xs >> e; }",
    ] {
        let (once, graph) = canonical(text);
        check_whole(&once, &once);
        assert_eq!(canonical(&once).1, graph, "{once}");
    }
}

/// The pipelines in the files of the workspace, where these are at hand.
#[test]
fn every_pipeline_of_the_workspace_stays_the_same() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut seen = 0;
    for folder in ["tests", "examples/read_stats", "bench/src", "ui-tests/pass"] {
        let Ok(files) = std::fs::read_dir(format!("{root}/{folder}")) else {
            return;
        };
        for file in files {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            let Ok(tokens) = text.parse::<TokenStream>() else {
                continue;
            };
            for pipeline in pipelines(tokens) {
                let given = pipeline.to_string();
                // some are parts of `macro_rules!`
                let Ok((text, graph)) = printed(pipeline) else {
                    continue;
                };
                let (again, same) = canonical(&text);
                assert_eq!(again, text, "{given}");
                assert_eq!(same, graph, "{given}\n{text}");
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "{seen}");
}

/// What stands in `pipeline! { … }`.
fn pipelines(tokens: TokenStream) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (at, tree) in trees.iter().enumerate() {
        let TokenTree::Group(group) = tree else {
            continue;
        };
        let called = at >= 2
            && matches!(&trees[at - 2], TokenTree::Ident(name) if name == "pipeline")
            && matches!(&trees[at - 1], TokenTree::Punct(bang) if bang.as_char() == '!');
        if called {
            found.push(group.stream());
        } else {
            found.extend(pipelines(group.stream()));
        }
    }
    found
}

/// Makes texts at random: streams as chains, calls, fans, joins, parts, routes and merges, in one another.
struct Random {
    state: u64,
    /// The streams that may be named.
    names: Vec<String>,
    next: usize,
}

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap() % n
    }

    fn fresh(&mut self) -> String {
        // few, so that arms hide what stands around them
        const NAMES: [&str; 6] = ["f", "g", "k", "closure", "merged", "dbl"];
        self.next += 1;
        match self.below(3) {
            0 => NAMES[self.below(NAMES.len())].to_owned(),
            _ => format!("s{}", self.next),
        }
    }

    fn node(&mut self) -> String {
        let worker = ["f", "g", "k", "m::dbl", "(|x| x)"][self.below(5)].to_owned();
        let option = [
            "",
            "",
            "",
            ".serial()",
            ".flat()",
            ".consume(2)",
            ".repeat(2)",
            ".on(pool)",
            ".named(\"f#2\")",
        ];
        match self.below(6) {
            0 if !worker.starts_with('(') => format!("{worker}(n = n){}", option[self.below(9)]),
            _ => worker + option[self.below(9)],
        }
    }

    /// What may stand behind `>>` and gives one stream for one.
    fn behind(&mut self, depth: usize) -> String {
        match self.below(5) {
            0 if depth > 0 => {
                let fan: Vec<String> = (0..2 + self.below(2))
                    .map(|_| self.behind(depth - 1))
                    .collect();
                format!("({}) >> w", fan.join(", "))
            }
            1 if depth > 0 => format!("{} >> {}", self.behind(depth - 1), self.behind(depth - 1)),
            _ => self.node(),
        }
    }

    fn stream(&mut self, depth: usize) -> String {
        if depth == 0 {
            let at = self.below(self.names.len());
            return self.names[at].clone();
        }
        match self.below(9) {
            0 => self.stream(0) + ".x",
            1 | 2 => format!("{} >> {}", self.left(depth - 1), self.behind(2)),
            3 => format!("w({}, {})", self.stream(depth - 1), self.stream(depth - 1)),
            4 => format!(
                "({}, {}) >> {}",
                self.stream(depth - 1),
                self.stream(depth - 1),
                self.behind(1)
            ),
            5 => format!(
                "merge({}, {})",
                self.stream(depth - 1),
                self.stream(depth - 1)
            ),
            6 => format!("({}).y.0", self.left(depth - 1)),
            7 => self.route(depth - 1, false),
            _ => format!("other({}, n = n).pipeline()", self.stream(depth - 1)),
        }
    }

    /// A stream in front of something.
    fn left(&mut self, depth: usize) -> String {
        let text = self.stream(depth);
        if text.starts_with("match") {
            format!("({text})")
        } else {
            text
        }
    }

    fn route(&mut self, depth: usize, sink: bool) -> String {
        let mut text = format!("match {} {{ ", self.left(depth));
        for arm in 0..=self.below(4) {
            let known = self.names.len();
            let name = self.fresh();
            let pattern = match self.below(4) {
                0 => format!("{arm}"),
                1 => format!("A({name}) if {name} > n"),
                _ => format!("B({name}, _)"),
            };
            if pattern.contains('(') {
                // twice, so that it is used
                self.names.extend([name.clone(), name]);
            }
            let body = match (self.below(5), sink) {
                (0, _) => "skip".to_owned(),
                (1, true) if depth > 0 => self.route(depth - 1, true),
                (2, true) => format!("({} >> k, {} >> f)", self.left(depth), self.left(1)),
                (_, true) => format!("{} >> (k, f >> g)", self.left(depth)),
                (_, false) => self.stream(depth),
            };
            self.names.truncate(known);
            text += &format!("{pattern} => {body}, ");
        }
        text + "}"
    }

    fn pipeline(&mut self) -> String {
        let mut body = String::new();
        for _ in 0..=self.below(4) {
            let depth = self.below(4);
            match self.below(6) {
                0 => body += &format!("{};\n", self.route(depth, true)),
                1 => body += &format!("{} >> k;\n", self.left(depth)),
                2 => body += &format!("let _ = {};\n", self.stream(depth)),
                3 => {
                    let text = format!("{} >> f", self.left(depth));
                    let (a, b) = (self.fresh(), self.fresh());
                    body += &format!("let ({a}, {b}) = {text};\n");
                    self.names.extend([a, b]);
                }
                _ => {
                    let text = self.stream(depth);
                    let name = self.fresh();
                    body += &format!("let {name} = {text};\n");
                    self.names.push(name);
                }
            }
        }
        for name in self.names.clone() {
            body += &format!("let _ = {name};\n");
        }
        let last = self.stream(3);
        format!(
            "fn p(xs: Stream<i64>, ys: Stream<i64>, n: usize, pool: Pool) -> Stream<i64> {{ {body} {last} }}"
        )
    }
}

#[test]
fn texts_at_random_stay_the_same() {
    let mut seen = 0;
    for seed in 1..300_u64 {
        let mut random = Random {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            names: vec!["xs".to_owned(), "ys".to_owned()],
            next: 0,
        };
        let given = random.pipeline();
        // names that are given twice, and what cannot be joined
        let Ok((text, graph)) = printed(tokens(&given)) else {
            continue;
        };
        let (again, same) =
            printed(tokens(&text)).unwrap_or_else(|found| panic!("{found:?}\n{given}\n{text}"));
        assert!(again == text, "{given}\n{text}\n{again}");
        assert!(same == graph, "{given}\n{text}");
        seen += 1;
    }
    assert!(seen > 80, "{seen}");
}
