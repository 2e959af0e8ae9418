//! Threads, and rayon's pools, as they are.

#[cfg(papy_loom)]
use std::thread;
#[cfg(not(papy_loom))]
pub(crate) use std::{thread, thread_local};

pub(crate) use ::crossbeam_channel as channel;
pub(crate) use ::rayon;

#[cfg(not(papy_loom))]
use std::time::Duration;

#[cfg(not(papy_loom))]
use crossbeam_utils::Backoff;

#[cfg(not(papy_loom))]
use super::Instant;
use crate::unwind;

/// Looks again and again for a while, as long as it takes to be woken: who waits for something that comes soon is spared that,
/// and so is who brings it. Others get the processor meanwhile, where there are any. Gives whether it has come.
///
/// To wait for as long as the other choice costs is never more than twice as bad as the best that one could have done (A. R. Karlin
/// et al., *Competitive snoopy caching*, 1988).
#[cfg(not(papy_loom))]
pub(crate) fn linger(has_come: impl Fn() -> bool) -> bool {
    /// What a wake-up takes, on a virtual machine; on others less.
    const WAKE_UP: Duration = Duration::from_micros(20);
    let backoff = Backoff::new();
    let mut began = None;
    loop {
        if has_come() {
            return true;
        }
        if backoff.is_completed() && began.get_or_insert_with(Instant::now).elapsed() >= WAKE_UP {
            return false;
        }
        backoff.snooze();
    }
}

/// In a model there is no while.
#[cfg(papy_loom)]
pub(crate) fn linger(has_come: impl Fn() -> bool) -> bool {
    has_come()
}

/// Begins a thread that may borrow what outlives `scope`.
pub(crate) fn spawn_scoped<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() + Send + 'scope,
) -> std::io::Result<thread::ScopedJoinHandle<'scope, ()>> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn_scoped(scope, work)
}

/// Begins rayon's global pool, where nobody has yet, and gives the number of its threads: rayon itself would panic if they
/// can't be had.
pub(crate) fn begin_global_pool() -> Result<usize, String> {
    static GLOBAL: std::sync::OnceLock<Result<usize, String>> = std::sync::OnceLock::new();
    let begin = || match rayon::ThreadPoolBuilder::new().build_global() {
        Err(error) if std::error::Error::source(&error).is_some() => Err(format!(
            "it asked for {}, as rayon's global pool: {error}",
            crate::pool::threads(default_threads())
        )),
        // somebody has begun it, or has tried to: rayon tries only once
        _ => unwind::catch(rayon::current_num_threads).map_err(|payload| {
            unwind::forget_payload(payload);
            "rayon's global pool could not be begun when it was first asked for".to_owned()
        }),
    };
    GLOBAL.get_or_init(begin).clone()
}

/// How many threads rayon begins without being told.
fn default_threads() -> usize {
    let told = std::env::var("RAYON_NUM_THREADS").ok();
    let told = told.and_then(|count| count.parse().ok());
    told.filter(|count| *count > 0)
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
}
