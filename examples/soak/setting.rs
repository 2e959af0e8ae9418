//! What is to go wrong in one run, and what is known of it from inside.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use papy::testing::{Delays, FaultPlan, Tally};

use crate::dice::Dice;
use crate::item::{Cell, Item, mark};
use crate::told::Told;

/// How nodes are called where it is planned what goes wrong.
const NODES: &[&str] = &["a", "b", "c", "d"];
/// Those with `.retry(n)`.
const TRIED: &[&str] = &["r", "t"];
/// Those with `.timeout(LIMIT)`.
const TIMED: &[&str] = &["t"];
/// Inputs.
const INPUTS: &[&str] = &["xs", "ys", "zs"];

/// How long the calls of timed nodes may take.
pub const LIMIT: Duration = Duration::from_millis(150);

/// One thing that goes wrong, at one node and item.
#[derive(Debug, Clone, Copy)]
pub struct Mishap {
    node: &'static str,
    mark: u64,
    deed: Deed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Error,
    Panic,
    Slow(Duration),
    /// Hangs, and is let go after a while.
    Stall,
    /// Never returns, as far as the run can tell.
    Hang,
    /// Fails so many times.
    Flaky(u32),
}

/// Everything that goes wrong in one run.
#[derive(Debug, Clone)]
pub struct Mishaps {
    all: Vec<Mishap>,
    /// Seed and longest delay of each call.
    delays: Option<(u64, Duration)>,
    /// Where an input panics, by [`mark`].
    panics: Option<u64>,
}

impl Mishaps {
    /// Mishaps for inputs of these lengths.
    pub fn new(dice: &mut Dice, lengths: &[u64], timed: bool) -> Mishaps {
        let mut all = Vec::new();
        let most = dice.one(&[0, 2, 10, 40]);
        let mut hangs = usize::from(timed && dice.once_in(3)) * (1 + dice.below(2));
        for _ in 0..most {
            let input = dice.below(lengths.len().max(1));
            let length = lengths.get(input).copied().unwrap_or(0).max(1);
            let mark = mark(input, dice.number() % length);
            let (node, deed) = match dice.below(9) {
                0 => (dice.one(INPUTS), Deed::Error),
                1 => (
                    dice.one(INPUTS),
                    // the longer ones, until another thread takes over what has been pulled
                    Deed::Slow(Duration::from_micros(
                        dice.number() % dice.one(&[2_000, 30_000]),
                    )),
                ),
                2 => (dice.one(NODES), Deed::Stall),
                3 => (
                    dice.one(NODES),
                    Deed::Slow(Duration::from_micros(dice.number() % 3000)),
                ),
                4 => (dice.one(TRIED), Deed::Flaky(1 + dice.below(3) as u32)),
                5 => (dice.one(TRIED), dice.one(&[Deed::Error, Deed::Panic])),
                6 => (dice.one(NODES), Deed::Panic),
                _ => (dice.one(NODES), Deed::Error),
            };
            all.push(Mishap { node, mark, deed });
            if hangs > 0 {
                hangs -= 1;
                let (node, deed) = (dice.one(TIMED), Deed::Hang);
                all.push(Mishap { node, mark, deed });
            }
        }
        // a place has one mishap
        let mut taken = BTreeSet::new();
        all.retain(|mishap| taken.insert((mishap.node, mishap.mark)));
        let longest = Duration::from_micros(dice.one(&[1, 20, 200]));
        Mishaps {
            all,
            delays: dice.once_in(3).then(|| (dice.number(), longest)),
            panics: None,
        }
    }

    /// The same, and an input that panics.
    pub fn with_panic(mut self, input: usize, position: u64) -> Mishaps {
        self.panics = Some(mark(input, position));
        self
    }

    /// Whether an input panics.
    pub fn break_inputs(&self) -> bool {
        self.panics.is_some()
    }

    /// Whether calls stall that are let go after a while.
    pub fn stall(&self) -> bool {
        self.all.iter().any(|mishap| mishap.deed == Deed::Stall)
    }
}

/// How often something fails, and how often each item that comes of it has been tried.
struct Flaky {
    times: u32,
    tried: Mutex<BTreeMap<u64, u32>>,
}

