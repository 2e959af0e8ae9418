//! Loom, for the protocols that are modelled one by one.

pub(crate) use std::sync::{Arc, Weak};
use std::time::Duration;

pub(crate) use ::loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use ::loom::sync::{Condvar, Mutex, MutexGuard};

pub(crate) use super::clock::Instant;
pub(crate) use super::once::OnceLock;

pub(crate) mod thread {
    //! Threads of the model; what a whole run needs besides is there only to compile.

    pub(crate) use ::loom::thread::{Builder, JoinHandle};
    pub(crate) use std::thread::{ScopedJoinHandle, scope, sleep};
}

/// `thread_local!`, of the model's threads.
macro_rules! thread_local_of_the_model {
    ($($(#[$doc:meta])* static $name:ident: $type:ty = const { $init:expr };)+) => {
        ::loom::thread_local! { $($(#[$doc])* static $name: $type = $init;)+ }
    };
}
pub(crate) use thread_local_of_the_model as thread_local;

/// Time stands still: a wait with a limit ends because somebody notifies, or the model tells that nobody does.
pub(crate) fn tick() -> Duration {
    Duration::ZERO
}
