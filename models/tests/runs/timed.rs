//! Runs whose calls have a time limit, under a clock that moves as it likes.

use papy::FaultKind;
use papy::prelude::*;
use shuttle::thread;

use crate::{check, toil, toss};

pipeline! {
    fn timed(xs: Stream<u32>, own: Pool) -> Stream<u32> {
        xs >> (|x| toil(x)).on(own).timeout(millis(6))
    }
}

pipeline! {
    fn again(xs: Stream<u32>, own: Pool) -> Stream<(u32, u32)> {
        let once = xs >> (|x| toil(x)).on(own).timeout(millis(6)).retry(1);
        (xs, once) >> (|x, y| (x, y))
    }
}

/// Each item is there once and in order, or its fault is.
fn assert_accounted<T>(results: &[Result<T, Fault>], value: impl Fn(&T) -> u32) {
    for (at, result) in (0..).zip(results) {
        match result {
            Ok(item) => assert_eq!(value(item), at),
            Err(fault) => {
                assert_eq!(
                    (fault.kind(), fault.input()),
                    (FaultKind::Timeout, u64::from(at))
                );
            }
        }
    }
}

#[test]
fn every_slot_is_settled_once() {
    check(|| {
        let run = timed(0..4, Pool::threads(2)).stride(2);
        let results: Vec<_> = if toss() {
            run.collect()
        } else {
            run.start().unwrap().collect()
        };
        assert_eq!(results.len(), 4);
        assert_accounted(&results, |x| *x);
    });
}

#[test]
fn what_is_tried_again_meets_its_partner() {
    check(|| {
        let results: Vec<_> = again(0..3, Pool::threads(1)).start().unwrap().collect();
        assert_eq!(results.len(), 3);
        assert_accounted(&results, |(x, y)| {
            assert_eq!(x, y);
            *x
        });
    });
}

#[test]
fn cancelled_in_a_call() {
    check(|| {
        let mut run = timed(0.., Pool::threads(1)).buffer(2).start().unwrap();
        let handle = run.handle();
        let cancel = thread::spawn(move || handle.cancel());
        let results: Vec<_> = run.by_ref().collect();
        assert_accounted(&results, |x| *x);
        cancel.join().unwrap();
        assert!(run.join().unwrap().was_cancelled());
    });
}

#[test]
fn dropped_in_a_call() {
    check(|| {
        let mut run = timed(0.., Pool::threads(2)).buffer(2).start().unwrap();
        run.next();
        drop(run);
    });
}
