//! One who pulls, and one who takes over what has been pulled.

use std::collections::VecDeque;

use ::loom::thread;

use super::{Draft, Look, Takes};
use crate::models::model;
use crate::sync::{Arc, Condvar, Mutex, lock, wait};

/// What has been pulled, and what has been taken of it.
#[derive(Default)]
struct Scene {
    draft: Draft,
    pulled: Mutex<VecDeque<u64>>,
    taken: Mutex<Vec<u64>>,
    news: Condvar,
}

impl Scene {
    /// Pulls an item; gives whether to go on.
    fn pull(&self, item: u64) -> bool {
        lock(&self.pulled).push_back(item);
        !self.draft.is_interrupted()
    }

    /// Takes what there is; gives whether that was anything.
    fn take(&self) -> bool {
        let found = std::mem::take(&mut *lock(&self.pulled));
        let any = !found.is_empty();
        lock(&self.taken).extend(found);
        self.news.notify_all();
        any
    }

    /// As a source does that waits for what comes of its items.
    fn wait_for(&self, items: usize) {
        let mut taken = lock(&self.taken);
        while taken.len() < items {
            taken = wait(&self.news, taken);
        }
    }

    /// As the flusher does, but that the time between two looks is none.
    fn look_after(&self) {
        let mut seen = 0;
        loop {
            let look = self.draft.look(&mut seen);
            if self.draft.is_closed() {
                break;
            }
            let again = match look {
                Look::Moving => true,
                Look::Idle => false,
                Look::Stale => {
                    let taken = self.draft.interrupt(seen, |again| {
                        if self.take() || !again {
                            Takes::Wave(())
                        } else {
                            Takes::Nothing
                        }
                    });
                    !matches!(taken, Some(Takes::Nothing))
                }
            };
            if again {
                thread::yield_now();
            } else {
                self.draft.sleep(seen);
            }
        }
    }
}

fn scene() -> (Arc<Scene>, thread::JoinHandle<()>) {
    let scene = Arc::new(Scene::default());
    let looking = {
        let scene = scene.clone();
        thread::spawn(move || scene.look_after())
    };
    (scene, looking)
}

#[test]
fn who_waits_within_a_wave_is_not_left_alone() {
    model(|| {
        let (scene, looking) = scene();
        scene.draft.begin();
        if scene.pull(0) {
            scene.wait_for(1);
        }
        scene.draft.end();
        scene.take();
        scene.draft.close();
        looking.join().unwrap();
        assert_eq!(*lock(&scene.taken), [0]);
    });
}

#[test]
fn nor_is_it_in_the_next_one() {
    model(|| {
        let (scene, looking) = scene();
        scene.draft.begin();
        scene.pull(0);
        scene.draft.end();
        scene.take();
        scene.draft.begin();
        if scene.pull(1) {
            scene.wait_for(2);
        }
        scene.draft.end();
        scene.take();
        scene.draft.close();
        looking.join().unwrap();
        assert_eq!(*lock(&scene.taken), [0, 1]);
    });
}

/// Who has ended a pull has what is left of it to itself, and the interruption is over.
#[test]
fn what_is_pulled_is_taken_once_and_in_order() {
    model(|| {
        let (scene, looking) = scene();
        scene.draft.begin();
        let _ = scene.pull(0) && scene.pull(1);
        scene.draft.end();
        let all = lock(&scene.pulled).len() + lock(&scene.taken).len();
        let left = lock(&scene.pulled).clone();
        assert!(!scene.draft.is_interrupted());
        scene.pull(7);
        assert_eq!(lock(&scene.pulled).len(), left.len() + 1);
        scene.take();
        scene.draft.close();
        looking.join().unwrap();
        let expected: Vec<u64> = (0..all as u64).chain([7]).collect();
        assert_eq!(*lock(&scene.taken), expected);
    });
}
