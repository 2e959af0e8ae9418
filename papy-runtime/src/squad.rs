//! Threads that may be lost: a pool's own for timed calls.
//!
//! A call with a time limit may never return, and a thread cannot be ended from outside. So such calls are not made by the
//! threads of a rayon pool, which somebody counts on, but by a squad: as many threads as the pool has, of which one that is
//! given up is replaced. A squad belongs to its pool, and all timed nodes on that pool share it, so that a limit stays one.
//! Its threads begin when there is work for them, and end with the last run that is enrolled.
//!
//! Work waits at *posts*, one for each timed node of a run. They stand in a queue, and get a turn each for one call, so
//! that runs that share a squad all move.

use std::collections::VecDeque;

use crate::sync::{Arc, Condvar, Mutex, lock, thread, wait};
use crate::unwind;

/// Where timed calls wait to be made.
pub(crate) trait Post: Send + Sync {
    /// Makes the call that is next, if there is one. Where another could be made beside it, it stands itself in line again
    /// before it begins.
    fn serve(self: Arc<Self>) -> Served;
}

/// What came of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    InTime,
    /// The call took so long that its thread has been given up.
    GivenUp,
}

/// The threads of one pool that make timed calls.
pub(crate) struct Squad {
    size: usize,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    line: VecDeque<Arc<dyn Post>>,
    /// Threads that are not given up.
    threads: usize,
    idle: usize,
    /// Runs that may have work.
    runs: usize,
}

/// A run's membership in a squad.
pub(crate) struct Enrolled(Arc<Squad>);

impl State {
    /// Whether there is work for one more thread, which is counted in: under one lock, since others may ask meanwhile.
    fn lacks(&mut self, size: usize) -> bool {
        let lacks = self.idle < self.line.len() && self.threads < size;
        self.threads += usize::from(lacks);
        lacks
    }
}

impl Squad {
    /// Of at most `size` threads.
    pub(crate) fn new(size: usize) -> Arc<Squad> {
        Arc::new(Squad {
            size: size.max(1),
            state: Mutex::default(),
            work: Condvar::new(),
        })
    }

    /// Enrols a run; the first thread is there then.
    pub(crate) fn enrol(self: &Arc<Self>) -> Result<Enrolled, String> {
        let mut state = lock(&self.state);
        state.runs += 1;
        let enrolled = Enrolled(self.clone());
        let lacks = state.threads == 0;
        state.threads += usize::from(lacks);
        drop(state);
        if lacks {
            self.begin().map(|()| enrolled)
        } else {
            Ok(enrolled)
        }
    }

    /// A post has work for one more thread.
    pub(crate) fn line_up(self: &Arc<Self>, post: Arc<dyn Post>) {
        let lacks = {
            let mut state = lock(&self.state);
            state.line.push_back(post);
            state.lacks(self.size)
        };
        // where no thread can be had, those that are there go on with it
        if !lacks || self.begin().is_err() {
            self.work.notify_one();
        }
    }

    /// Threads that are in calls which take too long are given up, and replaced as there is work.
    pub(crate) fn give_up(self: &Arc<Self>, threads: usize) {
        let lacks = {
            let mut state = lock(&self.state);
            state.threads -= threads;
            state.lacks(self.size)
        };
        if lacks {
            // `revive` tries again
            let _ = self.begin();
        }
    }

    /// Begins a thread where there is work and none to do it, because none could be had; gives why it still can't.
    pub(crate) fn revive(self: &Arc<Self>) -> Result<(), String> {
        let lacks = {
            let mut state = lock(&self.state);
            state.threads == 0 && state.lacks(self.size)
        };
        if lacks { self.begin() } else { Ok(()) }
    }

    /// Begins a thread that has been counted in.
    fn begin(self: &Arc<Self>) -> Result<(), String> {
        let squad = self.clone();
        let begun = thread::Builder::new()
            .name("papy timed".to_owned())
            .spawn(move || squad.work());
        begun.map(drop).map_err(|error| {
            lock(&self.state).threads -= 1;
            format!("it asked for 1 thread for timed calls: {error}")
        })
    }

    /// What a thread of the squad does.
    fn work(self: Arc<Self>) {
        while let Some(post) = self.next() {
            let served = unwind::catch(|| post.serve()).unwrap_or_else(|payload| {
                unwind::forget_payload(payload);
                Served::InTime
            });
            if served == Served::GivenUp && !self.rejoin() {
                return;
            }
        }
    }

    /// Waits for work; `None` where no run is enrolled any more.
    fn next(&self) -> Option<Arc<dyn Post>> {
        let mut state = lock(&self.state);
        loop {
            if let Some(post) = state.line.pop_front() {
                return Some(post);
            }
            if state.runs == 0 {
                state.threads -= 1;
                return None;
            }
            state.idle += 1;
            state = wait(&self.work, state);
            state.idle -= 1;
        }
    }

    /// A thread that had been given up has come back, and makes itself useful where it is not replaced yet.
    fn rejoin(&self) -> bool {
        let mut state = lock(&self.state);
        let wanted = state.threads < self.size && state.runs > 0;
        state.threads += usize::from(wanted);
        wanted
    }
}

impl Enrolled {
    pub(crate) fn squad(&self) -> &Arc<Squad> {
        &self.0
    }
}

impl Drop for Enrolled {
    fn drop(&mut self) {
        let left = {
            let mut state = lock(&self.0.state);
            state.runs -= 1;
            (state.runs == 0).then(|| std::mem::take(&mut state.line))
        };
        if let Some(left) = left {
            self.0.work.notify_all();
            left.into_iter().for_each(unwind::discard);
        }
    }
}

#[cfg(all(test, papy_loom))]
#[path = "models/squad.rs"]
mod model;
