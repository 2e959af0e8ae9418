//! What an input has given, until it goes on its way as part of a wave.
//!
//! A source may wait, after any item, for what comes of that item. So each lies where another thread finds it before the source is asked
//! for the next one: in a ring, which costs who writes to it hardly more than a vector. Who makes a wave moves it from there to a stride.

use crate::link::Link;
use crate::plain::Plain;
use crate::shared::Shared;
use crate::slot::Slot;
use crate::stride::{Extent, Stride};
use crate::sync::ring::{self, ring};
use crate::sync::{Arc, Mutex, lock};
use crate::unwind;

/// What an input has given, and no wave holds yet.
pub(crate) struct Intake<T> {
    input: usize,
    link: Arc<Link<T>>,
    store: Mutex<Store<T>>,
}

struct Store<T> {
    /// What has come since the last look, where somebody looks.
    fresh: Option<ring::Reader<Plain<T>>>,
    /// What came before.
    stride: Option<Stride<T>>,
}

/// An intake of whatever type.
pub trait Gather {
    /// How many slots wait.
    fn waiting(&self, shared: &Shared) -> usize;
    /// Makes `len` of them part of a wave: those that there are, and `End` where they are fewer. Gives the step they go to.
    fn commit(&self, wave: u64, extent: Extent, len: usize, shared: &Shared) -> usize;
}

impl<T> Intake<T> {
    pub(crate) fn new(link: Arc<Link<T>>, input: usize) -> Arc<Intake<T>> {
        let store = Store {
            fresh: None,
            stride: None,
        };
        Arc::new(Intake {
            input,
            link,
            store: Mutex::new(store),
        })
    }

    /// The end that values are written to.
    pub(crate) fn open(&self) -> ring::Writer<Plain<T>> {
        let (writer, reader) = ring(Stride::<T>::DRAFT);
        lock(&self.store).fresh = Some(reader);
        writer
    }

    /// What is there, and will be more, to the driver; with room for so many more slots.
    pub(crate) fn lend(&self, slots: usize) -> Stride<T> {
        let stride = lock(&self.store).stride.take();
        stride.unwrap_or_else(|| self.link.stride(Extent::at(0, 0), slots))
    }

    /// What had been lent.
    pub(crate) fn take_back(&self, stride: Stride<T>) {
        lock(&self.store).stride = Some(stride);
    }

    /// Adds a slot that can't be written to the ring: for want of room, or since it is no value.
    pub(crate) fn add(&self, slot: Slot<T>, shared: &Shared) {
        let mut store = lock(&self.store);
        let stride = self.gather(&mut store, shared);
        match slot {
            Slot::Value(value) => stride.append(std::iter::once(Plain::new(value))),
            other => stride.push(other),
        }
    }

    /// Moves what is fresh to where the rest is.
    fn gather<'a>(&self, store: &'a mut Store<T>, shared: &Shared) -> &'a mut Stride<T> {
        let Store { fresh, stride } = store;
        let stride = stride.get_or_insert_with(|| self.link.gathered());
        if let Some(fresh) = fresh {
            let fresh = fresh.read();
            shared.ledger.pulled(self.input, fresh.len());
            stride.append(fresh);
        }
        stride
    }

    /// Drops what is there.
    pub(crate) fn clear(&self) {
        let (fresh, stride) = {
            let mut store = lock(&self.store);
            (store.fresh.take(), store.stride.take())
        };
        unwind::discard(stride);
        if let Some(mut fresh) = fresh {
            fresh.read().for_each(unwind::discard);
        }
    }
}

impl<T> Gather for Intake<T> {
    fn waiting(&self, shared: &Shared) -> usize {
        self.gather(&mut lock(&self.store), shared).len()
    }

    fn commit(&self, wave: u64, extent: Extent, len: usize, shared: &Shared) -> usize {
        let mut stride = {
            let mut store = lock(&self.store);
            let stride = self.gather(&mut store, shared);
            let rest = (stride.len() > len).then(|| stride.split_off(len));
            std::mem::replace(&mut store.stride, rest)
        }
        .unwrap_or_else(|| self.link.gathered());
        stride.extent = extent;
        (stride.len()..len).for_each(|_| stride.push(Slot::End));
        self.link.put(wave, stride);
        self.link.target()
    }
}
