//! Two who bring strides to the queue of an output, and the reader.

use ::loom::thread;

use super::{Patience, Reader};
use crate::channel::Channel;
use crate::lineage::Lineages;
use crate::link::Link;
use crate::models::{model, plan, shared};
use crate::net::Step;
use crate::shared::Shared;
use crate::slot::Slot;
use crate::stride::{Extent, Stride};
use crate::sync::{Arc, lock};

/// An output of a run that has issued two waves of one item.
struct Scene {
    shared: Arc<Shared>,
    link: Arc<Link<Item>>,
    channel: Arc<Channel<Item>>,
}

/// A number, and whether it is still there.
type Item = (u64, Arc<()>);

fn scene() -> Scene {
    let shared = shared(vec![plan(1, 1)], 2);
    for _ in 0..2 {
        lock(&shared.parts[0].flow).issue(1);
    }
    let link = Link::new(Lineages::default().source(0, false));
    let channel = Arc::new(Channel::new(link.clone(), 0, 0, &shared, 0));
    Scene {
        shared,
        link,
        channel,
    }
}

impl Scene {
    fn reader(&self) -> Reader<Item> {
        Reader::new(&self.channel)
    }

    /// Brings a wave; then, maybe, the end.
    fn bring(&self, wave: u64, slot: Slot<Item>, ends: bool) -> thread::JoinHandle<()> {
        let (shared, link, channel) =
            (self.shared.clone(), self.link.clone(), self.channel.clone());
        thread::spawn(move || {
            let mut stride = Stride::from_spares(&Arc::default(), Extent::at(wave, 0), 1);
            stride.extent.charge = 1;
            stride.push(slot);
            link.put(wave, stride);
            channel.run(&shared, 0, wave, &mut Vec::new());
            lock(&shared.parts[0].flow).step(wave);
            if ends {
                lock(&shared.parts[0].flow).end();
                shared.gates[0].end(2);
            }
        })
    }

    /// Everything has been read, and the room for it given back.
    fn assert_read(&self) {
        let flow = lock(&self.shared.parts[0].flow);
        assert!(flow.is_idle() && !flow.is_hungry(0));
        assert_eq!(flow.room(), 2);
    }
}

fn read(reader: &mut Reader<Item>) -> Option<u64> {
    match reader.next(Patience::Endless, None) {
        std::task::Poll::Ready(next) => next.map(|item| item.unwrap().0),
        std::task::Poll::Pending => panic!("endless patience"),
    }
}

fn value(number: u64) -> Slot<Item> {
    Slot::Value((number, Arc::default()))
}

#[test]
fn strides_come_out_once_and_in_order() {
    model(|| {
        let scene = scene();
        let mut reader = scene.reader();
        let others = [
            scene.bring(1, value(1), true),
            scene.bring(0, value(0), false),
        ];
        let results = [(); 3].map(|()| read(&mut reader));
        assert_eq!(results, [Some(0), Some(1), None]);
        for other in others {
            other.join().unwrap();
        }
        scene.assert_read();
    });
}

#[test]
fn the_end_is_seen_where_there_is_nothing_to_read() {
    model(|| {
        let scene = scene();
        let mut reader = scene.reader();
        let others = [
            scene.bring(1, Slot::Hole, true),
            scene.bring(0, Slot::Hole, false),
        ];
        assert_eq!(read(&mut reader), None);
        for other in others {
            other.join().unwrap();
        }
        scene.assert_read();
    });
}

#[test]
fn a_cancel_is_seen() {
    model(|| {
        let scene = scene();
        let mut reader = scene.reader();
        let bringing = scene.bring(0, value(0), false);
        let cancel = {
            let gate = scene.shared.gates[0].clone();
            thread::spawn(move || gate.cancel())
        };
        let mut results = Vec::new();
        while let Some(result) = read(&mut reader) {
            results.push(result);
        }
        assert!(results.is_empty() || results == [0]);
        bringing.join().unwrap();
        cancel.join().unwrap();
    });
}

#[test]
fn nothing_is_kept_for_a_reader_that_is_gone() {
    model(|| {
        let scene = scene();
        let reader = scene.reader();
        let alive = Arc::new(());
        let item = |number| Slot::Value((number, alive.clone()));
        let others = [
            scene.bring(1, item(1), false),
            scene.bring(0, item(0), false),
        ];
        drop(reader);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(Arc::strong_count(&alive), 1);
        assert!(lock(&scene.shared.parts[0].flow).nobody_reads(1));
    });
}
