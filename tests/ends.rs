//! Every way of ending a run, and every pair of them, at every moment and in every state of its workers, over every kind
//! of pipeline: nothing hangs, and what was pulled is accounted for.

#[macro_use]
mod common;
mod ends {
    pub mod case;
    pub mod kinds;
}

use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Duration;

use common::*;
use ends::case::{Case, ENDS, baseline, pools};
use ends::kinds::{ITEMS, MOMENTS, STATES, State, kinds, n};
use papy::prelude::*;

// ---------------------------------------------------------------- the product

#[test]
fn every_end() {
    within(100, || {
        quiet();
        let pools = pools();
        let before = baseline(&pools);
        for kind in kinds() {
            for read in MOMENTS {
                for state in STATES {
                    for end in ENDS {
                        Case::start(&kind, &pools, state, read, &[end]).finish(&before);
                    }
                }
            }
        }
    });
}

#[test]
fn every_pair_of_ends() {
    within(100, || {
        quiet();
        let pools = pools();
        let before = baseline(&pools);
        let kinds = kinds();
        for (at, first) in ENDS.into_iter().enumerate() {
            for (to, second) in ENDS.into_iter().enumerate() {
                for state in STATES {
                    for read in [0, ITEMS / 2, ITEMS - 1] {
                        // two of the eight kinds for each, all of them for every end
                        for kind in [&kinds[1], &kinds[(at + to) % kinds.len()]] {
                            let ends = [first, second];
                            Case::start(kind, &pools, state, read, &ends).finish(&before);
                        }
                    }
                }
            }
        }
    });
}

// ---------------------------------------------------------------- what is over stays over

/// A source that comes back after a cancel was waited for, and helpers that begin late, change nothing.
#[test]
fn what_has_finished_stays_finished() {
    within(60, || {
        let pools = pools();
        let kinds = kinds();
        for round in 0..200 {
            let kind = &kinds[round % kinds.len()];
            let case = Case::start(kind, &pools, State::Idle, 0, &[]);
            case.handle.cancel();
            assert!(case.handle.wait_timeout(secs(5)).is_some(), "{}", kind.name);
            case.plan.scene.gate.open();
            for _ in 0..3000 {
                assert!(case.handle.is_finished(), "{}", kind.name);
            }
        }
    });
}

// ---------------------------------------------------------------- pauses

#[test]
fn a_thousand_pauses() {
    within(60, || {
        let pools = pools();
        for kind in kinds() {
            let mut case = Case::start(&kind, &pools, State::Full, 0, &[]);
            let outputs = case.outputs.iter_mut().map(|output| output.take().unwrap());
            let readers: Vec<_> = outputs
                .map(|output| {
                    thread::spawn(move || output.map(|x| n(&x.unwrap())).collect::<Vec<_>>())
                })
                .collect();
            for _ in 0..1000 {
                case.handle.pause();
                case.handle.resume();
            }
            for reader in readers {
                assert_eq!(
                    reader.join().unwrap(),
                    (0..ITEMS as i64).collect::<Vec<_>>()
                );
            }
        }
    });
}

/// A thousand items, a pause at each: nothing comes while it lasts, and all comes in the end.
#[test]
fn a_pause_at_every_item() {
    within(60, || {
        for pool in [Pool::threads(2), Pool::rayon(), Pool::inline()] {
            let (xs, pulled) = counted(0..1000i64);
            let mut run = numbers(xs, pool).buffer(4).start().unwrap();
            let handle = run.handle();
            for want in 0..1000 {
                assert_eq!(run.next().unwrap().unwrap(), want);
                handle.pause();
                let before = pulled.load(SeqCst);
                assert!(!handle.is_finished() || want >= 995, "{want}");
                assert_eq!(pulled.load(SeqCst), before);
                handle.resume();
            }
            assert!(run.next().is_none());
        }
    });
}

pipeline! {
    fn numbers(xs: Stream<i64>, a: Pool) -> Stream<i64> {
        xs >> id.on(a) >> id.serial()
    }
}

// ---------------------------------------------------------------- waits

#[test]
fn two_threads_wait_and_nobody_waits_for_nothing() {
    within(60, || {
        let pools = pools();
        for kind in kinds() {
            let case = Case::start(&kind, &pools, State::Idle, 0, &[]);
            for _ in 0..100 {
                promptly(kind.name, || {
                    assert!(case.handle.wait_timeout(Duration::ZERO).is_none());
                });
            }
            let waiters = [(); 2].map(|()| {
                let handle = case.handle.clone();
                thread::spawn(move || handle.wait())
            });
            case.plan.scene.gate.open();
            for waiter in waiters {
                let report = waiter.join().unwrap();
                assert!(
                    report
                        .inputs()
                        .iter()
                        .all(|input| input.position() == ITEMS as u64)
                );
            }
            promptly(kind.name, || {
                assert!(case.handle.wait_timeout(Duration::ZERO).is_some());
            });
            assert!(case.handle.is_finished());
        }
    });
}

#[test]
fn a_waiter_sees_every_other_end() {
    within(60, || {
        let pools = pools();
        for kind in kinds() {
            for end in 0..3 {
                let case = Case::start(&kind, &pools, State::Busy, 0, &[]);
                let handle = case.handle.clone();
                let waiter = thread::spawn(move || handle.wait());
                case.handle.pause();
                match end {
                    0 => case.handle.stop(),
                    1 => case.handle.cancel(),
                    _ => {
                        case.plan.scene.gate.open();
                        drop(case.outputs);
                    }
                }
                case.plan.scene.gate.open();
                let report = waiter.join().unwrap();
                assert_eq!(report.was_cancelled(), end > 0, "{}, {end}", kind.name);
            }
        }
    });
}
