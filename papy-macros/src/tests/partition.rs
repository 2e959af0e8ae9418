//! Regions as pictures: mode and pool, what enters, the nodes in order, what leaves and where to.

use super::{divided, picture};
use crate::graph::{Beginning, Facts, Graph, Input, Mode, Node, Origin, PoolClass, Shape};
use crate::partition::{Consumer, partition};

#[test]
fn parallel_nodes_of_one_pool_are_one_region() {
    let text = "fn p(xs: Stream<i64>) -> Stream<i64> { let a = xs >> inc; (a >> dbl, a >> (f, g) >> h) >> sum }";
    assert_eq!(
        picture(text),
        "0 parallel: xs | inc dbl f g h sum | sum to out"
    );
}

#[test]
fn several_inputs_that_meet_are_one_region() {
    let text =
        "fn p(xs: Stream<i64>, ys: Stream<i64>) -> Stream<i64> { (xs >> inc, ys >> dbl) >> sum }";
    assert_eq!(
        picture(text),
        "0 parallel: xs ys | inc dbl sum | sum to out"
    );
}

#[test]
fn another_pool_is_a_border() {
    let text =
        "fn p(xs: Stream<i64>, a: Pool) -> Stream<i64> { xs >> f >> g.on(a) >> h.on(a) >> i }";
    assert_eq!(
        picture(text),
        "0 parallel: xs | f | f to 1\n1 parallel on a: f | g h | h to 2\n2 parallel: h | i | i to out"
    );
}

#[test]
fn the_default_pool_by_name_costs_no_border() {
    let text = "fn p(xs: Stream<i64>) -> Stream<i64> {
        let own: Pool = Pool::rayon();
        xs >> f >> g.on(own) >> h.on(Pool::rayon())
    }";
    assert_eq!(picture(text), "0 parallel: xs | f g h | h to out");
}

#[test]
fn inline_nodes_fuse_and_other_expressions_do_not() {
    let text = "fn p(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> f.on(Pool::inline()) >> g.on(Pool::inline()) >> h.on(a.clone()) >> i.on(a.clone())
    }";
    assert_eq!(
        picture(text),
        "0 parallel on inline: xs | f g | g to 1\n1 parallel on its own: g | h | h to 2\n2 parallel on its own: h | i | i to out"
    );
}

#[test]
fn serial_fold_and_spawn_stand_alone() {
    let text = "fn p(xs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let a = xs >> f >> g.serial() >> h.spawn(2) >> i;
        let b = a >> k.fold();
        (a, b)
    }";
    assert_eq!(
        picture(text),
        "0 parallel: xs | f | f to 1\n1 serial: f | g | g to 2\n2 spawn: g | h | h to 3\n\
         3 parallel: h | i | a to a, a to 4\n4 fold: a | k | b to b"
    );
}

#[test]
fn a_timed_node_stands_alone_with_its_options_and_a_retry_does_not() {
    let text = "fn p(xs: Stream<i64>) -> Stream<i64> {
        xs >> f.retry(1) >> g.consume(2).timeout(secs(1)).retry(2).produce(3) >> h >> i.timeout(secs(2)).spawn(4)
    }";
    assert_eq!(
        picture(text),
        "0 parallel: xs | f | f to 1\n1 passing: f | g | g to 2\n2 timed: g | g g | g to 3\n\
         3 parallel: g | h | h to 4\n4 timed: h | i | i to out"
    );
}

#[test]
fn a_region_never_waits_for_itself() {
    // `sum` must not join `f`'s region: `g` stands between the two.
    let text = "fn p(xs: Stream<i64>, a: Pool) -> Stream<i64> { let b = xs >> f; (b, b >> g.on(a)) >> sum }";
    assert_eq!(
        picture(text),
        "0 parallel: xs | f | b to 1, b to 2\n1 parallel on a: b | g | g to 2\n2 parallel: b g | sum | sum to out"
    );
}

#[test]
fn siblings_of_one_stream_share_a_region_and_a_port() {
    let text = "fn p(xs: Stream<i64>, a: Pool) -> (Stream<i64>, Stream<i64>) {
        let b = xs >> f.on(a);
        let (l, r) = b >> (g, h);
        (l, r)
    }";
    assert_eq!(
        picture(text),
        "0 parallel on a: xs | f | b to 1\n1 parallel: b | g h | l to l, r to r"
    );
}

