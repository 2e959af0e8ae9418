//! Shuttle, for whole runs: its threads, locks and pools take turns as its schedule says, on one real thread.

pub(crate) mod rayon;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::sync::{PoisonError, TryLockError};
use std::time::Duration;

use ::shuttle::rand::{Rng, thread_rng};
pub(crate) use ::shuttle::sync::atomic::{AtomicBool, Ordering};
pub(crate) use ::shuttle::sync::{Arc, Condvar, Mutex, Weak, mpsc};
// counts: what they are read for may lag behind anyway, so they are no places to switch threads at
pub(crate) use std::sync::atomic::AtomicU64;

/// Channels, under the names that they have elsewhere.
pub(crate) mod channel {
    pub(crate) use super::mpsc::{Receiver, Sender, channel as unbounded};
}

pub(crate) use super::clock::Instant;
pub(crate) use super::once::OnceLock;

pub(crate) use self::rayon::begin_global_pool;

/// What happens in between: nothing, an item, a wave, or something that blocks.
pub(crate) fn tick() -> Duration {
    const TICKS: [u64; 4] = [50, 1_000, 30_000, 5_000_000];
    Duration::from_nanos(TICKS[thread_rng().gen_range(0..TICKS.len())])
}

/// In a model there is no while to look for.
pub(crate) fn linger(has_come: impl Fn() -> bool) -> bool {
    has_come()
}

/// A guard that knows its lock.
pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    guard: ::shuttle::sync::MutexGuard<'a, T>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    let guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
    MutexGuard { mutex, guard }
}

pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    let guard = match mutex.try_lock() {
        Ok(guard) => guard,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    Some(MutexGuard { mutex, guard })
}

pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    let MutexGuard { mutex, guard } = guard;
    let guard = condvar.wait(guard).unwrap_or_else(PoisonError::into_inner);
    MutexGuard { mutex, guard }
}

/// The limit is always over before anybody notifies: shuttle knows no time, and what is only notified must be found by
/// who waits without a limit.
pub(crate) fn wait_for<'a, T>(
    _condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    limit: Duration,
) -> MutexGuard<'a, T> {
    let mutex = guard.mutex;
    drop(guard);
    thread::sleep(limit);
    lock(mutex)
}

pub(crate) mod thread {
    //! Threads of the model.

    use std::time::Duration;

    pub(crate) use ::shuttle::thread::{
        Builder, JoinHandle, Scope, ScopedJoinHandle, scope, yield_now,
    };

    use crate::sync::clock;

    /// Lets time pass, and others go first.
    pub(crate) fn sleep(time: Duration) {
        clock::advance(time);
        yield_now();
    }
}

/// Begins a thread that may borrow what outlives `scope`.
#[allow(clippy::unnecessary_wraps, reason = "real threads may not be had")]
pub(crate) fn spawn_scoped<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    _name: &str,
    work: impl FnOnce() + Send + 'scope,
) -> std::io::Result<thread::ScopedJoinHandle<'scope, ()>> {
    Ok(scope.spawn(work))
}

/// `thread_local!`, for threads that may stand in for one another.
macro_rules! thread_local_of_the_model {
    ($($(#[$doc:meta])* static $name:ident: $type:ty = const { $init:expr };)+) => {$(
        $(#[$doc])*
        static $name: $crate::sync::Local<$type> = $crate::sync::Local(|| $init);
    )+};
}
pub(crate) use thread_local_of_the_model as thread_local;

/// A value for each thread of the model, or for the thread that it [stands in](stand_in) for.
pub(crate) struct Local<T>(pub(crate) fn() -> T);

std::thread_local! {
    // of the real thread, which all threads of the model take turns on
    static VALUES: RefCell<BTreeMap<(usize, usize), Rc<dyn Any>>> = const { RefCell::new(BTreeMap::new()) };
}

::shuttle::thread_local! {
    static STANDS_FOR: Cell<Option<usize>> = Cell::new(None);
}

/// The number of this thread, or of the one that it stands in for.
fn here() -> usize {
    let own = || ::shuttle::thread::current().id().into();
    STANDS_FOR.with(Cell::get).unwrap_or_else(own)
}

/// Makes this thread a part of another one, which waits for it.
fn stand_in(thread: usize) {
    STANDS_FOR.with(|stands| stands.set(Some(thread)));
}

/// Drops the values of this thread, which ends.
fn forget_locals() {
    let here = here();
    VALUES.with_borrow_mut(|values| values.retain(|(thread, _), _| *thread != here));
}

impl<T: 'static> Local<T> {
    pub(crate) fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        let key = (here(), std::ptr::from_ref(self).addr());
        let value = VALUES.with_borrow_mut(|values| {
            let value = values.entry(key).or_insert_with(|| Rc::new((self.0)()));
            Rc::clone(value)
        });
        f(value.downcast_ref().expect("a value of the key's type"))
    }

    #[allow(clippy::unnecessary_wraps, reason = "as the standard library's")]
    pub(crate) fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, Infallible> {
        Ok(self.with(f))
    }
}
