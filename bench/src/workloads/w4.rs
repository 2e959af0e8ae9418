//! W4: images through five filters, to an ordered sink.

use super::{Scale, papys_ways};
use crate::by_hand;
use crate::checksum::Checksum;
use crate::harness::Workload;
use crate::images::{filtered, numbered};
#[cfg(feature = "peers")]
use crate::peers::{self, Parts};
use crate::pipelines::gallery;

pub(super) fn workload(scale: Scale) -> Workload {
    let Scale { down, threads, .. } = scale;
    let title = "images of 256 x 256 through five filters";
    let work = |number| filtered(numbered(number));
    let workload = Workload::new("W4", title, 2_000 / down, move |n| {
        (0..n).map(work).collect::<Checksum>().value()
    })
    .way("loop, split over the threads", move |n| {
        by_hand::split(n, threads, work)
    });
    let workload = papys_ways!(workload, 1 / 1, 1 / 1, |n| gallery((0..n).map(numbered)))
        .way("crossbeam, item by item", move |n| {
            by_hand::one_by_one(n, threads, work)
        });
    #[cfg(feature = "peers")]
    let workload = peers::mapped(workload, threads, Parts::COARSE, work);
    workload
}
