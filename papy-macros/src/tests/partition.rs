//! Regions as pictures: mode and pool, what enters, the nodes in order, what leaves and where to.

use super::{divided, picture};

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
fn an_input_of_several_regions_is_forked_by_an_entry() {
    let text = "fn p(xs: Stream<i64>, ys: Stream<i64>, a: Pool) -> (Stream<i64>, Stream<i64>) {
        let l = xs >> f >> g.on(a);
        let _ = ys;
        (xs, l)
    }";
    assert_eq!(
        picture(text),
        "0 entry: xs |  | xs to xs, xs to 2\n1 entry: ys |  | \n2 parallel: xs | f | f to 3\n3 parallel on a: f | g | l to l"
    );
}

#[test]
fn parts_and_depths() {
    let text =
        "fn p(xs: Stream<i64>, ys: Stream<i64>, zs: Stream<i64>) -> (Stream<i64>, Stream<i64>) {
        let a = xs >> f.fold() >> g.fold();
        let b = (ys, zs) >> h.unordered();
        (a, b)
    }";
    let (graph, facts, _) = divided(text);
    assert_eq!(facts.input_part, [0, 1, 1]);
    assert_eq!(facts.tails, [2, 0]);
    assert_eq!(facts.depth, [1, 2, 0]);
    assert!(facts.ordered(&graph, graph.outputs[0].from));
    assert!(!facts.ordered(&graph, graph.outputs[1].from));
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
