//! Who is at work when a run ends.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use ::loom::thread;

use super::Shared;
use crate::models::{model, plan, shared};
use crate::sync::{Arc, Mutex, lock};
use crate::unwind;

/// An evaluation, if it may begin: never once the run has settled.
fn evaluate(shared: &Shared, settled: &AtomicBool, inside: &Mutex<()>) {
    if let Some(inside_of_it) = shared.task_enters() {
        assert!(!settled.load(SeqCst), "begun in a run that is gone");
        drop(lock(inside));
        assert!(!settled.load(SeqCst), "the run did not wait for it");
        drop(inside_of_it);
    }
}

#[test]
fn a_cancelled_run_waits_for_what_it_has_begun() {
    model(|| {
        let shared = shared(vec![plan(1, 0)], 1);
        let settled = Arc::new(AtomicBool::new(false));
        let inside = Arc::new(Mutex::new(()));
        let driver = {
            shared.driver_enters();
            let (shared, settled, inside) = (shared.clone(), settled.clone(), inside.clone());
            thread::spawn(move || {
                evaluate(&shared, &settled, &inside);
                shared.driver_leaves(None);
            })
        };
        let helper = {
            let (shared, settled, inside) = (shared.clone(), settled.clone(), inside.clone());
            thread::spawn(move || {
                if shared.helper_enters() {
                    evaluate(&shared, &settled, &inside);
                    assert!(!settled.load(SeqCst), "the run did not wait for a helper");
                    shared.helper_leaves();
                }
            })
        };
        shared.cancel();
        shared.settle();
        settled.store(true, SeqCst);
        driver.join().unwrap();
        helper.join().unwrap();
    });
}

/// The last evaluation, the end of its part and the end of the driver, in whatever order.
#[test]
fn who_waits_for_the_end_sees_it() {
    model(|| {
        let shared = shared(vec![plan(1, 0)], 1);
        shared.driver_enters();
        let driver = {
            let shared = shared.clone();
            thread::spawn(move || shared.driver_leaves(None))
        };
        let helper = {
            let shared = shared.clone();
            thread::spawn(move || {
                let inside_of_it = shared.task_enters();
                assert!(inside_of_it.is_some());
                shared.part_ends();
                drop(inside_of_it);
            })
        };
        assert!(shared.wait(None));
        assert!(shared.is_over());
        driver.join().unwrap();
        helper.join().unwrap();
    });
}

/// Something of papy's own unwinds: the wave is lost, and nobody waits for it.
#[test]
fn an_evaluation_that_breaks_ends_the_run() {
    model(|| {
        let shared = shared(vec![plan(1, 0)], 1);
        let helper = {
            let shared = shared.clone();
            thread::spawn(move || {
                let broken = unwind::catch(|| {
                    let _inside = shared.task_enters();
                    std::panic::resume_unwind(Box::new("broken"));
                });
                assert!(broken.is_err());
            })
        };
        assert!(shared.wait(None));
        assert!(shared.is_cancelled());
        helper.join().unwrap();
    });
}

/// Nobody is at work, so the cancel is all that there is to see.
#[test]
fn who_waits_sees_a_cancel() {
    model(|| {
        let shared = shared(vec![plan(1, 0)], 1);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.cancel())
        };
        assert!(shared.wait(None));
        other.join().unwrap();
    });
}

#[test]
fn all_who_wait_are_told() {
    model(|| {
        let shared = shared(vec![plan(1, 0)], 1);
        shared.driver_enters();
        let waits = {
            let shared = shared.clone();
            thread::spawn(move || assert!(shared.wait(None)))
        };
        let driver = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.part_ends();
                shared.driver_leaves(None);
            })
        };
        assert!(shared.wait(None));
        waits.join().unwrap();
        driver.join().unwrap();
    });
}
