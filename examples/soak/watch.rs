//! Sees to it that every case ends.

use std::collections::BTreeMap;
use std::fs;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use papy::Handle;

use crate::counts::{Counts, Wrongs};

/// How long a case may take, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(60);

/// Looks after the cases in progress; ends the program when one hangs.
#[derive(Clone)]
pub struct Watch(Arc<Mutex<BTreeMap<u64, Watched>>>);

struct Watched {
    since: Instant,
    words: String,
    handle: Option<Handle>,
}

impl Watch {
    /// With a thread of its own, which stays.
    pub fn new(counts: Arc<Counts>) -> Watch {
        let watch = Watch(Arc::default());
        let watched = watch.clone();
        let look = move || {
            loop {
                thread::sleep(Duration::from_millis(500));
                if watched
                    .lock()
                    .values()
                    .any(|case| case.since.elapsed() > LONGEST)
                {
                    watched.give_up(&counts);
                }
            }
        };
        let thread = thread::Builder::new().name("watch".to_owned()).spawn(look);
        drop(thread.expect("a thread to watch"));
        watch
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A case begins.
    pub fn begin(&self, seed: u64, words: String) {
        let watched = Watched {
            since: Instant::now(),
            words,
            handle: None,
        };
        self.lock().insert(seed, watched);
    }

    /// It has been started.
    pub fn steer(&self, seed: u64, handle: Option<Handle>) {
        if let Some(watched) = self.lock().get_mut(&seed) {
            watched.handle = handle;
        }
    }

    /// It has come to its end.
    pub fn end(&self, seed: u64) {
        self.lock().remove(&seed);
    }

    /// Says what hangs and where everything is, and ends the program.
    fn give_up(&self, counts: &Counts) -> ! {
        let mut hangs = 0;
        for (seed, case) in &*self.lock() {
            hangs += u64::from(case.since.elapsed() > LONGEST);
            eprintln!(
                "\nafter {:.1?} case {seed} is in progress: {}",
                case.since.elapsed(),
                case.words
            );
            if let Some(handle) = &case.handle {
                eprintln!("finished: {}\n{}", handle.is_finished(), handle.stats());
            }
        }
        for task in fs::read_dir("/proc/self/task")
            .into_iter()
            .flatten()
            .flatten()
        {
            let told = |what| fs::read_to_string(task.path().join(what)).unwrap_or_default();
            eprintln!("thread {} {}", told("comm").trim(), told("wchan"));
        }
        println!(
            "{counts}{}",
            Wrongs {
                hangs,
                ..Wrongs::default()
            }
        );
        process::exit(1);
    }
}
