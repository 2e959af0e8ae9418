//! W7: as W2, but an item in a hundred takes a hundred times as long as the others.

use super::{Scale, papys_ways};
use crate::by_hand;
use crate::checksum::Checksum;
use crate::harness::Workload;
#[cfg(feature = "peers")]
use crate::peers::{self, Parts};
use crate::pipelines::costly_now_and_then;
use crate::spin::uneven;

pub(super) fn workload(scale: Scale) -> Workload {
    let Scale {
        down,
        spins,
        threads,
    } = scale;
    let title = "one node of 0.5 us, or 50 us for an item in a hundred";
    let work = move |x| uneven(x, spins);
    let workload = Workload::new("W7", title, 500_000 / down, move |n| {
        (0..n).map(work).collect::<Checksum>().value()
    })
    .way("loop, split over the threads", move |n| {
        by_hand::split(n, threads, work)
    });
    let workload = papys_ways!(workload, 1 / 1, 1 / 1, |n| {
        costly_now_and_then(0..n, spins)
    })
    .way("crossbeam, batches of 256", move |n| {
        by_hand::in_batches(n, threads, work)
    })
    .way("crossbeam, item by item", move |n| {
        by_hand::one_by_one(n, threads, work)
    });
    #[cfg(feature = "peers")]
    let workload = peers::mapped(workload, threads, Parts::FINE, work);
    workload
}
