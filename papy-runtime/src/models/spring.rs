//! Two who bring something to a spring, with room for one item behind it: whoever finds it claimed leaves word.

use ::loom::thread;

use super::{Arc, Basin, Link, Slots, Spring, Waiting, lock};
use crate::engine::model::spawn_in_model;
use crate::engine::{Engine, Hand, Spawn};
use crate::layout::PartPlan;
use crate::lineage::Lineages;
use crate::models::{Witness, engine, model, plan, planned, shared};
use crate::net::Role;
use crate::pool::Pool;
use crate::region::Order;
use crate::slot::Slot;
use crate::stride::{Extent, Stride};

struct Scene {
    engine: Arc<Engine<'static>>,
    basin: Arc<Basin<'static, u64>>,
    witness: Arc<Witness>,
}

/// A spring that two feed, and a step behind it. The part before it has issued two waves.
fn scene() -> Scene {
    let before = PartPlan {
        outputs: Vec::new(),
        feeds: vec![2],
        ..plan(1, 0)
    };
    let behind = PartPlan {
        inputs: Vec::new(),
        spring: Some(0),
        above: vec![(0, 0)],
        network: vec![0],
        ..plan(1, 0)
    };
    let shared = shared(vec![before, behind], 1);
    let link = Link::new(Lineages::default().source(0, false));
    link.aim(1);
    let basin = Basin::new(link, None, 2, None);
    let witness = Arc::new(Witness::default());
    let spring = planned(Role::Spring(basin.clone()), Order::Free, 1, &Pool::inline());
    let step = planned(witness.role(), Order::Serial, 1, &Pool::inline());
    {
        let mut flow = lock(&shared.parts[0].flow);
        flow.issue(1);
        flow.issue(1);
        flow.end();
    }
    Scene {
        engine: engine(&shared, vec![(1, spring), (1, step)]),
        basin,
        witness,
    }
}

/// Brings the last wave of one of its feeds to the spring, as the feed's step does.
fn feed(engine: &Arc<Engine<'static>>, basin: &Basin<'static, u64>, wave: u64) {
    let mut stride = Stride::from_spares(&Arc::default(), Extent::at(wave, 0), 1);
    stride.push(Slot::Value(wave));
    let slots: Slots<u64> = stride.into_slots();
    {
        let mut state = lock(&basin.state);
        state.waiting.push_back(Waiting {
            reads: Some((0, 0, 1)),
            slots: Box::new(slots),
        });
        state.feeds -= 1;
    }
    Hand::new(engine, Spawn::Owned(spawn_in_model)).issue(0, wave, false);
}

#[test]
fn word_that_is_left_is_found() {
    model(|| {
        let scene = scene();
        let other = {
            let (engine, basin) = (scene.engine.clone(), scene.basin.clone());
            thread::spawn(move || feed(&engine, &basin, 1))
        };
        feed(&scene.engine, &scene.basin, 0);
        other.join().unwrap();
        assert_eq!(
            (scene.witness.seen(), scene.witness.most()),
            (vec![0, 1], 1)
        );
        let flow = lock(&scene.engine.shared.parts[1].flow);
        assert!(
            flow.has_ended() && flow.is_through(),
            "the spring has not ended"
        );
        assert!(!scene.basin.is_wanted());
    });
}
