//! Threads, and rayon's pools, as they are.

pub(crate) use std::sync::mpsc;
pub(crate) use std::{thread, thread_local};

pub(crate) use ::rayon;

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
        Err(error) if std::error::Error::source(&error).is_some() => {
            Err(format!("rayon's global pool can't be had: {error}"))
        }
        _ => Ok(rayon::current_num_threads()),
    };
    GLOBAL.get_or_init(begin).clone()
}
