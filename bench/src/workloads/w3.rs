//! W3: a picture of the Mandelbrot set, whose lines take very different times: two nodes and an ordered sink.

use super::{Scale, papys_ways};
use crate::by_hand;
use crate::checksum::Checksum;
use crate::harness::Workload;
use crate::mandelbrot::{colours, iterations};
#[cfg(feature = "peers")]
use crate::peers::{self, Parts};
use crate::pipelines::picture;

pub(super) fn workload(scale: Scale) -> Workload {
    let Scale { down, threads, .. } = scale;
    let rows = 1000 / down;
    let title = "lines of a Mandelbrot picture: iterations, then colours";
    let work = move |row| colours(iterations(row, rows));
    let workload = Workload::new("W3", title, rows, move |n| {
        (0..n).map(work).collect::<Checksum>().value()
    })
    .way("loop, split over the threads", move |n| {
        by_hand::split(n, threads, work)
    });
    let workload = papys_ways!(workload, 1 / 1, 1 / 1, |n| picture(0..n, rows))
        .way("crossbeam, item by item", move |n| {
            by_hand::one_by_one(n, threads, work)
        });
    #[cfg(feature = "peers")]
    let workload = peers::mapped(workload, threads, Parts::COARSE, work);
    workload
}
