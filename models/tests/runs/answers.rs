//! Sources that wait for what comes of their items.

use papy::prelude::*;
use shuttle::sync::mpsc::{Receiver, channel};
use shuttle::thread;

use crate::{check, toil, values};

pipeline! {
    fn chain(xs: Stream<u32>, own: Pool) -> Stream<u32> {
        xs >> (|x| toil(x)) >> (|x| toil(x)).serial().on(own)
    }
}

pipeline! {
    fn joined(xs: Stream<u32>, ys: Stream<u32>) -> Stream<u32> {
        (xs, ys) >> (|x, y| toil(x + y))
    }
}

/// The items of a channel, until it is closed.
fn items(requests: Receiver<u32>) -> impl Iterator<Item = u32> + Send + 'static {
    std::iter::from_fn(move || requests.recv().ok())
}

#[test]
fn every_burst_is_answered() {
    check(|| {
        let (requests, xs) = channel();
        let mut run = chain(items(xs), Pool::rayon()).start().unwrap();
        let mut answers = 0..;
        for burst in [1, 5, 2, 3] {
            for x in answers.clone().take(burst) {
                requests.send(x).unwrap();
            }
            for x in answers.by_ref().take(burst) {
                assert_eq!(run.next().unwrap().unwrap(), x);
            }
        }
        drop(requests);
        assert!(run.next().is_none());
        run.join().unwrap();
    });
}

#[test]
fn so_is_one_of_two_inputs() {
    check(|| {
        let (requests, ys) = channel();
        let mut run = joined(0.., items(ys)).start().unwrap();
        let mut answers = 0..;
        for burst in [4, 1, 3] {
            for y in answers.clone().take(burst) {
                requests.send(y).unwrap();
            }
            for y in answers.by_ref().take(burst) {
                assert_eq!(run.next().unwrap().unwrap(), 2 * y);
            }
        }
    });
}

#[test]
fn a_run_is_dropped_while_its_source_waits() {
    check(|| {
        let (requests, xs) = channel();
        let mut run = chain(items(xs), Pool::threads(1)).start().unwrap();
        (0..6).for_each(|x| requests.send(x).unwrap());
        assert_eq!(run.next().unwrap().unwrap(), 0);
        drop(run);
        drop(requests);
    });
}

#[test]
fn a_run_is_stopped_while_its_source_waits() {
    check(|| {
        let (requests, xs) = channel();
        let mut run = chain(items(xs), Pool::rayon()).start().unwrap();
        (0..5).for_each(|x| requests.send(x).unwrap());
        let handle = run.handle();
        let stop = thread::spawn(move || handle.stop());
        let results = values(&mut run);
        assert!(results.iter().copied().eq(0..results.len() as u32));
        stop.join().unwrap();
        let handle = run.handle();
        let report = handle.wait();
        assert_eq!(report.inputs()[0].position(), results.len() as u64);
        drop(run);
        drop(requests);
    });
}
