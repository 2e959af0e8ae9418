//! Results that come when they are done, in the order of their numbers.

use std::collections::VecDeque;

/// Holds back what comes too early. It takes as many places as the latest is ahead of the first that is missing.
#[derive(Debug)]
pub struct Order<T> {
    next: u64,
    early: VecDeque<Option<T>>,
}

impl<T> Default for Order<T> {
    fn default() -> Order<T> {
        Order {
            next: 0,
            early: VecDeque::new(),
        }
    }
}

impl<T> Order<T> {
    /// Takes a result, and gives those whose turn it is.
    pub fn put(&mut self, number: u64, result: T, mut give: impl FnMut(T)) {
        let place = (number - self.next) as usize;
        if place >= self.early.len() {
            self.early.resize_with(place + 1, || None);
        }
        self.early[place] = Some(result);
        while let Some(Some(result)) = self.early.front_mut().map(Option::take) {
            self.early.pop_front();
            self.next += 1;
            give(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_early_waits() {
        let mut order = Order::default();
        let mut given = Vec::new();
        for number in [2, 0, 1, 4, 5, 3] {
            order.put(number, number, |n| given.push(n));
        }
        assert_eq!(given, [0, 1, 2, 3, 4, 5]);
    }
}
