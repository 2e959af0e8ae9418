//! Threads that nodes share.

use std::cell::Cell;
use std::fmt;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::sync::{Arc, Mutex, OnceLock, lock, thread};
use crate::unwind;

/// Threads that evaluate nodes; cheap to clone, shared by any number of nodes, pipelines and `numap`s.
///
/// ```
/// use papy_runtime::{NumapExt, Pool};
///
/// let blocking = Pool::threads(4);
/// let lengths: Vec<_> =
///     ["a", "bc"].into_iter().numap(str::len).on(&blocking).map(Result::unwrap).collect();
/// assert_eq!(lengths, [1, 2]);
/// ```
#[derive(Clone)]
pub struct Pool(Kind);

#[derive(Clone)]
enum Kind {
    Global,
    Threads(Arc<Own>),
    Given(Arc<ThreadPool>),
    Inline,
}

/// Threads of papy's own, begun with the first run that needs them.
struct Own {
    count: usize,
    /// Where they could not be had they are asked for again: the next run may find more room.
    built: Mutex<Option<Arc<ThreadPool>>>,
}

impl Pool {
    /// Rayon's global pool, the default: one thread for each core, for work that computes.
    #[must_use]
    pub fn rayon() -> Pool {
        Pool(Kind::Global)
    }

    /// `n` threads of its own (0 means 1), for work that waits for disks, networks or other programs, or to limit
    /// how much runs at once. They begin with the first run that needs them and end with the last clone.
    #[must_use]
    pub fn threads(n: usize) -> Pool {
        Pool(Kind::Threads(Arc::new(Own {
            count: n.max(1),
            built: Mutex::new(None),
        })))
    }

    /// No threads: whoever brings an item evaluates it on the spot.
    #[must_use]
    pub fn inline() -> Pool {
        Pool(Kind::Inline)
    }

    pub(crate) fn is_default(&self) -> bool {
        matches!(self.0, Kind::Global)
    }

    pub(crate) fn is_inline(&self) -> bool {
        matches!(self.0, Kind::Inline)
    }

    pub(crate) fn same(&self, other: &Pool) -> bool {
        match (&self.0, &other.0) {
            (Kind::Global, Kind::Global) | (Kind::Inline, Kind::Inline) => true,
            (Kind::Threads(a), Kind::Threads(b)) => Arc::ptr_eq(a, b),
            (Kind::Given(a), Kind::Given(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Begins the threads, where they don't run yet; gives their number.
    pub(crate) fn begin(&self) -> Result<usize, String> {
        match &self.0 {
            Kind::Inline => Ok(0),
            Kind::Given(pool) => Ok(pool.current_num_threads()),
            Kind::Threads(own) => own.built().map(|pool| pool.current_num_threads()),
            Kind::Global => global().clone(),
        }
    }

    /// The rayon pool behind it; `None` for the global one. Only after [`begin`](Pool::begin) has succeeded.
    pub(crate) fn handle(&self) -> Option<Arc<ThreadPool>> {
        match &self.0 {
            Kind::Given(pool) => Some(pool.clone()),
            Kind::Threads(own) => own.built().ok(),
            Kind::Global | Kind::Inline => None,
        }
    }

    /// Whether the current thread is one of the pool's; of the global one, as far as that is known.
    pub(crate) fn is_here(&self) -> bool {
        match self.handle() {
            Some(pool) => pool.current_thread_index().is_some(),
            None => self.is_default() && GLOBAL_THREAD.get(),
        }
    }
}

std::thread_local! {
    /// Set on a thread of the global pool once it has worked for papy. Rayon itself does not tell it from others.
    static GLOBAL_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Runs a job that has been spawned on the global pool.
pub(crate) fn on_global_thread(job: impl FnOnce()) {
    GLOBAL_THREAD.set(true);
    job();
}

/// Whether the current thread may be one of another pool than the global one: what rayon spawns here stays in its pool.
pub(crate) fn is_foreign_thread() -> bool {
    rayon::current_thread_index().is_some() && !GLOBAL_THREAD.get()
}

impl Own {
    fn built(&self) -> Result<Arc<ThreadPool>, String> {
        let mut built = lock(&self.built);
        if built.is_none() {
            let pool = ThreadPoolBuilder::new()
                .num_threads(self.count)
                .thread_name(|index| format!("papy-{index}"))
                .build();
            *built = Some(Arc::new(pool.map_err(|error| {
                format!("it asked for {}: {error}", threads(self.count))
            })?));
        }
        Ok(built.clone().expect("it has just been built"))
    }
}

/// `1 thread`, `2 threads`
pub(crate) fn threads(count: usize) -> String {
    format!("{count} thread{}", if count == 1 { "" } else { "s" })
}

/// Rayon's global pool, begun by us where nobody has yet: rayon itself would panic if it can't be had.
fn global() -> &'static Result<usize, String> {
    static GLOBAL: OnceLock<Result<usize, String>> = OnceLock::new();
    GLOBAL.get_or_init(|| match ThreadPoolBuilder::new().build_global() {
        Err(error) if std::error::Error::source(&error).is_some() => Err(format!(
            "it asked for {}, as rayon's global pool: {error}",
            threads(default_threads())
        )),
        // somebody has begun it, or has tried to: rayon tries only once
        _ => unwind::catch(rayon::current_num_threads).map_err(|payload| {
            unwind::forget_payload(payload);
            "rayon's global pool could not be begun when it was first asked for".to_owned()
        }),
    })
}

/// How many threads rayon begins without being told.
fn default_threads() -> usize {
    let told = std::env::var("RAYON_NUM_THREADS").ok();
    let told = told.and_then(|count| count.parse().ok());
    told.filter(|count| *count > 0)
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
}

impl From<Arc<ThreadPool>> for Pool {
    fn from(pool: Arc<ThreadPool>) -> Pool {
        Pool(Kind::Given(pool))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Global => f.write_str("Pool::rayon()"),
            Kind::Threads(own) => write!(f, "Pool::threads({})", own.count),
            Kind::Given(pool) => write!(f, "Pool::from({} threads)", pool.current_num_threads()),
            Kind::Inline => f.write_str("Pool::inline()"),
        }
    }
}
