//! The engine of papy: slots, regions, pools and runs.
//!
//! Users see this crate through its facade, `papy`; start reading there. A pipeline's text is compiled into kernels
//! (plain closures over [slots](__private::Slot)) and a wiring of them; this crate evaluates that: in place, with
//! helpers, or in the background, in order and in bounded memory.

#![forbid(unsafe_code)]

mod bell;
mod channel;
mod check;
mod cursor;
mod driver;
mod engine;
mod error;
mod fault;
mod flow;
mod inlet;
mod launch;
mod link;
mod net;
mod numap;
mod output;
mod pace;
mod parking;
mod pipeline;
mod plan;
mod pool;
mod region;
mod report;
mod run;
mod shared;
mod sink;
mod slot;
pub mod source;
mod stride;
mod sync;
mod turnstile;
mod unwind;
mod worker;

pub use error::{RunError, StartError};
pub use fault::{BoxError, Fault, FaultKind, Panicked};
pub use numap::{Fallibly, Mapping, Numap, NumapExt, Plainly};
pub use output::{Indexed, Output};
pub use pipeline::Pipeline;
pub use pool::Pool;
pub use report::{InputStats, NodeStats, Report, Stats};
pub use run::Handle;
pub use shared::OnFault;

/// What generated code calls. Not for people: it may change with every release.
#[doc(hidden)]
pub mod __private {
    pub use crate::check::*;
    pub use crate::cursor::Cursor;
    pub use crate::error::{RunError, StartError};
    pub use crate::fault::Fault;
    pub use crate::link::*;
    pub use crate::net::Net;
    pub use crate::output::{Indexed, Output};
    pub use crate::pipeline::{Pipeline, pipeline};
    pub use crate::plan::*;
    pub use crate::region::*;
    pub use crate::report::Report;
    pub use crate::run::{Control, Handle, Run};
    pub use crate::slot::*;
    pub use crate::source::{Feed, Source};
    pub use crate::worker::*;
}
