//! Every way of ending a run at every moment: nothing hangs, nothing is lost, doubled or left behind.

#[macro_use]
mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use common::*;
use papy::prelude::*;

#[worker]
fn pass(x: Live) -> Live {
    x
}

#[worker]
fn in_turn(seen: &mut i64, x: Live) -> Result<Live, String> {
    *seen += 1;
    if *seen == *x + 1 {
        Ok(x)
    } else {
        Err(format!("{} came as number {seen}", *x))
    }
}

#[worker]
fn weigh(x: Live) -> i64 {
    *x
}

#[worker]
fn both(x: Live, y: Live) -> (Live, Live) {
    assert_eq!(x, y);
    (x, y)
}

#[worker]
fn gone(x: Live) {
    drop(x);
}

pipeline! {
    /// A chain, a join, a fold, and a sink beside them.
    fn busy(xs: Stream<Live>, a: Pool, b: Pool, c: Pool) -> (Stream<Live>, Stream<(Live, Live)>, Stream<i64>) {
        let chain = xs >> pass.on(a) >> in_turn.on(b).serial() >> pass.on(c);
        let pairs = (xs >> pass.on(b), chain >> pass.on(a).spawn(2)) >> both.on(c);
        let total = chain >> weigh.on(a) >> add.on(b).fold();
        xs >> gone.on(c);
        (chain, pairs, total)
    }
}

/// How many items have been read when the end comes.
const MOMENTS: [usize; 6] = [0, 1, 2, 20, 39, 41];
const ITEMS: i64 = 40;

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Drop,
    DropElsewhere,
    DropOneByOne,
    ReadOne,
    Cancel,
    CancelElsewhere,
    Stop,
    StopAndWait,
    PauseAndDrop,
    PauseAndCancel,
    PauseAndStop,
    Resume,
    Join,
    Wait,
    WaitTwice,
    WaitWhilePaused,
    WaitABit,
    Panic,
    DropWhileWaiting,
}

const ENDS: [End; 19] = [
    End::Drop,
    End::DropElsewhere,
    End::DropOneByOne,
    End::ReadOne,
    End::Cancel,
    End::CancelElsewhere,
    End::Stop,
    End::StopAndWait,
    End::PauseAndDrop,
    End::PauseAndCancel,
    End::PauseAndStop,
    End::Resume,
    End::Join,
    End::Wait,
    End::WaitTwice,
    End::WaitWhilePaused,
    End::WaitABit,
    End::Panic,
    End::DropWhileWaiting,
];

/// Reads what is left of each output of a cancelled run.
fn scraps(mut run: BusyRun, read: i64) {
    for (x, want) in run.chain.by_ref().zip(read..) {
        assert_eq!(*x.unwrap(), want);
    }
    for (pair, want) in run.pairs.by_ref().zip(read..) {
        assert_eq!(*pair.unwrap().1, want);
    }
    assert!(run.total.count() <= 1);
}

/// Reads what is left of each output; the numbers must go on where they were.
fn rest(run: &mut BusyRun, read: i64) -> i64 {
    let mut next = read;
    for x in &mut run.chain {
        assert_eq!(*x.unwrap(), next);
        next += 1;
    }
    let pairs: Vec<i64> = run.pairs.by_ref().map(|pair| *pair.unwrap().1).collect();
    assert!(
        pairs.iter().copied().eq(read..read + pairs.len() as i64),
        "{pairs:?}"
    );
    let total: Vec<i64> = run.total.by_ref().map(Result::unwrap).collect();
    assert_eq!(pairs.len() as i64, next - read);
    assert_eq!(total, [(0..next).sum::<i64>()]);
    next
}

