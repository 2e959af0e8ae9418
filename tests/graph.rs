//! Graphs as data: what they print compiles to the same graph, and what they answer is what the text says.

#[path = "common/guard.rs"]
mod guard;

use std::fmt::Debug;

use guard::within;
use papy::prelude::*;
use papy::{End, Graph, Node};

/// The names of nodes.
fn names(nodes: &[&Node]) -> Vec<&'static str> {
    nodes.iter().map(|node| node.name()).collect()
}

fn all(graph: &'static Graph) -> Vec<&'static Node> {
    graph.nodes().iter().collect()
}

#[derive(Debug, Clone)]
struct Read {
    name: &'static str,
    length: i64,
}

#[derive(Debug, Clone)]
enum Shape {
    Circle(i64),
    Rect { w: i64, h: i64 },
    Empty,
}

mod workers {
    use super::{Read, Shape};
    use papy::prelude::*;

    #[worker]
    pub(crate) fn dbl(x: i64) -> i64 {
        2 * x
    }

    #[worker]
    pub(crate) fn add(x: i64, y: i64) -> i64 {
        x + y
    }

    #[worker]
    pub(crate) fn over(x: i64, #[param] least: i64) -> Option<i64> {
        (x > least).then_some(x)
    }

    #[worker]
    pub(crate) fn sum(total: &mut i64, x: i64) {
        *total += x;
    }

    #[worker]
    pub(crate) fn number(next: &mut i64, x: i64) -> i64 {
        *next += x;
        *next
    }

    #[worker]
    pub(crate) fn pair(x: i64) -> [i64; 2] {
        [x, -x]
    }

    #[worker]
    pub(crate) fn upto(x: i64) -> std::ops::Range<i64> {
        0..x
    }

    #[worker]
    pub(crate) fn three(group: [i64; 3]) -> i64 {
        group.iter().sum()
    }

    #[worker]
    pub(crate) fn split(read: Read) -> (&'static str, (i64, i64)) {
        (read.name, (read.length, 0))
    }

    #[worker]
    pub(crate) fn shape(x: i64) -> Shape {
        match x {
            0 => Shape::Empty,
            1..10 => Shape::Circle(x),
            _ => Shape::Rect { w: x, h: x },
        }
    }

    #[worker]
    pub(crate) fn show<T: std::fmt::Debug>(x: T, #[param] to: &std::sync::Mutex<Vec<String>>) {
        to.lock().unwrap().push(format!("{x:?}"));
    }
}

// ---------------------------------------------------------------- as they may be written

mod written {
    use super::workers::*;
    use super::{Debug, Read, Shape};
    use papy::prelude::*;
    use std::sync::{Arc, Mutex};

    pipeline! {
        /// Documented.
        pub(super) fn chained(xs: Stream<i64>, pool: Pool) -> Stream<i64> { xs >> dbl >> dbl.on(pool) >> (|x| x+1) }
    }

    pipeline! {
        pub(super) fn nested(xs: Stream<i64>, ys: Stream<i64>) -> Stream<i64> {
            add(dbl(dbl(xs)), ys >> (dbl, (|y: i64| -y)) >> add)
        }
    }

    pipeline! {
        pub(super) fn options(xs: Stream<i64>, n: usize) -> (Stream<i64>, Stream<i64>) {
            let least : i64 = n as i64 - 1 ;
            let kept = xs >> over(least=least).spawn( n ).unordered().filter();
            let sums = kept >> number(state = 1).named("count \"it\"").serial() >> pair.produce(2) >> sum.fold();
            (sums, kept)
        }
    }

    pipeline! {
        pub(super) fn taken_apart(reads: Stream<Read>, to: Arc<Mutex<Vec<String>>>) {
            let (name, (length, _)) = reads >> split;
            let more: Stream<i64> = length;
            (more, reads.length) >> add >> show(to = to.clone());
            name >> show(to = to);
            let _ = reads >> (|read: Read| { let name = read.name; name.len() });
        }
    }

    pipeline! {
        pub(super) fn routed(xs: Stream<i64>, least: i64) -> Stream<i64> {
            let ys = xs >> dbl;
            let sizes = match xs >> shape {
                Shape::Circle(r) if r > least => { (r, ys) >> add }
                | Shape::Circle(r) => r >> (dbl, dbl >> dbl) >> add,
                Shape::Rect { w, h: 20.. } => match w { 100 => skip, w => w },
                _ => skip
            };
            merge(sizes, xs) >> dbl
        }
    }

    pipeline! {
        pub(super) fn rated(xs: Stream<i64>, ys: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
            let fast = xs >> pair.produce(2) >> dbl;
            let slow = ys >> three.consume(3) >> dbl.repeat(4);
            let both = (fast, slow) >> add;
            let flat = both >> upto.flat() >> three.consume(3);
            (both, flat)
        }
    }

    pipeline! {
        pub(super) fn generic<'a, T: Debug + Clone + Send + 'a, const N: usize>(items: Stream<&'a T>, more: Stream<[T; N]>) -> Stream<Vec<String>>
        where T: Sync {
            (items, more) >> (|item: &'a T, more: [T; N]| more.iter().map(|x| format!("{item:?}{x:?}")).collect::<Vec<String>>())
        }
    }

    pipeline! {
        pub(super) fn host(xs: Stream<i64>, pool: Pool) -> (Stream<i64>, Stream<i64>) {
            let (sums, kept) = options(xs, n = 3).pipeline();
            let kept2 = kept >> chained(pool = pool).pipeline() >> rounds.pipeline().named("again");
            (sums, kept2)
        }
    }

    pipeline! {
        pub(super) fn rounds(xs: Stream<i64>) -> Stream<i64> {
            xs >> pair.produce(2) >> pair.produce(2) >> dbl
        }
    }
}

// ---------------------------------------------------------------- as they are printed

#[rustfmt::skip]
mod printed {
    use super::workers::*;
    use super::{Debug, Read, Shape};
    use papy::prelude::*;
    use std::sync::{Arc, Mutex};

    pipeline! {
        pub(super) fn chained(xs: Stream<i64>, pool: Pool) -> Stream<i64> {
            let dbl = xs >> dbl;
            let dbl_2 = dbl >> dbl.on(pool);
            dbl_2 >> (|x| x + 1)
        }
    }

    pipeline! {
        pub(super) fn nested(xs: Stream<i64>, ys: Stream<i64>) -> Stream<i64> {
            add(dbl(xs >> dbl), (ys >> dbl, ys >> (|y: i64| -y)) >> add)
        }
    }

    pipeline! {
        pub(super) fn options(xs: Stream<i64>, n: usize) -> (Stream<i64>, Stream<i64>) {
            let least: i64 = n as i64 - 1;
            let kept = xs >> over(least = least).filter().unordered().spawn(n);
            let count_it = kept >> number(state = 1).serial().named("count \"it\"");
            let pair = count_it >> pair.produce(2);
            let sums = pair >> sum.fold();
            (sums, kept)
        }
    }

    pipeline! {
        pub(super) fn taken_apart(reads: Stream<Read>, to: Arc<Mutex<Vec<String>>>) {
            let (name, (length, _)) = reads >> split;
            let _length: Stream<i64> = length;
            let add = (length, reads.length) >> add;
            add >> show(to = to.clone());
            name >> show(to = to);
            let _ = reads >> (|read: Read| {
                let name = read.name;
                name.len()
            });
        }
    }

    pipeline! {
        pub(super) fn routed(xs: Stream<i64>, least: i64) -> Stream<i64> {
            let ys = xs >> dbl;
            let shape = xs >> shape;
            let sizes = match shape {
                Shape::Circle(r) if r > least => (r, ys) >> add,
                Shape::Circle(r) => (r >> dbl, r >> dbl >> dbl) >> add,
                Shape::Rect { w, h: 20.. } => match w {
                    100 => skip,
                    w => w,
                },
                _ => skip,
            };
            let merged = merge(sizes, xs);
            merged >> dbl
        }
    }

    pipeline! {
        pub(super) fn rated(xs: Stream<i64>, ys: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
            let pair = xs >> pair.produce(2);
            let fast = pair >> dbl;
            let three = ys >> three.consume(3);
            let slow = three >> dbl.repeat(4);
            let both = (fast, slow) >> add;
            let upto = both >> upto.flat();
            let flat = upto >> three.consume(3);
            (both, flat)
        }
    }

    pipeline! {
        pub(super) fn generic<'a, T: Debug + Clone + Send + 'a, const N: usize>(
            items: Stream<&'a T>,
            more: Stream<[T; N]>,
        ) -> Stream<Vec<String>>
        where
            T: Sync,
        {
            (items, more) >> (|item: &'a T, more: [T; N]| more.iter().map(|x| format!("{item:?}{x:?}")).collect::<Vec<String>>())
        }
    }

    pipeline! {
        pub(super) fn host(xs: Stream<i64>, pool: Pool) -> (Stream<i64>, Stream<i64>) {
            let (sums, kept) = xs >> options(n = 3).pipeline();
            let chained = kept >> chained(pool = pool).pipeline();
            let kept2 = chained >> rounds.pipeline().named("again");
            (sums, kept2)
        }
    }

    pipeline! {
        pub(super) fn rounds(xs: Stream<i64>) -> Stream<i64> {
            let pair = xs >> pair.produce(2);
            let pair_2 = pair >> pair.produce(2);
            pair_2 >> dbl
        }
    }
}

#[test]
fn what_is_printed_is_the_same_pipeline() {
    within(20, || {
        for (written, printed) in [
            (written::chained::GRAPH, printed::chained::GRAPH),
            (written::nested::GRAPH, printed::nested::GRAPH),
            (written::options::GRAPH, printed::options::GRAPH),
            (written::taken_apart::GRAPH, printed::taken_apart::GRAPH),
            (written::routed::GRAPH, printed::routed::GRAPH),
            (written::rated::GRAPH, printed::rated::GRAPH),
            (written::generic::GRAPH, printed::generic::GRAPH),
            (written::host::GRAPH, printed::host::GRAPH),
            (written::rounds::GRAPH, printed::rounds::GRAPH),
        ] {
            let text = written.to_string();
            assert_eq!(printed.to_string(), text);
            assert_eq!(format!("{printed:?}"), format!("{written:?}"));
            // what stands here as printed is what was printed
            let indented: Vec<String> = text
                .lines()
                .map(|line| format!("        {line}\n"))
                .collect();
            let own = include_str!("graph.rs");
            assert!(own.contains(&indented.concat()), "{text}");
        }
    });
}

#[test]
fn what_is_printed_gives_the_same_items() {
    within(20, || {
        let pool = || Pool::threads(2);
        let items = |run: Vec<Result<i64, Fault>>| -> Vec<i64> {
            run.into_iter().map(Result::unwrap).collect()
        };
        assert_eq!(
            items(written::routed(0..150, 3).collect()),
            items(printed::routed(0..150, 3).collect())
        );
        let (written, printed) = (
            written::host(0..20, pool()).collect(),
            printed::host(0..20, pool()).collect(),
        );
        assert_eq!(items(written.0), items(printed.0));
        let sorted = |run| {
            let mut items = items(run);
            items.sort_unstable();
            items
        };
        assert_eq!(sorted(written.1), sorted(printed.1));
    });
}

#[test]
fn names_are_those_of_the_text() {
    within(20, || {
        let graph = written::options::GRAPH;
        assert_eq!(graph.name(), "options");
        assert_eq!(graph.inputs(), ["xs"]);
        assert_eq!(graph.outputs(), ["sums", "kept"]);
        assert_eq!(names(&all(graph)), ["over", "count \"it\"", "pair", "sum"]);
        assert_eq!(written::chained::GRAPH.outputs(), ["out"]);
        assert!(graph.node("dbl").is_none());
        assert!(graph.before("dbl").is_empty());
        assert_eq!(graph.rank("dbl"), None);
        assert_eq!(graph.rate("dbl"), None);
    });
}

#[test]
fn nodes_tell_what_they_are() {
    within(20, || {
        let graph = written::options::GRAPH;
        let over = graph.node("over").unwrap();
        assert_eq!(over.worker(), "over");
        assert_eq!(over.params(), [("least", "least")]);
        assert_eq!(
            over.options(),
            [("filter", ""), ("unordered", ""), ("spawn", "n")]
        );
        assert_eq!((over.takes(), over.gives()), (&["xs"][..], &["kept"][..]));
        assert_eq!(over.option("spawn"), Some("n"));
        assert_eq!(over.option("serial"), None);
        assert_eq!(
            graph.node("count \"it\"").unwrap().params(),
            [("state", "1")]
        );
        let chained = written::chained::GRAPH;
        assert_eq!(chained.node("dbl").unwrap().pool(), None);
        assert_eq!(chained.node("dbl#2").unwrap().pool(), Some("pool"));
        assert_eq!(chained.node("closure").unwrap().worker(), "|x| x + 1");
        let apart = written::taken_apart::GRAPH;
        assert_eq!(apart.node("split").unwrap().gives(), ["name", "length"]);
        assert_eq!(
            apart.node("add").unwrap().takes(),
            ["length", "reads.length"]
        );
        assert!(apart.node("show").unwrap().gives().is_empty());
    });
}

#[test]
fn pipelines_that_are_nodes_have_graphs_of_their_own() {
    within(20, || {
        let graph = written::host::GRAPH;
        assert_eq!(names(&all(graph)), ["options", "chained", "again"]);
        let options = graph.node("options").unwrap();
        assert!(std::ptr::eq(
            options.inner().unwrap(),
            written::options::GRAPH
        ));
        assert_eq!(options.params(), [("n", "3")]);
        assert_eq!(options.gives(), ["sums", "kept"]);
        assert_eq!(options.region(), None);
        let again = graph.node("again").unwrap();
        assert_eq!(
            (again.worker(), again.inner().unwrap().name()),
            ("rounds", "rounds")
        );
        assert_eq!(again.option("pipeline"), Some(""));
        assert!(written::rounds::GRAPH.nodes()[0].inner().is_none());
    });
}

#[test]
fn ways_lead_through_matches_and_merges() {
    within(20, || {
        let graph = written::routed::GRAPH;
        assert_eq!(
            names(&graph.order()),
            [
                "dbl", "shape", "add", "dbl#2", "dbl#3", "dbl#4", "add#2", "dbl#5"
            ]
        );
        assert_eq!(
            names(&graph.after("shape")),
            ["add", "dbl#2", "dbl#3", "dbl#5"]
        );
        assert_eq!(names(&graph.before("dbl#5")), ["shape", "add", "add#2"]);
        assert_eq!(names(&graph.before("add")), ["dbl", "shape"]);
        assert_eq!(
            names(&graph.upstream("add#2")),
            ["shape", "dbl#2", "dbl#3", "dbl#4"]
        );
        assert_eq!(names(&graph.downstream("dbl")), ["add", "dbl#5"]);
        assert_eq!(graph.downstream("xs").len(), 8);
        assert_eq!(names(&graph.after("xs")), ["dbl", "shape", "dbl#5"]);
        assert_eq!(graph.upstream("out").len(), 8);
        assert_eq!(names(&graph.before("out")), ["dbl#5"]);
        assert!(graph.after("out").is_empty() && graph.before("xs").is_empty());
        let tags = graph.edges().iter().filter(|edge| edge.stream.is_empty());
        let tags: Vec<(End, End)> = tags.map(|edge| (edge.from, edge.to)).collect();
        assert_eq!(
            tags,
            [(End::Match(1), End::Arms(1)), (End::Match(0), End::Arms(0))]
        );
        let merged = |end: End| graph.edges().iter().filter(move |edge| edge.to == end);
        let streams: Vec<&str> = merged(End::Merge(0)).map(|edge| edge.stream).collect();
        assert_eq!(streams, ["sizes", "xs"]);
        let arms: Vec<&str> = merged(End::Arms(0)).map(|edge| edge.stream).collect();
        assert_eq!(arms, ["", "add", "add#2", "match"]);
    });
}

#[test]
fn nodes_in_parentheses_stand_in_order_behind_what_they_take() {
    within(20, || {
        let graph = written::nested::GRAPH;
        assert_eq!(
            names(&all(graph)),
            ["add", "dbl", "dbl#2", "dbl#3", "closure", "add#2"]
        );
        assert_eq!(
            names(&graph.order()),
            ["dbl#2", "dbl", "dbl#3", "closure", "add#2", "add"]
        );
        assert_eq!(graph.node("add").unwrap().takes(), ["dbl", "add#2"]);
    });
}

#[test]
fn ranks_are_the_longest_ways() {
    within(20, || {
        let graph = written::routed::GRAPH;
        let ranks: Vec<usize> = all(graph)
            .iter()
            .map(|node| graph.rank(node.name()).unwrap())
            .collect();
        assert_eq!(ranks, [1, 1, 2, 2, 2, 3, 4, 5]);
        assert_eq!(graph.rank("xs"), Some(0));
        assert_eq!(graph.width(), 3);
        assert_eq!(written::chained::GRAPH.width(), 1);
    });
}

#[test]
fn regions_are_what_is_evaluated_together() {
    within(20, || {
        let regions = |graph: &'static Graph| -> Vec<Vec<&str>> {
            graph.regions().iter().map(|nodes| names(nodes)).collect()
        };
        assert_eq!(
            regions(written::chained::GRAPH),
            [vec!["dbl"], vec!["dbl#2"], vec!["closure"]]
        );
        assert_eq!(regions(written::routed::GRAPH).len(), 1);
        assert_eq!(
            regions(written::options::GRAPH),
            [["over"], ["count \"it\""], ["pair"], ["sum"]]
        );
        assert!(regions(written::host::GRAPH).is_empty());
        let graph = written::chained::GRAPH;
        assert_eq!(graph.node("closure").unwrap().region(), Some(2));
    });
}

#[test]
fn rates_are_the_repetition_vector() {
    within(20, || {
        let graph = written::rated::GRAPH;
        assert_eq!(
            graph.rates(),
            [
                ("xs", 2),
                ("ys", 3),
                ("pair", 2),
                ("dbl", 4),
                ("three", 1),
                ("dbl#2", 1),
                ("add", 4),
                ("upto", 4),
                // behind `.flat()` there is another count
                ("three#2", 1),
            ]
        );
        assert_eq!((graph.rate("ys"), graph.rate("add")), (Some(3), Some(4)));
        let host = written::host::GRAPH;
        assert_eq!((host.rates(), host.rate("again")), (vec![("xs", 1)], None));
    });
}

#[test]
fn memory_is_bounded_by_the_largest_stream() {
    within(20, || {
        // four slots for three items of `ys`
        assert_eq!(written::rated::GRAPH.max_in_flight(), 2);
        assert_eq!(written::rounds::GRAPH.max_in_flight(), 4);
        assert_eq!(written::host::GRAPH.max_in_flight(), 4);
        assert_eq!(written::chained::GRAPH.max_in_flight(), 1);
    });
}
