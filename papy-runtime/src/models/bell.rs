//! Two who have work and ring; one who hears, looks, and sleeps.

use ::loom::thread;

use super::Bell;
use crate::models::model;
use crate::sync::{Arc, Mutex, lock};

#[test]
fn no_ring_is_lost() {
    model(|| {
        let bell = Arc::new(Bell::default());
        let work = Arc::new(Mutex::new(0));
        let ringers = [(); 2].map(|()| {
            let (bell, work) = (bell.clone(), work.clone());
            thread::spawn(move || {
                *lock(&work) += 1;
                bell.ring();
            })
        });
        let mut done = 0;
        while done < 2 {
            bell.hear();
            let found = std::mem::take(&mut *lock(&work));
            if found == 0 {
                bell.sleep(None);
            }
            done += found;
        }
        for other in ringers {
            other.join().unwrap();
        }
    });
}
