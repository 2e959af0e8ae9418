//! The one door to threads, locks, atomics, pools and clocks, so that a model checker can stand behind it.
//!
//! What stands behind it is a *face*: the standard library and rayon as they are, or, with a `--cfg` in `RUSTFLAGS`, one
//! that looks for mistakes. Nothing else in the crate names `std::sync`, `std::thread`, `Instant::now` or rayon but
//! through here, so the same code runs in all of them.
//!
//! | `--cfg` | behind the door | finds |
//! |---|---|---|
//! | | the standard library and rayon | |
//! | `papy_loom` | loom | every interleaving of two or three threads on one protocol: `models/` |
//! | `papy_shuttle` | shuttle, and a small rayon over its threads | random interleavings of whole runs |
//! | `papy_spurious` | the standard library; one wait in five returns for nothing | waits without a loop |
//!
//! No published manifest names a model checker: they are dependencies of the workspace `models`, which compiles these
//! files once more.

use std::sync::PoisonError;

#[cfg(any(papy_loom, papy_shuttle))]
mod clock;
#[cfg(not(papy_shuttle))]
mod locks;
#[cfg(papy_loom)]
mod loom;
#[cfg(any(papy_loom, papy_shuttle))]
mod once;
pub(crate) mod process;
pub(crate) mod ring;
#[cfg(papy_shuttle)]
mod shuttle;
#[cfg(papy_spurious)]
mod spurious;
#[cfg(not(any(papy_loom, papy_shuttle)))]
mod standard;
#[cfg(not(papy_shuttle))]
mod threads;

#[cfg(papy_loom)]
pub(crate) use self::loom::*;
#[cfg(papy_shuttle)]
pub(crate) use self::shuttle::*;
#[cfg(papy_spurious)]
pub(crate) use self::spurious::Condvar;
#[cfg(not(any(papy_loom, papy_shuttle)))]
pub(crate) use self::standard::*;

#[cfg(not(papy_shuttle))]
pub(crate) use self::locks::{lock, try_lock, wait, wait_for};
#[cfg(not(papy_shuttle))]
pub(crate) use self::threads::*;

/// What a lock guards, where nobody else can have it.
pub(crate) fn unlocked<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this thread is on its way out of something that has panicked.
pub(crate) fn is_unwinding() -> bool {
    std::thread::panicking()
}

/// How often something has to happen before it counts. Under a model, where a run has few items, a sixteenth of that.
pub(crate) const fn times(n: u32) -> u32 {
    if cfg!(papy_shuttle) {
        n.div_ceil(16)
    } else {
        n
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn nobody_else_goes_behind_the_door() {
        // rayon is looked for by the compiler: the models are built without it
        let behind = [
            "std::sync",
            "std::thread",
            "time::Instant",
            "time::{Duration, Instant",
        ];
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = 0;
        for file in std::fs::read_dir(source).expect("the sources") {
            let file = file.expect("a file").path();
            let Ok(text) = std::fs::read_to_string(&file) else {
                continue; // a folder
            };
            files += 1;
            for name in behind {
                assert!(!text.contains(name), "{} names {name}", file.display());
            }
        }
        assert!(files > 40, "{files} files were looked at");
    }
}
