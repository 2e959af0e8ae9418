//! W2: a node of a microsecond, between a serial source and an ordered sink. What papy is for, at the fine end.

use super::{Scale, papys_ways};
use crate::by_hand;
use crate::checksum::Checksum;
use crate::harness::Workload;
use crate::pipelines::costly;
use crate::spin::spin;

pub(super) fn workload(scale: Scale) -> Workload {
    let Scale {
        down,
        spins,
        threads,
    } = scale;
    let title = "one node of 1 us between a serial source and an ordered sink";
    let workload = Workload::new("W2", title, 1_000_000 / down, move |n| {
        let mut sum = Checksum::default();
        for x in 0..n {
            sum.add(spin(x, spins));
        }
        sum.value()
    })
    .way("loop split over the threads", move |n| {
        by_hand::split(n, threads, |x| spin(x, spins))
    });
    papys_ways!(workload, 1 / 1, 1 / 1, |n| costly(0..n, spins))
        .way("crossbeam, batches of 256", move |n| {
            by_hand::in_batches(n, threads, |x| spin(x, spins))
        })
        .way("crossbeam, item by item", move |n| {
            by_hand::one_by_one(n, threads, |x| spin(x, spins))
        })
}
