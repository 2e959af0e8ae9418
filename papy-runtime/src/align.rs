//! Brings streams into phase: keeps what has no partner yet for the next wave.
//!
//! Streams that have been grouped differently, but at rates that agree, hold different numbers of slots in a wave. They
//! are paired by slot number here, in order; what one of them is ahead is never more than a group. At the end, the
//! first slot without a partner goes on beside an `End`, so that the join that is behind tells of it.

use std::collections::VecDeque;

use crate::lineage::Lineage;
use crate::link::{Entry, Link, Ports};
use crate::net::Step;
use crate::places::Trail;
use crate::shared::Shared;
use crate::slot::Slot;
use crate::stride::{Extent, Slots, Stride};
use crate::sync::{Arc, Mutex, lock};
use crate::unwind;

/// Streams that can be brought into phase.
pub trait Alignable: Ports<Links: Send + Sync> {
    /// What is kept of each.
    type Kept: Default + Send;

    /// Links for the same streams, in phase.
    fn links(lineages: &mut dyn Iterator<Item = Lineage>) -> Self::Links;
    /// The same links once more.
    fn same(links: &Self::Links) -> Self::Links;
    /// Adds the slots of a wave.
    fn keep(strides: Self::Strides, kept: &mut Self::Kept);
    /// Rounds for which there are slots of every stream.
    fn rounds(kept: &Self::Kept) -> usize;
    /// Whether a slot is left of any stream.
    fn is_left(kept: &Self::Kept) -> bool;
    /// Hands `rounds` rounds on, with `End` for what is missing, given what is known of the wave's strides.
    fn put(
        kept: &mut Self::Kept,
        rounds: usize,
        extents: &[Extent],
        links: &Self::Links,
        wave: u64,
        arrivals: &mut Vec<usize>,
    );
}

impl Alignable for () {
    type Kept = ();

    fn links(_lineages: &mut dyn Iterator<Item = Lineage>) {}
    fn same(_links: &()) {}
    fn keep(_strides: (), _kept: &mut ()) {}
    fn rounds(_kept: &()) -> usize {
        usize::MAX
    }
    fn is_left(_kept: &()) -> bool {
        false
    }
    fn put(
        _kept: &mut (),
        _rounds: usize,
        _extents: &[Extent],
        _links: &(),
        _wave: u64,
        _arrivals: &mut Vec<usize>,
    ) {
    }
}

/// Slots with their source positions.
pub struct Kept<T>(VecDeque<(u64, Slot<T>)>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept(VecDeque::new())
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        self.0.drain(..).for_each(unwind::discard);
    }
}

impl<T> Kept<T> {
    fn keep(&mut self, mut slots: Slots<T>) {
        loop {
            let position = slots.position();
            let Some(slot) = slots.next() else { break };
            self.0.push_back((position, slot));
        }
    }

    fn stride(&mut self, link: &Link<T>, len: usize, extent: &Extent) -> Stride<T> {
        let mut trail = Trail::default();
        let mut stride = link.stride(extent.clone(), len);
        for _ in 0..len {
            match self.0.pop_front() {
                Some((position, slot)) => {
                    trail.push(position);
                    stride.push(slot);
                }
                None => stride.push(Slot::End),
            }
        }
        stride.extent.places = trail.places(extent.places.clone());
        stride
    }
}

impl<E: Entry<Item: Send>, R: Alignable> Alignable for (E, R) {
    type Kept = (Kept<E::Item>, R::Kept);

    fn links(lineages: &mut dyn Iterator<Item = Lineage>) -> Self::Links {
        let first = lineages.next().expect("as many lineages as streams");
        (Link::new(first), R::links(lineages))
    }
    fn same(links: &Self::Links) -> Self::Links {
        (Arc::clone(&links.0), R::same(&links.1))
    }
    fn keep(strides: Self::Strides, kept: &mut Self::Kept) {
        kept.0.keep(strides.0);
        R::keep(strides.1, &mut kept.1);
    }
    fn rounds(kept: &Self::Kept) -> usize {
        (kept.0.0.len() / E::EACH).min(R::rounds(&kept.1))
    }
    fn is_left(kept: &Self::Kept) -> bool {
        let own = kept.0.0.iter().any(|(_, slot)| !matches!(slot, Slot::End));
        own || R::is_left(&kept.1)
    }
    fn put(
        kept: &mut Self::Kept,
        rounds: usize,
        extents: &[Extent],
        links: &Self::Links,
        wave: u64,
        arrivals: &mut Vec<usize>,
    ) {
        let Some((extent, others)) = extents.split_first() else {
            return;
        };
        let stride = kept.0.stride(&links.0, rounds * E::EACH, extent);
        links.0.put(wave, stride);
        arrivals.push(links.0.target());
        R::put(&mut kept.1, rounds, others, &links.1, wave, arrivals);
    }
}

/// The step that brings streams into phase, wave by wave in order.
pub(crate) struct Aligner<P: Alignable> {
    inputs: P::Links,
    outputs: P::Links,
    kept: Mutex<P::Kept>,
    /// The round behind the last wave in which nothing more will come.
    depth: u64,
}

impl<P: Alignable> Aligner<P> {
    pub(crate) fn new(inputs: P::Links, outputs: P::Links, depth: u64) -> Aligner<P> {
        Aligner {
            inputs,
            outputs,
            kept: Mutex::default(),
            depth,
        }
    }
}

impl<P: Alignable> Step for Aligner<P> {
    fn run(&self, _shared: &Shared, _part: usize, wave: u64, arrivals: &mut Vec<usize>) {
        let mut known = Vec::new();
        let mut note = |extent: &Extent, _| known.push(extent.clone());
        let Some(strides) = P::take(&self.inputs, wave, &mut note) else {
            return;
        };
        // the turnstile lets one wave in at a time
        let mut kept = std::mem::take(&mut *lock(&self.kept));
        P::keep(strides, &mut kept);
        let mut rounds = P::rounds(&kept);
        if known[0].tail == self.depth && rounds == 0 && P::is_left(&kept) {
            rounds = 1;
        }
        P::put(&mut kept, rounds, &known, &self.outputs, wave, arrivals);
        *lock(&self.kept) = kept;
    }

    fn clear(&self) {
        P::clear(&self.inputs);
        let kept = std::mem::take(&mut *lock(&self.kept));
        unwind::discard(kept);
    }
}
