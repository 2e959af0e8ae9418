//! Threads that nodes share.

use std::fmt;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::squad::Squad;
use crate::sync::{Arc, OnceLock};

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
    built: OnceLock<Result<Arc<ThreadPool>, String>>,
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
            built: OnceLock::new(),
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
            Kind::Global => global().clone(),
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
        static GLOBAL: OnceLock<Arc<Squad>> = OnceLock::new();
        let (known, size) = match &self.0 {
            Kind::Inline => return Ok(Squad::new(1)),
            Kind::Threads(own) => (&own.squad, own.count),
            Kind::Given(given) => (&given.squad, given.pool.current_num_threads()),
            Kind::Global => (&GLOBAL, global().clone()?),
        };
        Ok(known.get_or_init(|| Squad::new(size)).clone())
    }

    /// Whether the current thread is one of the pool's.
    pub(crate) fn is_here(&self) -> bool {
        match self.handle() {
            Some(pool) => pool.current_thread_index().is_some(),
            None => self.is_default() && GLOBAL_THREAD.with(std::cell::Cell::get),
        }
    }
}

std::thread_local! {
    /// Set on a thread of the global pool while it works for papy.
    static GLOBAL_THREAD: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Remembers that this thread is of the global pool, which rayon itself does not tell from any other pool.
pub(crate) fn note_global_thread() {
    GLOBAL_THREAD.with(|flag| flag.set(true));
}

impl Own {
    fn built(&self) -> Result<Arc<ThreadPool>, String> {
        let built = self.built.get_or_init(|| {
            ThreadPoolBuilder::new()
                .num_threads(self.count)
                .thread_name(|index| format!("papy-{index}"))
                .build()
                .map(Arc::new)
                .map_err(|error| format!("{} threads were asked for: {error}", self.count))
        });
        built.clone()
    }
}

/// Rayon's global pool, begun by us where nobody has yet: rayon itself would panic if it can't be had.
fn global() -> &'static Result<usize, String> {
    static GLOBAL: OnceLock<Result<usize, String>> = OnceLock::new();
    GLOBAL.get_or_init(|| match ThreadPoolBuilder::new().build_global() {
        Err(error) if std::error::Error::source(&error).is_some() => {
            Err(format!("rayon's global pool can't be had: {error}"))
        }
        _ => Ok(rayon::current_num_threads()),
    })
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