fn end(mut run: BusyRun, read: i64, end: End) {
    let handle = run.handle();
    if let End::PauseAndDrop | End::PauseAndCancel | End::PauseAndStop = end {
        handle.pause();
    }
    match end {
        End::Drop | End::PauseAndDrop => drop(run),
        End::DropElsewhere => thread::spawn(|| drop(run)).join().unwrap(),
        End::DropOneByOne => {
            drop(run.pairs);
            drop(run.total);
            drop(run.chain);
        }
        End::ReadOne => {
            drop(run.pairs);
            assert_eq!(run.chain.count() as i64, ITEMS - read);
            assert_eq!(
                run.total.map(Result::unwrap).sum::<i64>(),
                ITEMS * (ITEMS - 1) / 2
            );
        }
        End::Cancel | End::PauseAndCancel => {
            handle.cancel();
            scraps(run, read);
        }
        End::CancelElsewhere => {
            let other = handle.clone();
            let other = thread::spawn(move || other.cancel());
            scraps(run, read);
            other.join().unwrap();
        }
        End::Stop | End::PauseAndStop => {
            handle.stop();
            rest(&mut run, read);
        }
        End::StopAndWait => {
            handle.stop();
            let report = handle.wait();
            let last = rest(&mut run, read);
            assert_eq!(position(&report, "xs") as i64, last);
            assert!(!report.was_cancelled());
        }
        End::Resume => {
            handle.pause();
            let other = thread::spawn(move || handle.resume());
            assert_eq!(rest(&mut run, read), ITEMS);
            other.join().unwrap();
            return;
        }
        End::Join => drop(run.join().unwrap()),
        End::Wait => {
            assert_eq!(position(&handle.wait(), "xs") as i64, ITEMS);
            assert_eq!(rest(&mut run, read), ITEMS);
        }
        End::WaitTwice => {
            let other = handle.clone();
            let other = thread::spawn(move || other.wait());
            handle.wait();
            other.join().unwrap();
            assert_eq!(rest(&mut run, read), ITEMS);
        }
        End::WaitWhilePaused => {
            handle.pause();
            let other = handle.clone();
            let other = thread::spawn(move || other.wait());
            let _ = handle.wait_timeout(Duration::from_micros(50));
            handle.resume();
            handle.wait();
            other.join().unwrap();
            assert_eq!(rest(&mut run, read), ITEMS);
        }
        End::WaitABit => {
            let _ = handle.wait_timeout(Duration::ZERO);
            assert!(handle.wait_timeout(Duration::MAX).is_some());
            assert_eq!(rest(&mut run, read), ITEMS);
        }
        End::Panic => {
            let reader = thread::spawn(move || {
                let _run = run;
                panic!("on purpose");
            });
            assert!(reader.join().is_err());
        }
        End::DropWhileWaiting => {
            let other = handle.clone();
            let other = thread::spawn(move || other.wait());
            drop(run);
            other.join().unwrap();
        }
    }
    // the handle outlives the run
    handle.pause();
    handle.resume();
    handle.stop();
    handle.cancel();
    handle.wait();
    assert!(handle.is_finished());
}

#[test]
fn every_end_at_every_moment() {
    within(120, || {
        quiet();
        for (number, s) in schedules().into_iter().enumerate() {
            for (at, how) in ENDS.into_iter().enumerate() {
                // one of the moments for each, all of them for every pool set and end
                let read = MOMENTS[(number + at) % MOMENTS.len()];
                let inline = (number + at).is_multiple_of(5);
                let tally = Tally::new();
                let mine = tally.clone();
                let [a, b, c] = s.pools();
                let p = tuned!(s, busy((0..ITEMS).map(move |n| mine.item(n)), a, b, c));
                let mut run = if inline {
                    p.inline().start()
                } else {
                    p.start()
                }
                .unwrap();
                for n in 0..read as i64 {
                    let next = run.chain.next().map(|x| *x.unwrap());
                    assert_eq!(next, (n < ITEMS).then_some(n));
                    assert_eq!(run.pairs.next().is_some(), n < ITEMS);
                }
                end(run, (read as i64).min(ITEMS), how);
                assert!(
                    soon(|| tally.live() == 0),
                    "{how:?} after {read}, inline: {inline}: {tally:?}; {s}"
                );
            }
        }
    });
}

// ---------------------------------------------------------------- sources that block

pipeline! {
    fn meeting(xs: Stream<i64>, ys: Stream<i64>, a: Pool, b: Pool) -> Stream<i64> {
        (xs >> inc.on(a), ys >> dbl.on(b)) >> sum.on(a)
    }
}

