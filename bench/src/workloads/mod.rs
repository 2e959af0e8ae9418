//! The workloads.

use crate::harness::Workload;

mod startup;
mod w1;
mod w2;
mod w6;

/// What the workloads depend on.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Divides the number of items.
    pub down: u64,
    /// Rounds of the spinning worker that take a microsecond.
    pub spins: u32,
    /// As many as papy's default pool has.
    pub threads: usize,
}

/// All of them.
#[must_use]
pub fn all(scale: Scale) -> Vec<Workload> {
    let mut all = w1::workloads(scale);
    all.push(w2::workload(scale));
    all.push(w6::workload(scale));
    all.extend(startup::workloads(scale));
    all
}

/// Adds papy's ways to run a pipeline with one output of numbers: collected for a `$few`th of the items, and started
/// for a `$some`th.
macro_rules! papys_ways {
    ($workload:expr, 1 / $few:literal, 1 / $some:literal, |$n:ident| $pipeline:expr) => {
        $workload
            .way("papy for_each", move |$n| {
                let mut sum = $crate::checksum::Checksum::default();
                $pipeline.for_each(|result| sum.add_result(result));
                sum.value()
            })
            .way_with_fewer($few, "papy collect, then a loop", move |$n| {
                let mut sum = $crate::checksum::Checksum::default();
                for result in $pipeline.collect() {
                    sum.add_result(result);
                }
                sum.value()
            })
            .way_with_fewer($some, "papy start, as an iterator", move |$n| {
                let mut sum = $crate::checksum::Checksum::default();
                let mut run = $pipeline.start().expect("threads can be had");
                for result in &mut run {
                    sum.add_result(result);
                }
                run.join().expect("the run ends well");
                sum.value()
            })
    };
}

use papys_ways;
