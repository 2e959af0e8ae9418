//! What it costs to compile pipelines: how the time grows with the nodes.

pub mod crates;
pub mod programs;
pub mod table;