#[test]
fn ends_while_either_source_is_blocked() {
    within(60, || {
        for (name, [a, b, _]) in &pool_sets()[..3] {
            for (x, y) in [(0, 0), (0, 1), (3, 3), (4, 3)] {
                for how in 0..5 {
                    let (tx, rx) = mpsc::channel();
                    let (ty, ry) = mpsc::channel();
                    (0..x).for_each(|n| tx.send(n).unwrap());
                    (0..y).for_each(|n| ty.send(n).unwrap());
                    let mut run = meeting(rx, ry, a.clone(), b.clone()).start().unwrap();
                    let handle = run.handle();
                    let seen = run.by_ref().take(x.min(y) as usize).count() as i64;
                    assert_eq!(seen, x.min(y));
                    assert!(run.next_timeout(Duration::from_millis(1)).is_pending());
                    match how {
                        0 => promptly(name, || drop(run)),
                        1 => {
                            promptly(name, || handle.cancel());
                            promptly(name, || assert!(run.next().is_none()));
                        }
                        2 => {
                            promptly(name, || handle.pause());
                            promptly(name, || drop(run));
                        }
                        3 => {
                            handle.stop();
                            drop((tx, ty));
                            let faults = run.filter(Result::is_err).count();
                            assert!(faults <= usize::from(x != y), "{name}: {x}, {y}");
                        }
                        _ => {
                            handle.stop();
                            let _ = handle.wait_timeout(Duration::from_millis(1));
                            promptly(name, || drop(run));
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn an_inline_run_dropped_while_another_thread_waits_in_its_source() {
    within(20, || {
        let (tx, rx) = mpsc::channel();
        let (ty, ry) = mpsc::channel();
        let run = meeting(rx, ry, Pool::rayon(), Pool::rayon())
            .inline()
            .start()
            .unwrap();
        let handle = run.handle();
        let waiting = thread::spawn(move || handle.wait());
        tx.send(1).unwrap();
        thread::sleep(Duration::from_millis(5));
        promptly("drop", || drop(run));
        drop((tx, ty));
        assert!(waiting.join().unwrap().was_cancelled());
    });
}

// ---------------------------------------------------------------- pause

#[test]
fn nothing_is_pulled_while_paused() {
    within(60, || {
        for s in schedules().into_iter().step_by(8) {
            for inline in [false, true] {
                let [a, b, c] = s.pools();
                let (xs, pulled) = counted(0..);
                let p = tuned!(s, plain(xs, a, b, c));
                let mut run = if inline {
                    p.inline().start()
                } else {
                    p.start()
                }
                .unwrap();
                let handle = run.handle();
                for n in 0..30 {
                    run.next();
                    handle.pause();
                    let before = pulled.load(SeqCst);
                    if n % 10 == 0 {
                        thread::sleep(Duration::from_micros(200));
                    }
                    while let Poll::Ready(Some(_)) = run.try_next() {}
                    assert_eq!(pulled.load(SeqCst), before, "{s}");
                    handle.resume();
                }
            }
        }
    });
}

pipeline! {
    fn plain(xs: Stream<i64>, a: Pool, b: Pool, c: Pool) -> Stream<i64> {
        xs >> inc.on(a) >> running.on(b).serial() >> dbl.on(c)
    }
}

// ---------------------------------------------------------------- many at once

#[test]
fn all_that_a_handle_can_do_from_many_threads() {
    within(60, || {
        for s in schedules().into_iter().step_by(4) {
            let [a, b, c] = s.pools();
            let pulled = Arc::new(AtomicUsize::new(0));
            let count = pulled.clone();
            let xs = (0..400).inspect(move |_| {
                count.fetch_add(1, SeqCst);
            });
            let mut run = tuned!(s, plain(xs, a, b, c)).start().unwrap();
            let barrier = Arc::new(Barrier::new(4));
            let others: Vec<_> = (0..3)
                .map(|turn| {
                    let (handle, barrier) = (run.handle(), barrier.clone());
                    thread::spawn(move || {
                        barrier.wait();
                        for _ in 0..20 {
                            match turn {
                                0 => {
                                    handle.pause();
                                    handle.resume();
                                }
                                1 => drop(handle.wait_timeout(Duration::from_micros(20))),
                                _ => drop(handle.stats()),
                            }
                        }
                        handle.resume();
                        if turn == 2 {
                            handle.stop();
                        }
                    })
                })
                .collect();
            barrier.wait();
            let seen = run.by_ref().inspect(|x| assert!(x.is_ok())).count();
            for other in others {
                other.join().unwrap();
            }
            assert_eq!(seen, pulled.load(SeqCst), "{s}");
        }
    });
}

#[test]
fn runs_are_made_and_dropped_while_others_work() {
    within(60, || {
        for (name, [a, b, c]) in pool_sets() {
            let others: Vec<_> = (0..3)
                .map(|turn| {
                    let (a, b, c) = (a.clone(), b.clone(), c.clone());
                    thread::spawn(move || {
                        for n in 0..30 {
                            let mut run = plain(0.., a.clone(), b.clone(), c.clone())
                                .buffer(1 + n % 5)
                                .start()
                                .unwrap();
                            assert_eq!(run.by_ref().take((n + turn) % 7).count(), (n + turn) % 7);
                        }
                    })
                })
                .collect();
            let sum: i64 = plain(0..300, a.clone(), b.clone(), c.clone())
                .collect()
                .into_iter()
                .map(Result::unwrap)
                .sum();
            assert_eq!(
                sum,
                (1..=300i64).map(|n| n * (n + 1)).sum::<i64>(),
                "{name}"
            );
            for other in others {
                other.join().unwrap();
            }
        }
    });
}
