//! What is to go wrong, where, and at which item.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::sync::process::{Arc, Condvar, Instant, Mutex, lock, thread, wait, wait_for};

/// What goes wrong at which item of which node; a worker asks it.
///
/// Its clones are one plan. Items without an entry go through.
///
/// ```
/// use papy_runtime::{FaultKind, NumapExt};
/// use papy_runtime::testing::FaultPlan;
///
/// let plan = FaultPlan::new().error("half", 3).panic("half", 5);
/// let halves = (0..8).numap(move |x: u64| {
///     plan.act("half", x)?;
///     Ok::<_, papy_runtime::testing::Planned>(x / 2)
/// });
/// let results: Vec<_> = halves.fallible().collect();
/// assert_eq!(results[2].as_ref().unwrap(), &1);
/// assert_eq!(results[3].as_ref().unwrap_err().to_string(), "`numap` at item 3: failed: planned for `half` at item 3");
/// assert_eq!(results[5].as_ref().unwrap_err().kind(), FaultKind::Panic);
/// ```
#[derive(Debug, Clone, Default)]
pub struct FaultPlan {
    deeds: Arc<BTreeMap<(String, u64), Deed>>,
    hangs: Arc<Hangs>,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Error,
    Panic,
    Hang,
    Slow(Duration),
}

/// Calls that hang, and what lets them go.
#[derive(Debug, Default)]
struct Hangs {
    state: Mutex<HangState>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct HangState {
    hanging: usize,
    released: bool,
}

impl FaultPlan {
    /// Nothing goes wrong.
    #[must_use]
    pub fn new() -> FaultPlan {
        FaultPlan::default()
    }

    /// [`act`](FaultPlan::act) gives an error there.
    #[must_use]
    pub fn error(self, node: &str, item: u64) -> FaultPlan {
        self.with(node, item, Deed::Error)
    }

    /// `act` panics there, with a text that ends in "on purpose".
    #[must_use]
    pub fn panic(self, node: &str, item: u64) -> FaultPlan {
        self.with(node, item, Deed::Panic)
    }

    /// `act` hangs there until the plan is [released](FaultPlan::release).
    ///
    /// ```
    /// use papy_runtime::NumapExt;
    /// use papy_runtime::testing::{FaultPlan, Planned};
    /// use std::time::Duration;
    ///
    /// let plan = FaultPlan::new().hang("id", 1);
    /// let worker = plan.clone();
    /// let mut ids = (0..3).numap(move |x| worker.act("id", x).map(|()| x)).fallible();
    /// assert_eq!(ids.next().unwrap().unwrap(), 0);
    ///
    /// assert!(plan.await_hangs(1, Duration::from_secs(10)));
    /// assert!(ids.next_timeout(Duration::from_millis(5)).is_pending());
    /// plan.release();
    /// assert_eq!(ids.next().unwrap().unwrap(), 1);
    /// ```
    #[must_use]
    pub fn hang(self, node: &str, item: u64) -> FaultPlan {
        self.with(node, item, Deed::Hang)
    }

    /// `act` takes that long there.
    ///
    /// ```
    /// # use papy_runtime::testing::FaultPlan;
    /// # use std::time::{Duration, Instant};
    /// let plan = FaultPlan::new().slow("id", 1, Duration::from_millis(5));
    /// let start = Instant::now();
    /// assert!(plan.act("id", 1).is_ok() && start.elapsed() >= Duration::from_millis(5));
    /// ```
    #[must_use]
    pub fn slow(self, node: &str, item: u64, by: Duration) -> FaultPlan {
        self.with(node, item, Deed::Slow(by))
    }

    fn with(mut self, node: &str, item: u64, deed: Deed) -> FaultPlan {
        Arc::make_mut(&mut self.deeds).insert((node.to_owned(), item), deed);
        self
    }

    /// Does what is planned for the item at that node.
    ///
    /// # Errors
    ///
    /// Where an [`error`](FaultPlan::error) is planned.
    ///
    /// # Panics
    ///
    /// Where a [`panic`](FaultPlan::panic) is planned.
    pub fn act(&self, node: &str, item: u64) -> Result<(), Planned> {
        let Some(deed) = self.deeds.get(&(node.to_owned(), item)) else {
            return Ok(());
        };
        match deed {
            Deed::Error => {
                let node = node.to_owned();
                return Err(Planned { node, item });
            }
            Deed::Panic => panic!("`{node}` panics at item {item}, on purpose"),
            Deed::Hang => self.hangs.pass(),
            Deed::Slow(by) => thread::sleep(*by),
        }
        Ok(())
    }

    /// Lets all go that hang, and all that would.
    pub fn release(&self) {
        lock(&self.hangs.state).released = true;
        self.hangs.news.notify_all();
    }

    /// How many calls hang now.
    #[must_use]
    pub fn hanging(&self) -> usize {
        lock(&self.hangs.state).hanging
    }

    /// Waits until `calls` calls hang, for at most `limit`; whether they do.
    #[must_use]
    pub fn await_hangs(&self, calls: usize, limit: Duration) -> bool {
        let start = Instant::now();
        let mut state = lock(&self.hangs.state);
        while state.hanging < calls {
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            state = wait_for(&self.hangs.news, state, left);
        }
        true
    }
}

impl Hangs {
    fn pass(&self) {
        let mut state = lock(&self.state);
        state.hanging += 1;
        self.news.notify_all();
        while !state.released {
            state = wait(&self.news, state);
        }
        state.hanging -= 1;
        drop(state);
        self.news.notify_all();
    }
}

/// The error of [`FaultPlan::act`].
///
/// ```
/// # use papy_runtime::testing::FaultPlan;
/// let planned = FaultPlan::new().error("id", 4).act("id", 4).unwrap_err();
/// assert_eq!((planned.node(), planned.item()), ("id", 4));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    node: String,
    item: u64,
}

impl Planned {
    /// The node that it was planned for.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The item that it was planned for.
    #[must_use]
    pub fn item(&self) -> u64 {
        self.item
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "planned for `{}` at item {}", self.node, self.item)
    }
}

impl Error for Planned {}
