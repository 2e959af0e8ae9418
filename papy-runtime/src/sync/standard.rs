//! The standard library, as it is.

#[cfg(not(papy_spurious))]
pub(crate) use std::sync::Condvar;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
pub(crate) use std::time::Instant;
