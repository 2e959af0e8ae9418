//! Cuts a stream into groups: a region whose kernel joins what is to be grouped, and a group that goes on from wave to
//! wave.
//!
//! So the items of a group may have been worked on by any number of threads, and the group itself is worked on by
//! whoever is free.

use crate::bundle::{Gathering, Group};
use crate::cursor::Cursor;
use crate::link::{Link, Ports};
use crate::net::{Place, Step, rounds_of};
use crate::places::Trail;
use crate::region::Region;
use crate::shared::Shared;
use crate::slot::Slot;
use crate::spares::Spares;
use crate::stride::Stride;
use crate::sync::{Arc, Instant, Mutex, lock};
use crate::unwind;
use crate::watch::What;

/// The step that groups, wave by wave in order.
pub(crate) struct Grouper<P: Ports, S, M, K, T> {
    place: Place,
    region: Arc<Region<P, S, M, K>>,
    inputs: P::Links,
    output: Arc<Link<Group<T>>>,
    size: u64,
    begun: Mutex<Begun<T>>,
    /// For what is to be grouped.
    spares: Arc<Spares<T>>,
}

/// The group that still lacks slots.
struct Begun<T> {
    gathering: Gathering<T>,
    /// Where its first slot comes from.
    position: u64,
}

impl<T> Default for Begun<T> {
    fn default() -> Self {
        Begun {
            gathering: Gathering::default(),
            position: 0,
        }
    }
}

impl<P: Ports, S, M, K, T> Grouper<P, S, M, K, T> {
    pub(crate) fn new(
        place: Place,
        region: Arc<Region<P, S, M, K>>,
        inputs: P::Links,
        output: Arc<Link<Group<T>>>,
        size: u64,
    ) -> Self {
        Grouper {
            place,
            region,
            inputs,
            output,
            size,
            begun: Mutex::default(),
            spares: Arc::default(),
        }
    }
}

impl<P, S, M, K, T> Step for Grouper<P, S, M, K, T>
where
    P: Ports,
    S: Send,
    M: Fn() -> S + Send + Sync,
    K: Fn(&mut Cursor<'_>, &mut S, P::Slots) -> (Slot<T>, ()) + Send + Sync,
    T: Send,
{
    fn run(&self, shared: &Shared, part: usize, wave: u64, arrivals: &mut Vec<usize>) {
        let Some((strides, extent, rounds)) = rounds_of::<P>(&self.inputs, wave, self.place.lead)
        else {
            return;
        };
        let of = (&extent.places, rounds);
        let mut book = self.place.open_book_at(shared, part, wave, of);
        let began = Instant::now();
        let outs = Stride::from_spares(&self.spares, extent.clone(), rounds);
        let (slots, ()) = self.region.evaluate(
            &mut book,
            rounds,
            false,
            strides,
            (outs, ()),
            shared.cancelled(),
        );
        // the turnstile lets one wave in at a time
        let mut begun = std::mem::take(&mut *lock(&self.begun));
        let mut trail = Trail::default();
        let groups = (rounds as u64 / self.size) as usize + 1;
        let mut stride = self.output.stride(extent.clone(), groups);
        let mut slots = slots.into_slots();
        loop {
            let position = slots.position();
            let Some(slot) = slots.next() else { break };
            if begun.gathering.len == 0 {
                begun.position = position;
            }
            begun.gathering.push(slot);
            if begun.gathering.len == self.size {
                let whole = std::mem::take(&mut begun);
                trail.push(whole.position);
                stride.push(whole.gathering.slot());
            }
        }
        if extent.tail == self.place.depth && !begun.gathering.is_empty() {
            let last = std::mem::take(&mut begun);
            trail.push(last.position);
            stride.push(last.gathering.slot());
        }
        *lock(&self.begun) = begun;
        stride.extent.places = trail.places(extent.places);
        self.output.put(wave, stride);
        arrivals.push(self.output.target());
        self.place.close_book(shared, book, rounds, began.elapsed());
    }

    fn clear(&self) {
        P::clear(&self.inputs);
        let begun = std::mem::take(&mut *lock(&self.begun));
        unwind::discard(begun.gathering);
    }

    fn what(&self) -> What {
        What::Nodes(self.place.nodes().to_vec())
    }
}
