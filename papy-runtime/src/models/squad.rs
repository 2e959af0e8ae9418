//! A squad of one thread, which a run leaves: the thread does what there is, and ends.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use ::loom::thread;

use super::{Arc, Enrolled, Post, Served, Squad, lock};
use crate::models::model;

struct Counter(AtomicUsize);

impl Post for Counter {
    fn serve(self: Arc<Self>) -> Served {
        self.0.fetch_add(1, SeqCst);
        Served::InTime
    }
}

/// A squad as it is when a run has enrolled and the first thread has begun.
fn squad() -> (Arc<Squad>, Enrolled) {
    let squad = Squad::new(1);
    {
        let mut state = lock(&squad.state);
        state.runs = 1;
        state.threads = 1;
    }
    let enrolled = Enrolled(squad.clone());
    (squad, enrolled)
}

#[test]
fn a_post_in_line_is_served() {
    model(|| {
        let (squad, enrolled) = squad();
        let post = Arc::new(Counter(AtomicUsize::new(0)));
        let worker = {
            let squad = squad.clone();
            thread::spawn(move || squad.work())
        };
        let other = {
            let (squad, post) = (squad.clone(), post.clone());
            thread::spawn(move || squad.line_up(post))
        };
        squad.line_up(post.clone());
        other.join().unwrap();
        // the run leaves when its work is done
        while post.0.load(SeqCst) < 2 {
            thread::yield_now();
        }
        drop(enrolled);
        worker.join().unwrap();
        assert_eq!(lock(&squad.state).threads, 0);
    });
}

#[test]
fn a_thread_ends_with_the_last_run() {
    model(|| {
        let (squad, enrolled) = squad();
        let worker = {
            let squad = squad.clone();
            thread::spawn(move || squad.work())
        };
        drop(enrolled);
        worker.join().unwrap();
        assert_eq!(lock(&squad.state).threads, 0);
    });
}

/// Two find that a thread is missing: one is begun.
#[test]
fn runs_that_begin_together_begin_one_thread() {
    model(|| {
        let squad = Squad::new(1);
        let other = {
            let squad = squad.clone();
            thread::spawn(move || squad.enrol().unwrap())
        };
        let enrolled = squad.enrol().unwrap();
        let other = other.join().unwrap();
        assert_eq!(lock(&squad.state).threads, 1);
        drop((enrolled, other));
    });
}

#[test]
fn posts_that_line_up_together_begin_no_more_threads_than_there_may_be() {
    model(|| {
        let squad = Squad::new(2);
        let enrolled = squad.enrol().unwrap();
        let post = Arc::new(Counter(AtomicUsize::new(0)));
        let other = {
            let (squad, post) = (squad.clone(), post.clone());
            thread::spawn(move || squad.line_up(post))
        };
        squad.line_up(post.clone());
        other.join().unwrap();
        assert!(lock(&squad.state).threads <= 2);
        while post.0.load(SeqCst) < 2 {
            thread::yield_now();
        }
        drop(enrolled);
    });
}
