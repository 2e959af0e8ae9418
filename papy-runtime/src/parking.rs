//! Things that arrive in any order and are taken by number.

use std::collections::VecDeque;

/// A window of numbered places. Numbers are dense, so a deque serves and nothing is hashed.
#[derive(Debug)]
pub(crate) struct Parking<T> {
    base: u64,
    places: VecDeque<Option<T>>,
}

impl<T> Parking<T> {
    pub(crate) fn new() -> Parking<T> {
        Parking {
            base: 0,
            places: VecDeque::new(),
        }
    }

    /// Parks `thing` as number `at`.
    pub(crate) fn insert(&mut self, at: u64, thing: T) {
        if self.places.is_empty() {
            self.base = at;
        }
        while at < self.base {
            self.places.push_front(None);
            self.base -= 1;
        }
        let index = (at - self.base) as usize;
        if index >= self.places.len() {
            self.places.resize_with(index + 1, || None);
        }
        self.places[index] = Some(thing);
    }

    /// Takes number `at`, if it has arrived.
    pub(crate) fn take(&mut self, at: u64) -> Option<T> {
        let index = at.checked_sub(self.base)?;
        let thing = self.places.get_mut(index as usize)?.take();
        self.trim();
        thing
    }

    /// Number `at`, where it has arrived.
    pub(crate) fn get_mut(&mut self, at: u64) -> Option<&mut T> {
        let index = at.checked_sub(self.base)?;
        self.places.get_mut(index as usize)?.as_mut()
    }

    /// The numbers of what is parked, the smallest first.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> {
        let places = (self.base..).zip(&self.places);
        places.filter_map(|(at, thing)| thing.as_ref().map(|_| at))
    }

    /// Everything that is parked.
    pub(crate) fn clear(&mut self) -> impl Iterator<Item = T> + use<T> {
        std::mem::take(&mut self.places).into_iter().flatten()
    }

    fn trim(&mut self) {
        while let Some(None) = self.places.front() {
            self.places.pop_front();
            self.base += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_by_number_whatever_the_order_of_arrival() {
        let mut parking = Parking::new();
        for n in [5u64, 3, 9, 4] {
            parking.insert(n, n * 10);
        }
        assert_eq!(parking.take(4), Some(40));
        assert_eq!(parking.take(4), None);
        assert_eq!(parking.take(7), None);
        assert_eq!(parking.take(3), Some(30));
        assert_eq!(parking.take(5), Some(50));
        parking.insert(6, 60);
        assert_eq!(parking.get_mut(6), Some(&mut 60));
        assert_eq!(parking.numbers().collect::<Vec<_>>(), [6, 9]);
        assert_eq!(parking.clear().collect::<Vec<_>>(), [60, 90]);
    }
}
