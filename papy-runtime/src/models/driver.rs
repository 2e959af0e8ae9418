//! The tokens of a part, its bell and its end: one who pulls, one who evaluates, one who steers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use ::loom::thread;

use super::{Course, Driver};
use crate::draft::Draft;
use crate::engine::model::{on_one_thread, spawn_in_model};
use crate::engine::{Engine, Hand, Spawn};
use crate::inlet::{Own, Pull};
use crate::intake::Gather;
use crate::models::{Witness, engine, model, plan, planned, shared};
use crate::pace::Pace;
use crate::pool::Pool;
use crate::region::Order;
use crate::shared::Shared;
use crate::stride::Extent;
use crate::sync::{Arc, Mutex, lock};

/// A source of so many items.
struct Tap {
    left: u64,
    state: Arc<TapState>,
}

#[derive(Default)]
struct TapState {
    pulled: AtomicU64,
    /// Nobody may pull now.
    shut: AtomicBool,
    inside: Mutex<()>,
}

impl Pull for Tap {
    fn pull(&mut self, from: u64, until: u64, _draft: &Draft, _shared: &Shared) {
        assert!(!self.state.shut.load(SeqCst), "pulled while it is paused");
        let len = self.left.min(until - from);
        self.left -= len;
        // here others may go on
        drop(lock(&self.state.inside));
        self.state.pulled.fetch_add(len, SeqCst);
    }

    fn stand(&self) -> u64 {
        self.state.pulled.load(SeqCst)
    }

    fn intake(&self) -> &dyn Gather {
        self
    }

    fn may_wait(&self) -> bool {
        false
    }

    fn open(&mut self) {}

    fn has_ended(&self) -> bool {
        self.left == 0
    }

    fn is_due(&self) -> bool {
        false
    }
}

impl Gather for Tap {
    fn waiting(&self, _shared: &Shared) -> usize {
        0
    }

    fn commit(&self, _wave: u64, _extent: Extent, _len: usize, _shared: &Shared) -> usize {
        0
    }
}

/// A run of one step with room for one item.
struct Scene {
    shared: Arc<Shared>,
    engine: Arc<Engine<'static>>,
    witness: Arc<Witness>,
    tap: Arc<TapState>,
    driver: Driver<Own>,
}

fn scene(items: u64, pool: &Pool) -> Scene {
    let shared = shared(vec![plan(1, 0)], 1);
    let witness = Arc::new(Witness::default());
    let step = planned(witness.role(), Order::Serial, 1, pool);
    let engine = engine(&shared, vec![(0, step)]);
    let tap = Arc::new(TapState::default());
    let pull = Tap {
        left: items,
        state: tap.clone(),
    };
    let course = Course {
        part: 0,
        inputs: vec![(0, 1)],
        outputs: Vec::new(),
        tails: 0,
        steps: Vec::new(),
        regions: 1,
        attended: None,
        pace: Pace::new(None, None, 1, 2),
        ended: false,
        alone: true,
    };
    shared.driver_enters();
    let driver = Driver {
        inlets: Own(vec![(0, Box::new(pull))]),
        parts: vec![course],
        bell: shared.parts[0].bell().clone(),
        shared: shared.clone(),
    };
    Scene {
        shared,
        engine,
        witness,
        tap,
        driver,
    }
}

/// As the thread of a started run does.
fn drive(mut driver: Driver<Own>, engine: &Arc<Engine<'static>>) {
    driver.drive(&mut Hand::new(engine, Spawn::Owned(spawn_in_model)));
    if driver.shared.is_cancelled() {
        driver.shared.wait_for_tasks();
        engine.clear();
    }
    driver.shared.driver_leaves(None);
}

impl Scene {
    fn begin(
        self,
    ) -> (
        Arc<Shared>,
        Arc<Witness>,
        Arc<TapState>,
        thread::JoinHandle<()>,
    ) {
        let Scene {
            shared,
            engine,
            witness,
            tap,
            driver,
        } = self;
        let driving = thread::spawn(move || drive(driver, &engine));
        (shared, witness, tap, driving)
    }
}

/// The driver sleeps for want of room; the helper that gives it back rings.
#[test]
fn room_that_is_given_back_is_used() {
    model(|| {
        let scene = scene(2, &Pool::threads(1));
        on_one_thread(&scene.engine);
        drive(scene.driver, &scene.engine);
        scene.shared.wait(None);
        assert_eq!(scene.witness.seen(), [0, 1]);
    });
}

#[test]
fn a_pause_holds_and_a_resume_is_heard() {
    model(|| {
        let (shared, witness, tap, driving) = scene(2, &Pool::inline()).begin();
        shared.pause(true);
        shared.wait_for_pulls(Duration::from_millis(100));
        tap.shut.store(true, SeqCst);
        let pulled = tap.pulled.load(SeqCst);
        thread::yield_now();
        assert_eq!(tap.pulled.load(SeqCst), pulled);
        tap.shut.store(false, SeqCst);
        shared.pause(false);
        shared.wait(None);
        driving.join().unwrap();
        assert_eq!(witness.seen(), [0, 1]);
    });
}

#[test]
fn a_stop_is_heard() {
    model(|| {
        let (shared, witness, tap, driving) = scene(3, &Pool::inline()).begin();
        shared.stop();
        shared.wait(None);
        driving.join().unwrap();
        assert_eq!(witness.seen().len() as u64, tap.pulled.load(SeqCst));
    });
}

#[test]
fn a_stop_ends_a_pause() {
    model(|| {
        let (shared, _, _, driving) = scene(2, &Pool::inline()).begin();
        shared.pause(true);
        shared.stop();
        driving.join().unwrap();
        assert!(shared.is_over());
    });
}

#[test]
fn nothing_goes_on_after_a_cancelled_run_has_settled() {
    model(|| {
        let scene = scene(2, &Pool::threads(1));
        on_one_thread(&scene.engine);
        let (shared, witness, tap, driving) = scene.begin();
        shared.cancel();
        shared.settle();
        let (seen, pulled) = (witness.seen(), tap.pulled.load(SeqCst));
        driving.join().unwrap();
        assert_eq!((witness.seen(), tap.pulled.load(SeqCst)), (seen, pulled));
    });
}
