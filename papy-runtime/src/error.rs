//! Errors of a run as a whole; those of items are [`Fault`](crate::Fault)s.

use std::error::Error;
use std::fmt;

/// A run could not be started: threads could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartError(String);

impl StartError {
    pub(crate) fn new(why: impl Into<String>) -> StartError {
        StartError(why.into())
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the run could not get its threads: {}; end other threads, or use smaller pools",
            self.0
        )
    }
}

impl Error for StartError {}

/// A run ended abnormally: one of its own threads died. That is a mistake in papy, not in the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunError(String);

impl RunError {
    pub(crate) fn new(why: String) -> RunError {
        RunError(why)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a thread of the run died: {}; this is a mistake in papy, please report it",
            self.0
        )
    }
}

impl Error for RunError {}
