//! The workloads.

use std::sync::Arc;

use crate::checksum::Checksum;
use crate::harness::Workload;
use crate::workers::Rejected;

mod startup;
mod w1;
mod w2;
mod w3;
mod w4;
mod w5;
mod w6;
mod w7;
mod w8;
mod w9;

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
    all.extend([
        w2::workload(scale),
        w3::workload(scale),
        w4::workload(scale),
        w5::workload(scale),
        w6::workload(scale),
        w7::workload(scale),
        w8::workload(scale),
        w9::workload(scale),
    ]);
    all.extend(startup::workloads(scale));
    all
}

/// What papy's `collect` gives: a fault, too, is one pointer that may be cloned.
type Kept = Result<u64, Arc<Rejected>>;

/// A loop into a vector of the type that papy's `collect` gives, and one that reads it.
fn kept(results: impl Iterator<Item = Kept>) -> u64 {
    let results: Vec<Kept> = results.collect();
    let mut sum = Checksum::default();
    for result in results {
        sum.add_result(result);
    }
    sum.value()
}

/// Adds papy's ways to run a pipeline with one output: collected for a `$few`th of the items, and started for a
/// `$some`th.
macro_rules! papys_ways {
    ($workload:expr, 1 / $few:literal, 1 / $some:literal, |$n:ident| $pipeline:expr) => {
        $workload
            .way("papy for_each", move |$n| {
                let mut sum = $crate::checksum::Checksum::default();
                $pipeline.for_each(|result| sum.add_result(result));
                sum.value()
            })
            .way_with_fewer($few, "papy collect", move |$n| {
                let mut sum = $crate::checksum::Checksum::default();
                for result in $pipeline.collect() {
                    sum.add_result(result);
                }
                sum.value()
            })
            .way_with_fewer($some, "papy start", move |$n| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_gives_what_the_loop_gives() {
        let scale = Scale {
            down: 100,
            spins: 1,
            threads: 2,
        };
        let mut workloads = all(scale);
        // compression takes too long without optimization
        workloads.retain(|workload| workload.name != "W5");
        for workload in workloads {
            let measured = workload.measure(1);
            assert!(measured.ways.len() > 3, "{}", measured.name);
        }
    }
}
