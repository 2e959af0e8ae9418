//! Turns that are taken over, partners that arrive, and helpers that look for work and leave.

use ::loom::thread;

use super::{Engine, Hand, Spawn, lock};
use crate::models::{Witness, engine, model, plan, planned, shared};
use crate::pool::Pool;
use crate::region::Order;
use crate::sync::Arc;

/// A helper, as [`spawn_owned`](super::spawn_owned) begins them on a pool.
pub(crate) fn spawn_in_model(engine: &Arc<Engine<'static>>, crew: usize) {
    let engine = engine.clone();
    thread::spawn(
        move || {
            while engine.help(crew, Spawn::Owned(spawn_in_model)) && engine.rejoin(crew) {}
        },
    );
}

/// A pool whose threads are never begun: its helpers are the model's.
pub(crate) fn on_one_thread(engine: &Engine<'_>) {
    lock(&engine.pools[1].queue).limit = 1;
}

/// An engine with one step, where so many waves have been issued and none follows.
fn one_step(
    order: Order,
    ports: usize,
    pool: &Pool,
    waves: u64,
) -> (Arc<Engine<'static>>, Arc<Witness>) {
    let shared = shared(vec![plan(1, 0)], 8);
    {
        let mut flow = lock(&shared.parts[0].flow);
        for _ in 0..waves {
            flow.issue(1);
        }
        flow.end();
    }
    let witness = Arc::new(Witness::default());
    let step = planned(witness.role(), order, ports, pool);
    (engine(&shared, vec![(0, step)]), witness)
}

/// Brings waves to the step, and does what it makes due.
fn bring(engine: &Arc<Engine<'static>>, waves: &[u64]) {
    let mut hand = Hand::new(engine, Spawn::Never);
    for wave in waves {
        hand.issue(0, *wave, false);
    }
}

fn bring_elsewhere(engine: &Arc<Engine<'static>>, waves: &'static [u64]) -> thread::JoinHandle<()> {
    let engine = engine.clone();
    thread::spawn(move || bring(&engine, waves))
}

#[test]
fn a_turn_is_taken_over() {
    model(|| {
        let (engine, witness) = one_step(Order::Serial, 1, &Pool::inline(), 3);
        let others = [&[2], &[1]].map(|waves| bring_elsewhere(&engine, waves));
        bring(&engine, &[0]);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!((witness.seen(), witness.most()), (vec![0, 1, 2], 1));
        assert!(engine.shared.is_over());
    });
}

#[test]
fn a_limit_is_kept_and_used_up() {
    for places in [1, 2] {
        model(move || {
            let (engine, witness) = one_step(Order::AtMost(places), 1, &Pool::inline(), 3);
            let others = [&[2], &[1]].map(|waves| bring_elsewhere(&engine, waves));
            bring(&engine, &[0]);
            for other in others {
                other.join().unwrap();
            }
            assert_eq!(witness.sorted(), [0, 1, 2]);
            assert!(witness.most() <= places);
            assert!(engine.shared.is_over());
        });
    }
}

#[test]
fn partners_meet_once() {
    model(|| {
        let (engine, witness) = one_step(Order::Serial, 2, &Pool::inline(), 2);
        let other = bring_elsewhere(&engine, &[1, 0]);
        bring(&engine, &[0, 1]);
        other.join().unwrap();
        assert_eq!((witness.seen(), witness.most()), (vec![0, 1], 1));
    });
}

/// Two queue work for a pool of one thread, whose helper leaves when it finds none.
#[test]
fn what_is_queued_is_done() {
    model(|| {
        let (engine, witness) = one_step(Order::Free, 1, &Pool::threads(1), 2);
        on_one_thread(&engine);
        let other = {
            let engine = engine.clone();
            thread::spawn(move || {
                Hand::new(&engine, Spawn::Owned(spawn_in_model)).issue(0, 1, true);
            })
        };
        Hand::new(&engine, Spawn::Owned(spawn_in_model)).issue(0, 0, true);
        engine.shared.wait(None);
        other.join().unwrap();
        assert_eq!((witness.sorted(), witness.most()), (vec![0, 1], 1));
    });
}

/// A driver throws away what waits once nothing is evaluated any more.
#[test]
fn a_cancelled_engine_rests() {
    model(|| {
        let (engine, witness) = one_step(Order::Free, 1, &Pool::inline(), 2);
        let others = [&[0], &[1]].map(|waves| bring_elsewhere(&engine, waves));
        engine.shared.cancel();
        engine.shared.wait_for_tasks();
        let seen = witness.seen();
        assert!(!witness.is_inside());
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(witness.seen(), seen, "begun after that");
    });
}
