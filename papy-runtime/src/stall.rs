//! Runs that stand still: who looks for that where a pipeline says [`stall_after`](crate::Pipeline::stall_after), and what is
//! told of it.
//!
//! One thread looks at a run now and then. What has moved (items in and out, calls that begin or end, waves) is a number that
//! goes up; where it stays the same for long enough while somebody waits for what the parts give, whoever is at work is what
//! they wait for. Where nobody is, it is an input; where no input is asked either, a thread of a pool.
//!
//! A step whose calls are made elsewhere tells of those in progress by itself (see `calls_of` in [`state`](crate::state)).

use std::fmt;
use std::time::Duration;

use crate::shared::Shared;
use crate::state::{Found, Key, State, is_wanted, listed};
use crate::sync::{Arc, Instant, thread};
use crate::unwind;
use crate::watch::Watch;

/// What a run waited for, while nothing moved in it for as long as [`stall_after`](crate::Pipeline::stall_after) says.
///
/// It is over when something has moved again. Printed, it tells all of it:
///
/// ```text
/// `align` has been at item 17 for 3.2s; `row` and output `rows` wait for it
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    cause: Cause,
    name: Arc<str>,
    item: u64,
    duration: Duration,
    waiting: Vec<String>,
    over: bool,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A call of a node.
    Call,
    /// The next item of an input.
    Input,
    /// A thread that takes a wave up.
    Thread,
}

impl Stall {
    /// The node that holds the item, or the input that does not give it.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.name
    }

    /// The position of the item in its input, counted from 0.
    #[must_use]
    pub fn input(&self) -> u64 {
        self.item
    }

    /// It is not a node that holds an item, but an input that does not give one to a reader who waits.
    #[must_use]
    pub fn is_of_input(&self) -> bool {
        self.cause == Cause::Input
    }

    /// How long it took until something moved again, or has taken so far.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Who waits for it, as in the text of a message: `` `row` ``, ``output `rows` ``.
    #[must_use]
    pub fn waiting(&self) -> &[String] {
        &self.waiting
    }

    /// Something has moved since.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stall {
            name,
            item,
            duration,
            ..
        } = self;
        match (self.cause, self.over) {
            (Cause::Call, false) => write!(f, "`{name}` has been at item {item}")?,
            (Cause::Call, true) => write!(f, "`{name}` was at item {item}")?,
            (Cause::Input, false) => write!(f, "the run waits for input `{name}` at item {item}")?,
            (Cause::Input, true) => write!(f, "the run waited for input `{name}` at item {item}")?,
            (Cause::Thread, false) => {
                write!(f, "`{name}` waits for a thread to take up item {item}")?;
            }
            (Cause::Thread, true) => {
                write!(f, "`{name}` waited for a thread to take up item {item}")?;
            }
        }
        write!(f, " for {duration:.1?}")?;
        let all = listed(&self.waiting);
        match (self.waiting.len(), self.over) {
            (0, _) => Ok(()),
            (1, false) => write!(f, "; {all} waits for it"),
            (_, false) => write!(f, "; {all} wait for it"),
            (_, true) => write!(f, "; {all} waited for it"),
        }
    }
}

/// What a run has told of stalls, in the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct Stalls(Vec<Stall>);

impl Stalls {
    /// More are not kept: each has taken its time, but a run may go on for ever.
    const MOST: usize = 1000;

    /// Adds one; gives its number.
    fn add(&mut self, stall: Stall) -> usize {
        if self.0.len() < Stalls::MOST {
            self.0.push(stall);
            self.0.len() - 1
        } else {
            Stalls::MOST
        }
    }

    fn change(&mut self, number: usize, change: impl FnOnce(&mut Stall)) {
        if let Some(stall) = self.0.get_mut(number) {
            change(stall);
        }
    }

    /// All of them, in a run that `has_ended` or goes on.
    pub(crate) fn told(&self, has_ended: bool) -> Vec<Stall> {
        let told = |stall: &Stall| Stall {
            over: stall.over || has_ended,
            ..stall.clone()
        };
        self.0.iter().map(told).collect()
    }
}

