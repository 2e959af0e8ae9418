//! Items that are counted.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::sync::process::Ordering::SeqCst;
use crate::sync::process::{Arc, AtomicUsize};

/// Hands out items and counts them, their copies, and those that are gone.
///
/// Its clones count together.
///
/// ```
/// use papy_runtime::NumapExt;
/// use papy_runtime::testing::{Live, Tally};
///
/// let tally = Tally::new();
/// let items = (0..100).map({
///     let tally = tally.clone();
///     move |n| tally.item(n)
/// });
/// let mut numbers = items.numap(|x: Live<u32>| *x).buffer(8);
/// assert_eq!(numbers.next().unwrap().unwrap(), 0);
/// assert!(tally.made() < 100); // nobody has asked for the others
///
/// assert_eq!(numbers.count(), 99);
/// assert_eq!((tally.made(), tally.clones(), tally.live()), (100, 0, 0));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    made: AtomicUsize,
    clones: AtomicUsize,
    dropped: AtomicUsize,
    peak: AtomicUsize,
}

/// Of all tallies of this process.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// How many counted items this process has.
pub(crate) fn alive() -> usize {
    ALIVE.load(SeqCst)
}

impl Tally {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new() -> Tally {
        Tally::default()
    }

    /// An item that is counted until it is dropped.
    pub fn item<T>(&self, value: T) -> Live<T> {
        Live {
            value,
            ticket: Ticket::new(self),
        }
    }

    /// Items made so far, copies among them.
    #[must_use]
    pub fn made(&self) -> usize {
        self.0.made.load(SeqCst)
    }

    /// Copies made so far: a fork makes them.
    #[must_use]
    pub fn clones(&self) -> usize {
        self.0.clones.load(SeqCst)
    }

    /// Items that are gone.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.0.dropped.load(SeqCst)
    }

    /// Items that there are now.
    #[must_use]
    pub fn live(&self) -> usize {
        // in this order: no item is gone before it was made
        let dropped = self.dropped();
        self.made() - dropped
    }

    /// Items that there were at most, at any one time.
    ///
    /// ```
    /// # use papy_runtime::testing::Tally;
    /// let tally = Tally::new();
    /// let first = tally.item("first");
    /// drop((first.clone(), tally.item("second")));
    /// assert_eq!((tally.live(), tally.peak(), tally.clones(), tally.dropped()), (1, 3, 1, 2));
    /// ```
    #[must_use]
    pub fn peak(&self) -> usize {
        self.0.peak.load(SeqCst)
    }
}

/// A value that is counted as long as it lives; made by [`Tally::item`].
///
/// It is used as the value itself.
///
/// ```
/// # use papy_runtime::testing::Tally;
/// let tally = Tally::new();
/// let mut text = tally.item(String::from("abc"));
/// text.push('d');
/// assert_eq!((text.len(), tally.live()), (4, 1));
/// assert_eq!((text.into_inner(), tally.live()), ("abcd".to_owned(), 0));
/// ```
#[derive(Clone)]
pub struct Live<T> {
    value: T,
    ticket: Ticket,
}

impl<T> Live<T> {
    /// The value, which is counted no more.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// What counts it.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.ticket.0
    }
}

impl<T> Deref for Live<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Live<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: PartialEq> PartialEq for Live<T> {
    fn eq(&self, other: &Live<T>) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Live<T> {}

impl<T: fmt::Debug> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// What counts one item. Apart from the value, which can so be taken out.
struct Ticket(Tally);

impl Ticket {
    fn new(tally: &Tally) -> Ticket {
        ALIVE.fetch_add(1, SeqCst);
        let made = tally.0.made.fetch_add(1, SeqCst) + 1;
        let live = made.saturating_sub(tally.dropped());
        tally.0.peak.fetch_max(live, SeqCst);
        Ticket(tally.clone())
    }
}

impl Clone for Ticket {
    fn clone(&self) -> Ticket {
        self.0.0.clones.fetch_add(1, SeqCst);
        Ticket::new(&self.0)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.0.dropped.fetch_add(1, SeqCst);
        ALIVE.fetch_sub(1, SeqCst);
    }
}
