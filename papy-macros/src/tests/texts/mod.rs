//! Texts by grammar: pipelines and workers that are mostly right, as the bytes that they are made from decide, and what becomes
//! of texts when tokens are lost, doubled and exchanged. The fuzz targets compile this file by its path.

mod count;
mod dice;
mod mutation;
mod pipeline;
mod worker;

pub use dice::Dice;
pub use mutation::mutated;
pub use pipeline::pipeline;
pub use worker::worker;
