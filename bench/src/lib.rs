//! What papy costs, beside a plain loop, beside what one would write by hand, and beside other libraries.
//!
//! Everything that is compared is in this crate, so that all of it is compiled, and may be inlined, alike.

pub mod arguments;
pub mod by_hand;
pub mod checksum;
pub mod compile;
pub mod harness;
pub mod images;
pub mod json;
pub mod log;
pub mod mandelbrot;
pub mod markdown;
pub mod order;
#[cfg(feature = "peers")]
pub mod peers;
pub mod picture;
pub mod pipelines;
pub mod random;
pub mod report;
pub mod shapes;
pub mod spin;
pub mod text;
pub mod workers;
pub mod workloads;
