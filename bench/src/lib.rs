//! What papy costs, beside a plain loop and beside what one would write by hand.
//!
//! Everything that is compared is in this crate, so that all of it is compiled, and may be inlined, alike.

pub mod arguments;
pub mod by_hand;
pub mod checksum;
pub mod compile;
pub mod harness;
pub mod pipelines;
pub mod report;
pub mod shapes;
pub mod spin;
pub mod workers;
pub mod workloads;
