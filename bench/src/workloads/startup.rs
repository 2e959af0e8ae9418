//! What a run costs before and after its items: build it, run it, take it down.

use std::thread;

use super::Scale;
use crate::by_hand;
use crate::checksum::Checksum;
use crate::harness::Workload;
#[cfg(feature = "peers")]
use crate::peers;
use crate::pipelines::chain;
use crate::workers::*;

pub(super) fn workloads(scale: Scale) -> Vec<Workload> {
    vec![
        workload::<1>(scale, "start-1", "a chain of four, for one item"),
        workload::<10>(scale, "start-10", "a chain of four, for ten items"),
    ]
}

/// Runs something for `ITEMS` items, again and again.
fn repeat<const ITEMS: u64>(n: u64, mut run: impl FnMut(u64) -> u64) -> u64 {
    (0..n).map(|i| run(i * ITEMS)).collect::<Checksum>().value()
}

fn plain<const ITEMS: u64>(first: u64) -> u64 {
    let items = first..first + ITEMS;
    items.map(four).collect::<Checksum>().value()
}

fn workload<const ITEMS: u64>(scale: Scale, name: &'static str, title: &'static str) -> Workload {
    let in_a_thread = |first| {
        let thread = thread::spawn(move || plain::<ITEMS>(first));
        thread.join().expect("the loop does not panic")
    };
    let workload = Workload::new(name, title, 10_000 / scale.down, move |n| {
        repeat::<ITEMS>(n, in_a_thread)
    })
    .counting("run", "plain loop in a new thread")
    .way("papy for_each", |n| {
        repeat::<ITEMS>(n, |first| {
            let mut sum = Checksum::default();
            chain(first..first + ITEMS).for_each(|result| sum.add_result(result));
            sum.value()
        })
    })
    .way("papy start", |n| {
        repeat::<ITEMS>(n, |first| {
            let mut sum = Checksum::default();
            let mut run = chain(first..first + ITEMS)
                .start()
                .expect("threads can be had");
            for result in &mut run {
                sum.add_result(result);
            }
            run.join().expect("the run ends well");
            sum.value()
        })
    })
    .way_with_fewer(4, "crossbeam, a thread per node", |n| {
        repeat::<ITEMS>(n, |first| by_hand::chain(first, ITEMS))
    });
    #[cfg(feature = "peers")]
    let workload = peers::starts(workload, scale.threads, ITEMS);
    workload
}
