//! W6: a fork, two branches and a join, of trivial nodes.

use super::{Scale, kept, papys_ways};
use crate::by_hand;
use crate::checksum::Checksum;
use crate::harness::Workload;
#[cfg(feature = "peers")]
use crate::peers;
use crate::pipelines::diamond;
use crate::workers::*;

#[inline]
fn whole(x: u64) -> u64 {
    let x = mix1(x);
    both(mix2(x), mix3(x))
}

pub(super) fn workload(scale: Scale) -> Workload {
    let title = "a fork, two branches and a join, of trivial nodes";
    let workload = Workload::new("W6", title, 100_000_000 / scale.down, |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            sum.add(whole(x));
        }
        sum.value()
    })
    .way_with_fewer(10, "loop, into a Vec", |n| {
        let results: Vec<u64> = (0..n).map(whole).collect();
        results.into_iter().collect::<Checksum>().value()
    })
    .way_with_fewer(10, "loop, into a Vec of Results", |n| {
        kept((0..n).map(|x| Ok(whole(x))))
    });
    let workload = papys_ways!(workload, 1 / 10, 1 / 4, |n| diamond(0..n)).way_with_fewer(
        10,
        "crossbeam, a thread per node",
        by_hand::diamond,
    );
    #[cfg(feature = "peers")]
    let workload = peers::diamonds(workload, scale.threads);
    workload
}
