//! What is said about faults.

use indicatif::ProgressBar;
use papy::prelude::Fault;

use crate::fastq::BadRecord;

const MOST_SHOWN: u64 = 20;

/// Counts faults and shows the first of them on standard error.
pub struct Faults {
    progress: ProgressBar,
    count: u64,
    cut_short: bool,
}

impl Faults {
    pub fn new(progress: ProgressBar) -> Self {
        Self {
            progress,
            count: 0,
            cut_short: false,
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether an input could not be read to its end.
    pub fn cut_short(&self) -> bool {
        self.cut_short
    }

    /// Faults that end an input are shown in any case.
    pub fn show(&mut self, fault: &Fault) {
        let bad_record = fault.downcast_ref::<BadRecord>();
        let ends_input = bad_record.is_some_and(BadRecord::ends_input);
        self.cut_short |= ends_input;
        self.count += 1;
        if self.count <= MOST_SHOWN || ends_input {
            self.progress.suspend(|| match bad_record {
                Some(bad_record) => eprintln!("read_stats: {bad_record}"),
                None => eprintln!("read_stats: {fault}"),
            });
        }
    }

    pub fn finish(&self) {
        if self.count > MOST_SHOWN {
            eprintln!(
                "read_stats: {} faults in all, the first {MOST_SHOWN} are shown",
                self.count
            );
        }
    }
}
