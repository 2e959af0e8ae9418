//! Ends what hangs.

use std::io::Write;
use std::time::Duration;

use crate::state::State;
use crate::sync::process::{Arc, Condvar, Instant, Mutex, lock, thread, wait_for};
use crate::watch;

/// Ends this process when its time is over, unless it is dropped before.
///
/// A hang can't be made to unwind; what can be done is to say where, and to end. The state of each run that has begun while
/// there is a watchdog is told: what is at work, at which items, for how long, and who waits for whom.
///
/// ```
/// use papy_runtime::testing::Watchdog;
/// use std::time::Duration;
///
/// let watchdog = Watchdog::new("reads a file", Duration::from_secs(10));
/// assert!(std::fs::exists("/").unwrap());
/// drop(watchdog);
/// ```
#[derive(Debug)]
pub struct Watchdog {
    leash: Arc<Leash>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Leash {
    released: Mutex<bool>,
    news: Condvar,
}

impl Leash {
    fn release(&self) {
        *lock(&self.released) = true;
        self.news.notify_all();
    }

    /// Waits until it is let go, for at most `limit`; whether it was.
    fn wait(&self, limit: Duration) -> bool {
        let start = Instant::now();
        let mut released = lock(&self.released);
        while !*released {
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            released = wait_for(&self.news, released, left);
        }
        true
    }
}

impl Watchdog {
    /// Ends the process after `limit`, in the name of `name`.
    ///
    /// # Panics
    ///
    /// When there is no thread to be had for it.
    #[must_use = "a watchdog watches until it is dropped"]
    pub fn new(name: &str, limit: Duration) -> Watchdog {
        watch::watchdog_comes();
        let leash = Arc::<Leash>::default();
        let (watched, name) = (leash.clone(), name.to_owned());
        let watch = move || {
            if !watched.wait(limit) {
                end(&name, limit);
            }
        };
        let thread = thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(watch);
        Watchdog {
            leash,
            thread: Some(thread.expect("a thread for the watchdog")),
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.leash.release();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        watch::watchdog_goes();
    }
}

fn end(name: &str, limit: Duration) -> ! {
    /// For a look at the runs: what hangs may be in the way of it.
    const LOOK: Duration = Duration::from_secs(2);
    tell(&format!(
        "\n{name}: not done after {limit:?}, so the process ends\n"
    ));
    let looked = Arc::<Leash>::default();
    let look = {
        let looked = looked.clone();
        move || {
            for run in watch::runs() {
                if let Some(state) = State::of(&run) {
                    tell(&state.to_string());
                }
            }
            looked.release();
        }
    };
    if thread::Builder::new().spawn(look).is_ok() {
        looked.wait(LOOK);
    }
    std::process::abort()
}

/// Past the capture of a test's output, since there is no test to show it any more.
fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Runs `body` here; ends this process where it takes longer than `limit`, in the name of this thread, which is that of
/// the test.
///
/// ```
/// use papy_runtime::NumapExt;
/// use papy_runtime::testing::within;
/// use std::time::Duration;
///
/// let sum: u32 = within(Duration::from_secs(60), || (1..4).numap(|x| x * x).map(Result::unwrap).sum());
/// assert_eq!(sum, 14);
/// ```
pub fn within<R>(limit: Duration, body: impl FnOnce() -> R) -> R {
    let thread = thread::current();
    let _watchdog = Watchdog::new(thread.name().unwrap_or("a test"), limit);
    body()
}
