//! W9: the words of a log's lines, which are counted.

use super::Scale;
use crate::by_hand;
use crate::harness::Workload;
use crate::log::{counted, line, weight};
#[cfg(feature = "peers")]
use crate::peers;
use crate::pipelines::log_words;

pub(super) fn workload(scale: Scale) -> Workload {
    let Scale { down, threads, .. } = scale;
    let title = "the lines of a log: split into words by `.flat()`, counted by a fold";
    let lines = |n| (0..n).map(line);
    let workload = Workload::new("W9", title, 500_000 / down, |n| weight(counted(0..n)))
        .way("loop, split over the threads", move |n| {
            by_hand::split_words(n, threads)
        })
        .way("papy for_each", move |n| {
            let mut counts = None;
            log_words(lines(n)).for_each(|result| counts = result.ok());
            weight(counts.expect("a fold has a result"))
        })
        .way("papy collect", move |n| {
            let all = log_words(lines(n)).collect();
            let counts = all.into_iter().find_map(Result::ok);
            weight(counts.expect("a fold has a result"))
        })
        .way("papy start", move |n| {
            let mut run = log_words(lines(n)).start().expect("threads can be had");
            let counts = run.by_ref().find_map(Result::ok);
            run.join().expect("the run ends well");
            weight(counts.expect("a fold has a result"))
        });
    #[cfg(feature = "peers")]
    let workload = peers::words(workload);
    workload
}
