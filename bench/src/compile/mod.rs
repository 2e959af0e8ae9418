//! What it costs to compile pipelines: how the time grows with the nodes, and what the smallest one takes.

pub mod crates;
pub mod programs;
pub mod smallest;
pub mod table;
