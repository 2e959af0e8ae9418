//! A call that begins while the timekeeper goes to sleep: it is seen, or it rings.

use std::time::Duration;

use ::loom::thread;

use super::{Instant, Ordering, Timing};
use crate::calls::{Calls, Try};
use crate::models::model;
use crate::sync::{Arc, Mutex, lock};

const OF: Try = Try {
    round: 0,
    attempt: 1,
};

#[test]
fn no_call_is_slept_past() {
    model(|| {
        let timing = Arc::new(Timing::default());
        timing.turn_on();
        let calls = Arc::new(Mutex::new(Calls::<()>::new()));
        let caller = {
            let (timing, calls) = (timing.clone(), calls.clone());
            thread::spawn(move || {
                let now = Instant::now();
                let due = now.checked_add(Duration::from_secs(1));
                lock(&calls).begin(OF, now, due);
                timing.begun(due);
            })
        };
        // as the timekeeper does, with nothing that would make it wake by itself
        loop {
            timing.bell.hear();
            timing.wakes.store(u64::MAX, Ordering::SeqCst);
            if lock(&calls).due().is_some() {
                break;
            }
            timing.sleep(None);
        }
        caller.join().unwrap();
    });
}

#[test]
fn a_settled_wave_is_brought_on_its_way() {
    model(|| {
        let timing = Arc::new(Timing::default());
        timing.turn_on();
        let settlers = [1, 2].map(|wave| {
            let timing = timing.clone();
            thread::spawn(move || timing.settled(0, wave))
        });
        let mut found = Vec::new();
        while found.len() < 2 {
            timing.bell.hear();
            let settled = std::mem::take(&mut *lock(&timing.settled));
            if settled.is_empty() {
                timing.sleep(None);
            }
            found.extend(settled.into_iter().map(|(_, wave)| wave));
        }
        found.sort_unstable();
        assert_eq!(found, [1, 2]);
        for settler in settlers {
            settler.join().unwrap();
        }
    });
}
