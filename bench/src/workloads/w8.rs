//! W8: the lines of a log, which are parsed, chosen and added up.

use super::Scale;
use crate::by_hand;
use crate::harness::Workload;
use crate::log::{digest, line, tallied};
#[cfg(feature = "peers")]
use crate::peers;
use crate::pipelines::log_tallies;

pub(super) fn workload(scale: Scale) -> Workload {
    let Scale { down, threads, .. } = scale;
    let title = "the lines of a log: parse (may fail), filter, fold";
    let lines = |n| (0..n).map(line);
    let workload = Workload::new("W8", title, 2_000_000 / down, |n| digest(tallied(0..n)))
        .way("loop, split over the threads", move |n| {
            by_hand::split_log(n, threads)
        })
        .way("papy for_each", move |n| {
            let mut tallies = None;
            log_tallies(lines(n)).for_each(|result| tallies = result.ok());
            digest(tallies.expect("a fold has a result"))
        })
        .way("papy collect", move |n| {
            let all = log_tallies(lines(n)).collect();
            let tallies = all.into_iter().find_map(Result::ok);
            digest(tallies.expect("a fold has a result"))
        })
        .way("papy start", move |n| {
            let mut run = log_tallies(lines(n)).start().expect("threads can be had");
            let tallies = run.by_ref().find_map(Result::ok);
            run.join().expect("the run ends well");
            digest(tallies.expect("a fold has a result"))
        })
        .way("crossbeam, batches of 256", move |n| {
            by_hand::log_in_batches(n, threads)
        });
    #[cfg(feature = "peers")]
    let workload = peers::logs(workload, threads);
    workload
}
