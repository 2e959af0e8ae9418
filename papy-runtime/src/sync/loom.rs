//! Loom, for the protocols that are modelled one by one.

pub(crate) use std::sync::{Arc, Weak};
use std::time::Duration;

pub(crate) use ::loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub(crate) use ::loom::sync::{Condvar, Mutex, MutexGuard};

pub(crate) use super::clock::Instant;
pub(crate) use super::once::OnceLock;

/// Time stands still: a wait with a limit ends because somebody notifies, or the model tells that nobody does.
pub(crate) fn tick() -> Duration {
    Duration::ZERO
}
