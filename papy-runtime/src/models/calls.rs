//! A thread that comes with a result, one that comes with the clock, and one who gives up what is left: a slot is settled by
//! one of them.

use std::time::Duration;

use ::loom::thread;

use super::{Calls, Try};
use crate::models::model;
use crate::sync::{Arc, Instant, Mutex, lock};

#[test]
fn a_slot_is_settled_by_one() {
    model(|| {
        let calls = Arc::new(Mutex::new(Calls::<u8>::new()));
        let settled = Arc::new(Mutex::new(0));
        let (now, limit) = (Instant::now(), Duration::from_secs(1));
        let of = Try {
            round: 0,
            attempt: 1,
        };
        let ticket = lock(&calls).begin(of, now, now.checked_add(limit));
        let clock = {
            let (calls, settled) = (calls.clone(), settled.clone());
            thread::spawn(move || {
                let expired = lock(&calls).expire(now + limit).is_some();
                *lock(&settled) += usize::from(expired);
            })
        };
        let end = {
            let (calls, settled) = (calls.clone(), settled.clone());
            thread::spawn(move || {
                let left = lock(&calls).clear().count();
                *lock(&settled) += left;
            })
        };
        let unkept = lock(&calls).keep(ticket, 7);
        let in_time = lock(&calls).finish(ticket);
        // a copy that comes too late comes back, and nowhere else
        assert!(unkept.is_none() || in_time.is_none());
        *lock(&settled) += usize::from(in_time.is_some());
        clock.join().unwrap();
        end.join().unwrap();
        assert_eq!(*lock(&settled), 1);
    });
}
