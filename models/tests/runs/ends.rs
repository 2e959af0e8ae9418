//! Runs that are stopped, paused, cancelled or dropped while they go on.

use std::sync::Arc;

use papy::prelude::*;
use shuttle::thread;

use crate::{check, toil, values};

pipeline! {
    fn apart(xs: Stream<u32>, own: Pool) -> Stream<u32> {
        xs >> (|x| toil(x)) >> (|x| [x, x]).flat().on(own) >> (|x| toil(x)).serial()
    }
}

pipeline! {
    fn chain(xs: Stream<u32>) -> Stream<u32> {
        xs >> (|x| toil(x)) >> (|x| toil(x)).serial()
    }
}

/// `0, 0, 1, 1, 2, …`
fn assert_pairs(results: &[u32]) {
    let pairs: Vec<u32> = (0..results.len() as u32).map(|n| n / 2).collect();
    assert_eq!(results, pairs);
}

#[test]
fn stopped() {
    check(|| {
        let mut run = apart(0.., Pool::threads(1)).buffer(2).start().unwrap();
        let handle = run.handle();
        let stop = thread::spawn(move || handle.stop());
        let results = values(&mut run);
        run.join().unwrap();
        assert_pairs(&results);
        assert_eq!(results.len() % 2, 0, "all that was taken comes out");
        stop.join().unwrap();
    });
}

#[test]
fn cancelled() {
    check(|| {
        let run = apart(0.., Pool::threads(1)).buffer(2).start().unwrap();
        let handle = run.handle();
        let cancel = {
            let handle = handle.clone();
            thread::spawn(move || handle.cancel())
        };
        assert_pairs(&values(run));
        cancel.join().unwrap();
        assert!(handle.wait().was_cancelled());
    });
}

#[test]
fn waited_for_and_cancelled() {
    check(|| {
        let run = chain(0..).buffer(2).start().unwrap();
        let handle = run.handle();
        let waits = {
            let handle = handle.clone();
            thread::spawn(move || drop(handle.wait()))
        };
        handle.cancel();
        waits.join().unwrap();
        drop(run);
    });
}

/// An item that is counted while it lives.
struct Live(Arc<()>);

pipeline! {
    fn alive(xs: Stream<Live>, own: Pool) -> Stream<Live> {
        xs >> (|x: Live| { toil(0); x }) >> (|x: Live| [x]).flat() >> (|x: Live| { toil(0); x }).serial().on(own)
    }
}

#[test]
fn dropped() {
    check(|| {
        let count = Arc::new(());
        let items = {
            let count = count.clone();
            (0..).map(move |_| Live(count.clone()))
        };
        let mut run = alive(items, Pool::threads(1)).buffer(2).start().unwrap();
        if crate::toss() {
            assert!(Arc::strong_count(&run.next().unwrap().unwrap().0) > 1);
        }
        let handle = run.handle();
        drop(run);
        let _ = handle.wait();
        // a driver that is in its source, or a job that has yet to begin, may end later
        drop(handle);
        count_ends(&count);
    });
}

/// Waits until nothing is alive but this; where something stays for ever, the schedule has no end.
fn count_ends(count: &Arc<()>) {
    while Arc::strong_count(count) > 1 {
        thread::yield_now();
    }
}

#[test]
fn paused_and_resumed() {
    check(|| {
        let mut run = chain(0..6).buffer(2).start().unwrap();
        let handle = run.handle();
        let pause = thread::spawn(move || {
            for _ in 0..2 {
                handle.pause();
                toil(0);
                handle.resume();
            }
        });
        assert_eq!(values(&mut run), [0, 1, 2, 3, 4, 5]);
        run.join().unwrap();
        pause.join().unwrap();
    });
}

#[test]
fn stopped_while_paused() {
    check(|| {
        let mut run = chain(0..).buffer(2).start().unwrap();
        let handle = run.handle();
        let end = thread::spawn(move || {
            handle.pause();
            handle.stop();
        });
        let results = values(&mut run);
        assert_eq!(results, (0..results.len() as u32).collect::<Vec<_>>());
        run.join().unwrap();
        end.join().unwrap();
    });
}

#[test]
fn a_fault_ends_it() {
    check(|| {
        let run = failing(0..9)
            .on_fault(OnFault::Stop)
            .buffer(4)
            .start()
            .unwrap();
        let handle = run.handle();
        let results: Vec<_> = run.collect();
        assert_eq!(results.len(), 3);
        assert!(results[0].is_ok() && results[1].is_ok() && results[2].is_err());
        handle.wait();
    });
}

pipeline! {
    fn failing(xs: Stream<u32>) -> Stream<u32> {
        xs >> (|x| if toil(x) == 2 { Err("two") } else { Ok(x) }).fallible()
    }
}
