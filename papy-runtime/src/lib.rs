//! The engine of papy: slots, regions, pools and runs.
//!
//! Users see this crate through its facade, `papy`; start reading there. A pipeline's text is compiled into kernels
//! (plain closures over [slots](__private::Slot)) and a wiring of them; this crate evaluates that: in place, with
//! helpers, or in the background, in order and in bounded memory.

#![forbid(unsafe_code)]

mod align;
mod balance;
mod bell;
mod bundle;
mod calls;
mod channel;
mod check;
mod cursor;
mod draft;
mod driver;
mod engine;
mod error;
mod fault;
mod flow;
mod flusher;
mod graph;
mod grouper;
mod in_place;
mod in_place_flat;
mod inlet;
mod intake;
mod launch;
mod layout;
mod lineage;
mod link;
mod loan;
#[cfg(all(test, papy_loom))]
mod models;
mod net;
mod numap;
mod output;
mod pace;
mod parking;
mod paths;
mod pipeline;
mod places;
mod plain;
mod plan;
mod pool;
mod rates;
mod ratio;
mod region;
mod report;
mod run;
mod shared;
mod sink;
mod slot;
pub mod source;
mod spares;
mod spring;
mod squad;
mod stall;
mod state;
mod stride;
mod sync;
pub mod testing;
mod timed;
mod timekeeper;
mod turnstile;
mod unwind;
mod watch;
mod worker;

pub use error::{RunError, StartError};
pub use fault::{BoxError, Fault, FaultKind, Panicked};
pub use graph::{Edge, End, Graph, Node};
pub use numap::{Fallibly, Mapping, Numap, NumapExt, Plainly};
pub use output::{Indexed, Output};
pub use pipeline::Pipeline;
pub use pool::Pool;
pub use report::{InputStats, NodeStats, Report, Stats};
pub use run::Handle;
pub use shared::OnFault;
pub use stall::Stall;

/// What generated code calls. Not for people: it may change with every release.
#[doc(hidden)]
pub mod __private {
    pub use crate::align::Alignable;
    pub use crate::balance::*;
    pub use crate::bundle::*;
    pub use crate::check::*;
    pub use crate::cursor::{Cursor, stretch};
    pub use crate::error::{RunError, StartError};
    pub use crate::fault::Fault;
    pub use crate::graph::{Edge, End, Graph, GraphParts, Node, NodeParts};
    pub use crate::in_place::*;
    pub use crate::in_place_flat::*;
    pub use crate::link::*;
    pub use crate::net::Net;
    pub use crate::output::{Indexed, Output};
    pub use crate::pipeline::{Pipeline, pipeline};
    pub use crate::plan::*;
    pub use crate::pool::Pool;
    pub use crate::region::*;
    pub use crate::report::Report;
    pub use crate::run::{Control, Handle, Run};
    pub use crate::slot::*;
    pub use crate::source::{Feed, Source};
    pub use crate::spring::{Burst, Merging, flowing, merging};
    pub use crate::timed::{TimedRegion, owned, owns, timed, timed_again};
    pub use crate::worker::*;
}
