//! Threads that nodes share.

use std::cell::Cell;
use std::fmt;

use crate::squad::Squad;
use crate::sync::rayon::{self, ThreadPool, ThreadPoolBuilder};
use crate::sync::{Arc, Mutex, OnceLock, begin_global_pool, lock, process, thread_local};

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
    Given(Arc<Given>),
    Inline,
}

/// Threads of papy's own, begun with the first run that needs them.
struct Own {
    count: usize,
    /// Where they could not be had they are asked for again: the next run may find more room.
    built: Mutex<Option<Arc<ThreadPool>>>,
    squad: OnceLock<Arc<Squad>>,
}

/// Somebody else's threads.
struct Given {
    pool: Arc<ThreadPool>,
    squad: OnceLock<Arc<Squad>>,
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
            squad: OnceLock::new(),
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
            (Kind::Given(a), Kind::Given(b)) => Arc::ptr_eq(&a.pool, &b.pool),
            _ => false,
        }
    }

    /// Begins the threads, where they don't run yet; gives their number.
    pub(crate) fn begin(&self) -> Result<usize, String> {
        match &self.0 {
            Kind::Inline => Ok(0),
            Kind::Given(given) => Ok(given.pool.current_num_threads()),
            Kind::Threads(own) => own.built().map(|pool| pool.current_num_threads()),
            Kind::Global => begin_global_pool(),
        }
    }

    /// The rayon pool behind it; `None` for the global one. Only after [`begin`](Pool::begin) has succeeded.
    pub(crate) fn handle(&self) -> Option<Arc<ThreadPool>> {
        match &self.0 {
            Kind::Given(given) => Some(given.pool.clone()),
            Kind::Threads(own) => own.built().ok(),
            Kind::Global | Kind::Inline => None,
        }
    }

    /// The threads that make timed calls for the pool: as many as it has.
    pub(crate) fn squad(&self) -> Result<Arc<Squad>, String> {
        static GLOBAL: process::OnceLock<Arc<Squad>> = process::OnceLock::new();
        Ok(match &self.0 {
            Kind::Inline => Squad::new(1),
            Kind::Threads(own) => own.squad.get_or_init(|| Squad::new(own.count)).clone(),
            Kind::Given(given) => {
                let threads = given.pool.current_num_threads();
                given.squad.get_or_init(|| Squad::new(threads)).clone()
            }
            Kind::Global => {
                let threads = begin_global_pool()?;
                GLOBAL.get_or_init(|| Squad::new(threads)).clone()
            }
        })
    }

    /// Whether the current thread is one of the pool's; of the global one, as far as that is known.
    pub(crate) fn is_here(&self) -> bool {
        match self.handle() {
            Some(pool) => pool.current_thread_index().is_some(),
            None => self.is_default() && GLOBAL_THREAD.with(Cell::get),
        }
    }
}

thread_local! {
    /// Set on a thread of the global pool once it has worked for papy. Rayon itself does not tell it from others.
    static GLOBAL_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Runs a job that has been spawned on the global pool.
pub(crate) fn on_global_thread(job: impl FnOnce()) {
    GLOBAL_THREAD.with(|here| here.set(true));
    job();
}

/// Whether the current thread may be one of another pool than the global one: what rayon spawns here stays in its pool.
pub(crate) fn is_foreign_thread() -> bool {
    rayon::current_thread_index().is_some() && !GLOBAL_THREAD.with(Cell::get)
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

impl From<Arc<ThreadPool>> for Pool {
    fn from(pool: Arc<ThreadPool>) -> Pool {
        Pool(Kind::Given(Arc::new(Given {
            pool,
            squad: OnceLock::new(),
        })))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Global => f.write_str("Pool::rayon()"),
            Kind::Threads(own) => write!(f, "Pool::threads({})", own.count),
            Kind::Given(given) => {
                let threads = given.pool.current_num_threads();
                write!(f, "Pool::from({threads} threads)")
            }
            Kind::Inline => f.write_str("Pool::inline()"),
        }
    }
}