#[test]
fn an_input_of_several_regions_passes_through_one_of_its_own() {
    let text = "fn p(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> f >> g.on(a);
        let _ = ys;
        (xs, l)
    }";
    assert_eq!(
        picture(text),
        "0 passing: xs |  | xs to xs, xs to 2\n1 passing: ys |  | \n2 parallel: xs | f | f to 3\n3 parallel on a: f | g | l to l"
    );
}

#[test]
fn streams_are_counted_from_where_they_begin() {
    let text =
        "fn p(xs: Stream<i64>, ys: Stream<i64>, zs: Stream<i64>) -> (Stream<i64>, Stream<i64>, Stream<i64>) {
        let a = xs >> f.produce(3) >> g.consume(2);
        let b = (ys, zs) >> h.unordered();
        let c = b >> i.flat();
        (a, b, c)
    }";
    let (graph, facts, _) = divided(text);
    let [a, b, c] = [0, 1, 2].map(|output| graph.outputs[output].from);
    let track = facts.track(a).unwrap();
    assert_eq!((track.rate.num, track.rate.den), (3, 2));
    assert!(matches!(facts.begun(a), Some(Beginning::Input(0))));
    assert!(matches!(facts.begun(b), Some(Beginning::Input(1))));
    assert!(matches!(facts.begun(c), Some(Beginning::Flat(_))));
}

#[test]
fn names_count_in_text_order() {
    let text = "fn p(xs: Stream<i64>) -> Stream<i64> {
        dbl(dbl(xs)) >> (|x| x) >> a::dbl.named(\"own\") >> dbl >> (|x| x) >> r#match
    }";
    let (graph, ..) = divided(text);
    let names: Vec<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "dbl",
            "dbl#2",
            "closure",
            "own",
            "dbl#3",
            "closure#2",
            "match"
        ]
    );
}

/// A graph of `nodes` nodes with arguments, pools and modes at random.
fn random(seed: u64, nodes: usize) -> Graph {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % n
    };
    let mut graph = Graph::default();
    for input in 0..2 {
        let stream = graph.stream(Origin::Input(input), format!("in{input}"));
        graph.inputs.push(Input {
            name: format!("in{input}"),
            stream,
        });
    }
    for id in 0..nodes {
        let args = (0..=next(2)).map(|_| next(graph.streams.len())).collect();
        let mode = [Mode::Parallel, Mode::Parallel, Mode::Parallel, Mode::Serial][next(4)];
        let pool = [
            PoolClass::Default,
            PoolClass::Inline,
            PoolClass::Named("a".to_owned()),
        ][next(3)]
        .clone();
        graph.nodes.push(Node {
            name: format!("n{id}"),
            args,
            owner: id,
            mode,
            pool,
            ..Node::default()
        });
        let stream = graph.stream(Origin::Node(id), format!("n{id}"));
        graph.nodes[id].shape = Shape::Stream(stream);
        graph.order.push(id);
    }
    graph
}

#[test]
fn regions_stand_in_order_and_hold_each_node_once() {
    for seed in 1..300 {
        let graph = random(seed, 12);
        let partition = partition(&graph, &Facts::new(&graph));
        let mut nodes: Vec<usize> = partition
            .regions
            .iter()
            .flat_map(|region| region.nodes.clone())
            .collect();
        nodes.sort_unstable();
        assert_eq!(nodes, (0..12).collect::<Vec<_>>());
        for (at, region) in partition.regions.iter().enumerate() {
            for out in &region.outs {
                if let Consumer::Region(to) = out.to {
                    assert!(to > at, "{seed}: {}", partition.picture(&graph));
                    let enters = |&(stream, _): &(usize, u64)| stream == out.stream;
                    assert!(partition.regions[to].ins.iter().any(enters));
                }
            }
            let alone = region.mode == Some(Mode::Serial);
            assert!(!alone || region.nodes.len() == 1);
            assert!(
                region
                    .nodes
                    .iter()
                    .all(|&node| graph.nodes[node].pool == region.pool)
            );
        }
    }
}

#[test]
fn large_graphs_take_no_time() {
    let start = std::time::Instant::now();
    let graph = random(7, 400);
    let regions = partition(&graph, &Facts::new(&graph)).regions.len();
    assert!(
        regions > 1 && start.elapsed().as_secs() < 5,
        "{:?}",
        start.elapsed()
    );
}
