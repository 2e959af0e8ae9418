//! What a process had before a test, and whether it is back there.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::time::Duration;

use crate::sync::process::{Instant, thread};
use crate::testing::live;

/// The threads, the open files and the [counted items](crate::testing::Tally) of this process, at one time.
///
/// A process has them in common: where tests run side by side in one process, as those of one file do under
/// `cargo test`, a baseline sees what the other tests do. It belongs in a test that has a process of its own.
///
/// Threads and files are read from `/proc`; where there is none, only items are compared, and [`knows_threads`] says so.
/// Rayon's global pool keeps its threads: what uses it is called once before.
///
/// ```
/// use papy_runtime::testing::Baseline;
/// use papy_runtime::{NumapExt, Pool};
///
/// let before = Baseline::take();
/// {
///     let pool = Pool::threads(2);
///     assert_eq!((0..10).numap(|x| x).on(&pool).count(), 10);
/// }
/// before.check().unwrap(); // the pool's threads are gone
/// ```
///
/// [`knows_threads`]: Baseline::knows_threads
#[derive(Debug, Clone)]
pub struct Baseline {
    threads: Option<Named>,
    files: Option<Named>,
    items: usize,
}

/// Numbers with names: threads, or open files.
type Named = BTreeMap<u64, String>;

impl Baseline {
    /// What there is now.
    #[must_use]
    pub fn take() -> Baseline {
        Baseline {
            threads: threads(),
            files: files(),
            items: live::alive(),
        }
    }

    /// Whether threads and files can be told on this system.
    ///
    /// ```
    /// # use papy_runtime::testing::Baseline;
    /// assert_eq!(Baseline::take().knows_threads(), cfg!(target_os = "linux"));
    /// ```
    #[must_use]
    pub fn knows_threads(&self) -> bool {
        self.threads.is_some()
    }

    /// Waits until there is no more than there was, for at most a second.
    ///
    /// # Errors
    ///
    /// With what is too much, by name.
    pub fn check(&self) -> Result<(), Leftovers> {
        self.check_within(Duration::from_secs(1))
    }

    /// As [`check`](Baseline::check), for at most `limit`.
    ///
    /// # Errors
    ///
    /// With what is too much, by name.
    ///
    /// ```
    /// # use papy_runtime::testing::{Baseline, Tally};
    /// # use std::time::Duration;
    /// let before = Baseline::take();
    /// let lost = Tally::new().item("lost");
    /// let left = before.check_within(Duration::ZERO).unwrap_err();
    /// assert_eq!(left.to_string(), "1 counted item more than before");
    /// # drop(lost);
    /// ```
    pub fn check_within(&self, limit: Duration) -> Result<(), Leftovers> {
        let start = Instant::now();
        loop {
            let left = self.leftovers(&Baseline::take());
            if left.is_empty() {
                return Ok(());
            }
            if start.elapsed() >= limit {
                return Err(left);
            }
            // nobody tells when a thread is gone from `/proc`
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn leftovers(&self, now: &Baseline) -> Leftovers {
        Leftovers {
            threads: newcomers(self.threads.as_ref(), now.threads.as_ref()),
            files: newcomers(self.files.as_ref(), now.files.as_ref()),
            items: now.items.saturating_sub(self.items),
        }
    }
}

/// The names of what is new, where there is more than there was.
fn newcomers(before: Option<&Named>, now: Option<&Named>) -> Vec<String> {
    let (Some(before), Some(now)) = (before, now) else {
        return Vec::new();
    };
    if now.len() <= before.len() {
        return Vec::new();
    }
    let is_new = |(number, _): &(&u64, &String)| !before.contains_key(number);
    let new = now.iter().filter(is_new);
    new.map(|(_, name)| name.clone()).collect()
}

/// What a check against a [`Baseline`] has found too many of.
///
/// ```
/// use papy_runtime::testing::Baseline;
/// use std::{fs::File, thread, time::Duration};
///
/// # fn main() -> std::io::Result<()> {
/// let before = Baseline::take();
/// let parked = thread::Builder::new().name("lost".into()).spawn(thread::park)?;
/// let file = File::open("/dev/null")?;
/// if before.knows_threads() {
///     let left = before.check_within(Duration::from_millis(50)).unwrap_err();
///     assert_eq!((left.threads(), left.files()), (&["lost".to_owned()][..], &["/dev/null".to_owned()][..]));
///     assert_eq!(left.to_string(), "1 thread more than before: `lost`; 1 open file more than before: `/dev/null`");
/// }
/// # parked.thread().unpark();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftovers {
    threads: Vec<String>,
    files: Vec<String>,
    items: usize,
}

impl Leftovers {
    /// The names of the threads that are new. The system keeps 15 bytes of each.
    #[must_use]
    pub fn threads(&self) -> &[String] {
        &self.threads
    }

    /// What has been opened: paths, pipes, sockets.
    #[must_use]
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// How many counted items there are more.
    #[must_use]
    pub fn items(&self) -> usize {
        self.items
    }

    fn is_empty(&self) -> bool {
        self.threads.is_empty() && self.files.is_empty() && self.items == 0
    }
}

impl fmt::Display for Leftovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |what: &str, count: usize, names: &[String]| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            let names = [if names.is_empty() { "" } else { ": " }, &names.join(", ")].concat();
            let many = if count == 1 { "" } else { "s" };
            (count > 0).then(|| format!("{count} {what}{many} more than before{names}"))
        };
        let all = [
            told("thread", self.threads.len(), &self.threads),
            told("open file", self.files.len(), &self.files),
            told("counted item", self.items, &[]),
        ];
        f.write_str(&all.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}

impl Error for Leftovers {}

/// The threads of this process, where the system tells.
fn threads() -> Option<Named> {
    let name = |number: u64| fs::read_to_string(format!("/proc/self/task/{number}/comm")).ok();
    numbered("/proc/self/task", |number| {
        Some(name(number)?.trim_end().to_owned())
    })
}

/// The open files of this process, where the system tells; not the one that is open to find out.
fn files() -> Option<Named> {
    let own = format!("/proc/{}/fd", std::process::id());
    numbered("/proc/self/fd", |number| {
        let target = fs::read_link(format!("/proc/self/fd/{number}")).ok()?;
        let target = target.to_string_lossy().into_owned();
        (target != own).then_some(target)
    })
}

/// The numbers in a directory, with names; what has no name any more is gone.
fn numbered(directory: &str, name: impl Fn(u64) -> Option<String>) -> Option<Named> {
    let numbers = fs::read_dir(directory).ok()?.filter_map(|entry| {
        let number = entry.ok()?.file_name().to_str()?.parse().ok()?;
        Some((number, name(number)?))
    });
    Some(numbers.collect())
}
