//! W1: chains of trivial nodes. What is measured is papy alone; nobody should need it for such work.

use super::{Scale, papys_ways};
use crate::by_hand;
use crate::checksum::Checksum;
use crate::harness::Workload;
use crate::pipelines::*;
use crate::workers::*;

#[inline]
fn four(x: u64) -> u64 {
    mix4(mix3(mix2(mix1(x))))
}

#[inline]
fn two(x: u64) -> u64 {
    mix2(mix1(x))
}

fn sum(items: impl Iterator<Item = u64>) -> u64 {
    items.collect::<Checksum>().value()
}

pub(super) fn workloads(scale: Scale) -> Vec<Workload> {
    vec![
        plain_chain(100_000_000 / scale.down),
        filter(30_000_000 / scale.down),
        no_faults(30_000_000 / scale.down),
        some_faults(10_000_000 / scale.down),
        fold(30_000_000 / scale.down),
        sixteen(30_000_000 / scale.down),
        one_serial(30_000_000 / scale.down),
    ]
}

fn plain_chain(items: u64) -> Workload {
    let title = "a chain of four trivial nodes";
    let workload = Workload::new("W1-chain", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            sum.add(four(x));
        }
        sum.value()
    })
    .way_with_fewer(10, "loop into a Vec, then a loop", |n| {
        let results: Vec<u64> = (0..n).map(four).collect();
        sum(results.into_iter())
    });
    papys_ways!(workload, 1 / 10, 1 / 4, |n| chain(0..n)).way_with_fewer(
        10,
        "crossbeam, a thread per node",
        |n| by_hand::chain(0, n),
    )
}

fn filter(items: u64) -> Workload {
    let title = "a chain of four, one of them a filter that drops an item in four";
    let workload = Workload::new("W1-filter", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            if let Some(x) = three_quarters(two(x)) {
                sum.add(mix4(x));
            }
        }
        sum.value()
    });
    papys_ways!(workload, 1 / 10, 1 / 4, |n| filtered(0..n))
}

fn no_faults(items: u64) -> Workload {
    let title = "a chain of four, one of them fallible, which never fails";
    let workload = Workload::new("W1-fallible", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            sum.add_result(sound(two(x)).map(mix4));
        }
        sum.value()
    });
    papys_ways!(workload, 1 / 10, 1 / 4, |n| fallible(0..n))
}

fn some_faults(items: u64) -> Workload {
    let title = "a chain of four, one of them fallible, which fails for an item in a hundred";
    let workload = Workload::new("W1-faults", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            sum.add_result(frail(two(x)).map(mix4));
        }
        sum.value()
    });
    papys_ways!(workload, 1 / 10, 1 / 4, |n| faulty(0..n))
}

fn fold(items: u64) -> Workload {
    let title = "a chain of four and a fold at its end";
    Workload::new("W1-fold", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            checksum(&mut sum, four(x));
        }
        sum.value()
    })
    .way("papy for_each", |n| {
        let mut folded_to = None;
        folded(0..n).for_each(|result| folded_to = result.ok());
        folded_to.expect("a fold has a result").value()
    })
    .way("papy collect", |n| {
        let all = folded(0..n).collect();
        let folded_to = all.into_iter().next().and_then(Result::ok);
        folded_to.expect("a fold has a result").value()
    })
    .way_with_fewer(4, "papy start, as an iterator", |n| {
        let mut run = folded(0..n).start().expect("threads can be had");
        let folded_to = run.next().and_then(Result::ok);
        run.join().expect("the run ends well");
        folded_to.expect("a fold has a result").value()
    })
}

fn sixteen(items: u64) -> Workload {
    let title = "a chain of sixteen trivial nodes";
    let workload = Workload::new("W1-sixteen", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            sum.add(four(four(four(four(x)))));
        }
        sum.value()
    });
    papys_ways!(workload, 1 / 10, 1 / 4, |n| long_chain(0..n))
}

fn one_serial(items: u64) -> Workload {
    let title = "a chain of four, the third serial and with state";
    let workload = Workload::new("W1-serial", title, items, |n| {
        let mut sum = Checksum::default();
        let mut state = 0;
        for x in 0..n {
            sum.add(mix4(running(&mut state, two(x))));
        }
        sum.value()
    });
    papys_ways!(workload, 1 / 10, 1 / 4, |n| serial(0..n))
}
