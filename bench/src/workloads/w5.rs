//! W5: a text is compressed, block by block, in order.

use super::{Scale, papys_ways};
use crate::by_hand;
use crate::checksum::Checksum;
use crate::harness::Workload;
#[cfg(feature = "peers")]
use crate::peers::{self, Parts};
use crate::pipelines::compressed;
use crate::text::{BLOCKS, block, compress};

pub(super) fn workload(scale: Scale) -> Workload {
    let Scale { down, threads, .. } = scale;
    let title = "bzip2 of 50 MB of text in blocks of 900 kB";
    let work = |number| compress(block(number));
    let workload = Workload::new("W5", title, BLOCKS / down, move |n| {
        (0..n).map(work).collect::<Checksum>().value()
    })
    // a round takes long enough
    .at_most(3)
    .way("loop, split over the threads", move |n| {
        by_hand::split(n, threads, work)
    });
    let workload = papys_ways!(workload, 1 / 1, 1 / 1, |n| compressed((0..n).map(block)))
        .way("crossbeam, item by item", move |n| {
            by_hand::one_by_one(n, threads, work)
        });
    #[cfg(feature = "peers")]
    let workload = peers::mapped(workload, threads, Parts::COARSE, work);
    workload
}