/// The thread that looks for stalls of a run, until dropped.
pub(crate) struct Monitor {
    watch: Arc<Watch>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.watch.end();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Monitor {
    /// Looks for stalls of a blocking form. Without a thread for it, nobody does.
    pub(crate) fn of(shared: &Arc<Shared>, limit: Option<Duration>) -> Option<Monitor> {
        let watch = shared.watch.clone()?;
        let thread = begin(shared.clone(), limit?, || {}).ok()?;
        Some(Monitor {
            watch,
            thread: Some(thread),
        })
    }
}

/// Looks for stalls of a started run, until its end.
pub(crate) fn monitor(shared: &Arc<Shared>, limit: Duration) -> std::io::Result<()> {
    let (own, leaving) = (shared.clone(), shared.clone());
    shared.helper_enters();
    begin(own, limit, move || leaving.helper_leaves())
        .map(drop)
        .inspect_err(|_| shared.helper_leaves())
}

fn begin(
    shared: Arc<Shared>,
    limit: Duration,
    leave: impl FnOnce() + Send + 'static,
) -> std::io::Result<thread::JoinHandle<()>> {
    let work = move || {
        if let Err(payload) = unwind::catch(|| look_on(&shared, limit)) {
            unwind::forget_payload(payload);
        }
        leave();
    };
    let thread = thread::Builder::new().name("papy stalls".to_owned());
    thread.spawn(work)
}

/// Looks now and then, until the run is over.
fn look_on(shared: &Shared, limit: Duration) {
    let Some(watch) = &shared.watch else { return };
    let limit = limit.max(Duration::from_millis(1));
    let nap = (limit / 8).clamp(Duration::from_millis(1), Duration::from_secs(1));
    let mut networks = Network::all(shared);
    loop {
        watch.bell.hear();
        if watch.has_ended() || shared.is_cancelled() || shared.is_over() {
            break;
        }
        for network in &mut networks {
            network.look(shared, watch, limit);
        }
        watch.bell.sleep(Some(nap));
    }
    for network in &mut networks {
        network.close(shared, |_| false);
    }
}

/// Parts of a run that items flow between. They stand still together, whatever others do.
struct Network {
    parts: Vec<usize>,
    moves: u64,
    /// Since when nothing has moved although somebody waits.
    still: Instant,
    /// The stalls that are not over: what they are, since when, and their numbers.
    open: Vec<(Key, Instant, usize)>,
}

impl Network {
    fn all(shared: &Shared) -> Vec<Network> {
        let mut networks: Vec<Network> = Vec::new();
        for (at, part) in shared.parts.iter().enumerate() {
            if networks.iter().any(|network| network.parts.contains(&at)) {
                continue;
            }
            let others = part.plan.network.iter().copied();
            networks.push(Network {
                parts: [at].into_iter().chain(others).collect(),
                moves: 0,
                still: Instant::now(),
                open: Vec::new(),
            });
        }
        networks
    }

    fn look(&mut self, shared: &Shared, watch: &Watch, limit: Duration) {
        let moves = watch.moves(&self.parts);
        if std::mem::replace(&mut self.moves, moves) != moves
            || !is_wanted(shared, watch, &self.parts)
        {
            self.still = Instant::now();
            self.close(shared, |_| false);
            return;
        }
        if self.still.elapsed() < limit {
            return;
        }
        let Some(state) = State::of(shared) else {
            return;
        };
        let found = state.stuck(&self.parts, self.still);
        if watch.moves(&self.parts) != moves {
            // it was about to go on
            return;
        }
        self.close(shared, |key| found.iter().any(|found| found.key == key));
        for found in found {
            self.note(shared, found);
        }
    }

    /// Tells of a stall, or of how long it has taken.
    fn note(&mut self, shared: &Shared, found: Found) {
        let duration = found.since.elapsed();
        let known = self.open.iter().find(|(key, ..)| *key == found.key);
        if let Some((_, _, number)) = known {
            let longer = |stall: &mut Stall| {
                stall.duration = duration;
                stall.waiting = found.waiting;
            };
            return shared.ledger.stalls().change(*number, longer);
        }
        let stall = Stall {
            cause: found.cause,
            name: found.name,
            item: found.item,
            duration,
            waiting: found.waiting,
            over: false,
        };
        tell(&shared.ledger.name, &stall);
        let number = shared.ledger.stalls().add(stall);
        self.open.push((found.key, found.since, number));
    }

    /// What does not go on is over.
    fn close(&mut self, shared: &Shared, goes_on: impl Fn(Key) -> bool) {
        self.open.retain(|(key, since, number)| {
            let stays = goes_on(*key);
            if !stays {
                let end = |stall: &mut Stall| {
                    stall.duration = since.elapsed();
                    stall.over = true;
                };
                shared.ledger.stalls().change(*number, end);
            }
            stays
        });
    }
}

/// Tells whoever listens to `tracing`.
#[cfg(feature = "tracing")]
fn tell(run: &str, stall: &Stall) {
    let (node, item, waiting) = (stall.node(), stall.input(), listed(stall.waiting()));
    if stall.is_of_input() {
        tracing::info!(target: "papy", run, node, item, waiting, "{stall}");
    } else {
        tracing::warn!(target: "papy", run, node, item, waiting, "{stall}");
    }
}

#[cfg(not(feature = "tracing"))]
fn tell(_run: &str, _stall: &Stall) {}
