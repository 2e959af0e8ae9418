//! Some cases at once, on pools that they share; then everything must be as it was.

use std::thread;

use papy::testing::Baseline;

use crate::case::Case;
use crate::catalogue::Entry;
use crate::counts::Counts;
use crate::dice::{Dice, scattered};
use crate::schedule::{Named, Pools};
use crate::verdict::Verdict;
use crate::watch::Watch;

/// Runs the round of a seed.
pub fn run(
    seed: u64,
    entries: &[&Entry],
    pools: &Pools,
    watch: &Watch,
    counts: &Counts,
) -> Verdict {
    let mut dice = Dice::new(scattered(seed));
    let before = Baseline::take();
    // what is forgotten keeps its pools
    let forgetful = dice.once_in(10);
    let shared: Vec<Named> = (0..=dice.below(3))
        .map(|_| {
            if forgetful {
                pools.lasting(&mut dice)
            } else {
                pools.any(&mut dice)
            }
        })
        .collect();
    let at_once = dice.one(&[1, 1, 1, 2, 3]);
    let mut cases: Vec<Case> = (0..at_once)
        .map(|_| {
            let entry = entries[dice.below(entries.len())];
            Case::new(dice.number(), entry, &shared, forgetful)
        })
        .collect();
    drop(shared);
    let verdicts: Vec<Verdict> = if at_once == 1 {
        cases
            .drain(..)
            .map(|case| case.run(pools, watch, counts))
            .collect()
    } else {
        thread::scope(|scope| {
            let running: Vec<_> = cases
                .into_iter()
                .map(|case| scope.spawn(|| case.run(pools, watch, counts)))
                .collect();
            running
                .into_iter()
                .map(|case| case.join().expect("a case does not panic"))
                .collect()
        })
    };
    let mut all = Verdict::default();
    for verdict in verdicts {
        all.wrongs = all.wrongs.and(verdict.wrongs);
        all.words.extend(verdict.words);
    }
    if let Err(left) = before.check() {
        let items = if forgetful { 0 } else { left.items() };
        let leaks = left.threads().len() + left.files().len() + items;
        if leaks > 0 {
            all.leak(leaks as u64, format!("left behind: {left}"));
        }
    }
    counts.add("rounds", 1);
    all
}