/// What the items of one run know.
pub struct Setting {
    /// Counts the items.
    pub tally: Tally,
    /// What has come to sinks.
    sunk: Mutex<Vec<Told>>,
    calls: AtomicU64,
    plan: FaultPlan,
    stalls: FaultPlan,
    flaky: BTreeMap<(&'static str, u64), Flaky>,
    hangs: BTreeSet<(&'static str, u64)>,
    delays: Option<Delays>,
    panics: Option<u64>,
}

impl Setting {
    /// Of a run in which all this goes wrong. Where calls are not `limited`, what would hang is an error at once.
    pub fn new(mishaps: &Mishaps, limited: bool) -> Arc<Setting> {
        Setting::made(mishaps, limited, false)
    }

    /// Of a run on one thread to compare with, where nothing takes time.
    pub fn for_reference(mishaps: &Mishaps) -> Arc<Setting> {
        Setting::made(mishaps, false, true)
    }

    fn made(mishaps: &Mishaps, limited: bool, reference: bool) -> Arc<Setting> {
        let (mut plan, mut stalls) = (FaultPlan::new(), FaultPlan::new());
        let mut flaky = BTreeMap::new();
        let mut hangs = BTreeSet::new();
        for &Mishap { node, mark, deed } in &mishaps.all {
            match deed {
                Deed::Error => plan = plan.error(node, mark),
                Deed::Panic => plan = plan.panic(node, mark),
                Deed::Hang if !limited => {
                    hangs.insert((node, mark));
                    plan = plan.error(node, mark);
                }
                Deed::Hang => plan = plan.hang(node, mark),
                Deed::Slow(by) if !reference => plan = plan.slow(node, mark, by),
                Deed::Stall if !reference => stalls = stalls.hang(node, mark),
                Deed::Slow(_) | Deed::Stall => {}
                Deed::Flaky(times) => {
                    let tried = Mutex::default();
                    flaky.insert((node, mark), Flaky { times, tried });
                }
            }
        }
        Arc::new(Setting {
            tally: Tally::new(),
            sunk: Mutex::default(),
            calls: AtomicU64::new(0),
            plan,
            stalls,
            flaky,
            hangs,
            delays: mishaps
                .delays
                .filter(|_| !reference)
                .map(|(seed, longest)| Delays::new(seed, longest)),
            panics: mishaps.panics,
        })
    }

    /// Does to an item what is planned for it at that node.
    pub fn act(
        &self,
        node: &'static str,
        mark: u64,
        value: u64,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.calls.fetch_add(1, Relaxed);
        if let Some(delays) = self.delays {
            delays.at(node).spin(mark);
        }
        if let Some(Flaky { times, tried }) = self.flaky.get(&(node, mark)) {
            let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
            let tried = tried.entry(value).or_default();
            *tried += 1;
            if *tried <= *times {
                return Err(format!("flaky at {mark}").into());
            }
        }
        self.stalls.act(node, mark)?;
        Ok(self.plan.act(node, mark)?)
    }

    /// Panics where an input is to.
    pub fn act_as_input(
        &self,
        node: &'static str,
        mark: u64,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        assert!(
            self.panics != Some(mark),
            "`{node}` ends at {mark}, on purpose"
        );
        self.act(node, mark, mark)
    }

    /// An item, counted.
    pub fn item(self: &Arc<Setting>, mark: u64) -> Item {
        let setting = self.clone();
        self.tally.item(Cell {
            mark,
            value: mark,
            setting,
        })
    }

    /// Takes what comes to a sink.
    pub fn sink(&self, told: Told) {
        self.sunk
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(told);
    }

    pub fn take_sunk(&self) -> Vec<Told> {
        std::mem::take(&mut *self.sunk.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls of workers so far, those of inputs among them.
    pub fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    /// How many calls hang that are to hang for ever.
    pub fn hanging(&self) -> u64 {
        self.plan.hanging() as u64
    }

    /// Whether an error stands for a call that hangs.
    pub fn stands_for_hang(&self, node: &str, mark: u64) -> bool {
        self.hangs.iter().any(|&hang| hang == (node, mark))
    }

    /// Lets go what is stalled, once it is; after `limit` in any case.
    pub fn unstall(&self, limit: Duration) {
        let _ = self.stalls.await_hangs(1, limit);
        self.stalls.release();
    }

    /// Lets all calls return that hang.
    pub fn release(&self) {
        self.stalls.release();
        self.plan.release();
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Setting").finish_non_exhaustive()
    }
}
