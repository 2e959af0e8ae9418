//! W1: chains of trivial nodes. What is measured is papy alone; nobody should need it for such work.

use std::sync::{Arc, LazyLock};

use papy::prelude::*;

use super::{Kept, Scale, kept, papys_ways};
use crate::by_hand;
use crate::checksum::Checksum;
use crate::harness::Workload;
#[cfg(feature = "peers")]
use crate::peers::{self, Parts};
use crate::pipelines::*;
use crate::workers::*;

#[inline]
fn two(x: u64) -> u64 {
    mix2(mix1(x))
}

fn sum(items: impl Iterator<Item = u64>) -> u64 {
    items.collect::<Checksum>().value()
}

/// What a worker's error becomes where it is kept.
fn shared(error: Rejected) -> Arc<Rejected> {
    Arc::new(error)
}

/// Adds the loop that keeps what papy's `collect` keeps.
fn with_kept<I: Iterator<Item = Kept>>(
    workload: Workload,
    results: impl Fn(u64) -> I + 'static,
) -> Workload {
    workload.way_with_fewer(10, "loop, into a Vec of Results", move |n| kept(results(n)))
}

pub(super) fn workloads(scale: Scale) -> Vec<Workload> {
    vec![
        plain_chain(100_000_000 / scale.down, scale.threads),
        filter(30_000_000 / scale.down),
        no_faults(30_000_000 / scale.down),
        some_faults(10_000_000 / scale.down),
        fold(30_000_000 / scale.down),
        sixteen(30_000_000 / scale.down),
        one_serial(30_000_000 / scale.down),
        produce(30_000_000 / scale.down),
        flat(30_000_000 / scale.down),
        one_route(30_000_000 / scale.down),
        two_pools(10_000_000 / scale.down),
    ]
}

fn plain_chain(items: u64, threads: usize) -> Workload {
    let title = "a chain of four trivial nodes";
    let workload = Workload::new("W1-chain", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            sum.add(four(x));
        }
        sum.value()
    })
    .way_with_fewer(10, "loop, into a Vec", |n| {
        let results: Vec<u64> = (0..n).map(four).collect();
        sum(results.into_iter())
    });
    let workload = with_kept(workload, |n| (0..n).map(|x| Ok(four(x))));
    let workload = papys_ways!(workload, 1 / 10, 1 / 4, |n| chain(0..n)).way_with_fewer(
        10,
        "crossbeam, a thread per node",
        |n| by_hand::chain(0, n),
    );
    #[cfg(feature = "peers")]
    let workload = peers::mapped(peers::chains(workload), threads, Parts::TRIVIAL, four);
    #[cfg(not(feature = "peers"))]
    let _ = threads;
    workload
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
    let workload = with_kept(workload, |n| {
        let some = (0..n).filter_map(|x| three_quarters(two(x)));
        some.map(|x| Ok(mix4(x)))
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
    let workload = with_kept(workload, |n| {
        (0..n).map(|x| sound(two(x)).map(mix4).map_err(shared))
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
    let workload = with_kept(workload, |n| {
        (0..n).map(|x| frail(two(x)).map(mix4).map_err(shared))
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
    .way_with_fewer(4, "papy start", |n| {
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
    let workload = with_kept(workload, |n| (0..n).map(|x| Ok(four(four(four(four(x)))))));
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
    let workload = with_kept(workload, |n| {
        let mut state = 0;
        (0..n).map(move |x| Ok(mix4(running(&mut state, two(x)))))
    });
    papys_ways!(workload, 1 / 10, 1 / 4, |n| serial(0..n))
}

fn produce(items: u64) -> Workload {
    let title = "a chain of four, the second of which gives two items for one";
    let workload = Workload::new("W1-produce", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            for half in halves(mix1(x)) {
                sum.add(mix4(mix3(half)));
            }
        }
        sum.value()
    });
    let workload = with_kept(workload, |n| {
        let halves = (0..n).flat_map(|x| halves(mix1(x)));
        halves.map(|half| Ok(mix4(mix3(half))))
    });
    papys_ways!(workload, 1 / 10, 1 / 4, |n| producing(0..n))
}

fn flat(items: u64) -> Workload {
    let title = "a chain of three, the second of which gives an iterator of eight for one";
    let workload = Workload::new("W1-flat", title, items / 8, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            for y in next_eight(mix1(x)) {
                sum.add(mix4(y));
            }
        }
        sum.value()
    });
    let workload = with_kept(workload, |n| {
        let all = (0..n).flat_map(|x| next_eight(mix1(x)));
        all.map(|y| Ok(mix4(y)))
    });
    papys_ways!(workload, 1 / 10, 1 / 4, |n| flattened(0..n))
}

#[inline]
fn one_of_two(x: u64) -> u64 {
    let x = mix1(x);
    let x = if x.is_multiple_of(4) {
        mix2(x)
    } else {
        mix3(x)
    };
    mix4(x)
}

fn one_route(items: u64) -> Workload {
    let title = "a chain of three, the second of which is one of two";
    let workload = Workload::new("W1-match", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            sum.add(one_of_two(x));
        }
        sum.value()
    });
    let workload = with_kept(workload, |n| (0..n).map(|x| Ok(one_of_two(x))));
    papys_ways!(workload, 1 / 10, 1 / 4, |n| routed(0..n))
}

fn two_pools(items: u64) -> Workload {
    let title = "a chain of two, each on a pool of one thread";
    let workload = Workload::new("W1-pools", title, items, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            sum.add(two(x));
        }
        sum.value()
    });
    let workload = with_kept(workload, |n| (0..n).map(|x| Ok(two(x))));
    static POOLS: LazyLock<[Pool; 2]> = LazyLock::new(|| [Pool::threads(1), Pool::threads(1)]);
    let pipeline = |n: u64| {
        let [a, b] = POOLS.clone();
        on_two_pools(0..n, a, b)
    };
    papys_ways!(workload, 1 / 2, 1 / 2, |n| pipeline(n)).way_with_fewer(
        2,
        "crossbeam, a thread per node",
        by_hand::two,
    )
}
