//! Helps to test pipelines: items that are counted, faults that are planned, time limits, and what a test leaves behind.
//!
//! - A [`Tally`] hands out [`Live`] items and knows how many there are and were: shows what is lost, kept or copied.
//! - A [`FaultPlan`] says at which node which item fails, panics, hangs or is slow.
//! - [`Delays`] make each item take its own time, the same in every run of a seed: shuffles who is done first.
//! - A [`Baseline`] tells whether the threads, open files and counted items of the process are back where they were.
//! - [`within`] ends a test that hangs, by name.
//!
//! All of them are plain values that know nothing of each other, nor of how tests are run.

mod baseline;
mod delays;
mod live;
mod plan;
mod watchdog;

pub use baseline::{Baseline, Leftovers};
pub use delays::Delays;
pub use live::{Live, Tally};
pub use plan::{FaultPlan, Planned};
pub use watchdog::{Watchdog, within};
