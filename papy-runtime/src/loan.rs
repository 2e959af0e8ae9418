//! What a loop changes of its strides at each turn, lent to it for as long as it lasts.
//!
//! A loop keeps in registers where it stands only if nobody else could look at it meanwhile. Strides are lent to the loop themselves,
//! and so it can't be known of them; of what has been taken out of them, and lies on the stack, it is.

/// What can be taken out of something for a while.
pub trait Lends {
    /// What is taken out.
    type Lent;
    /// Takes it out. What is left in its place needs not be dropped.
    fn lend(&mut self) -> Self::Lent;
    /// Puts it back; what is left needs not be dropped.
    fn take_back(&mut self, lent: &mut Self::Lent);
}

impl Lends for () {
    type Lent = ();
    #[inline(always)]
    fn lend(&mut self) {}
    #[inline(always)]
    fn take_back(&mut self, _lent: &mut ()) {}
}

impl<A: Lends, B: Lends> Lends for (A, B) {
    type Lent = (A::Lent, B::Lent);
    #[inline(always)]
    fn lend(&mut self) -> Self::Lent {
        (self.0.lend(), self.1.lend())
    }
    #[inline(always)]
    fn take_back(&mut self, lent: &mut Self::Lent) {
        self.0.take_back(&mut lent.0);
        self.1.take_back(&mut lent.1);
    }
}

/// What has been taken out, and goes back at the end, also where that is a panic.
#[derive(Debug)]
pub(crate) struct Loan<'a, S: Lends> {
    pub(crate) from: &'a mut S,
    pub(crate) lent: S::Lent,
}

impl<S: Lends> Loan<'_, S> {
    #[inline(always)]
    pub(crate) fn of(from: &mut S) -> Loan<'_, S> {
        let lent = from.lend();
        Loan { from, lent }
    }
}

impl<S: Lends> Drop for Loan<'_, S> {
    #[inline(always)]
    fn drop(&mut self) {
        self.from.take_back(&mut self.lent);
    }
}

/// Puts back what had been taken and has left nothing: to drop that would be a call, to which the rest would be lent.
#[inline(always)]
pub(crate) fn put_back<T: Default>(place: &mut T, taken: &mut T) {
    std::mem::forget(std::mem::replace(place, std::mem::take(taken)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plain::Plain;
    use crate::slot::Slot;
    use crate::stride::{Extent, Slots, Stride};
    use crate::sync::Arc;
    use crate::unwind;

    #[test]
    fn what_is_lent_goes_back_where_the_loop_panics() {
        let stride = || Stride::from_spares(&Arc::default(), Extent::at(0, 0), 10);
        let mut given = stride();
        (0..10).for_each(|n| given.push(Slot::Value(n)));
        let mut given = (given.into_slots(), ());
        let mut made = (stride(), ());
        let unwound = unwind::catch(|| {
            let mut given = Loan::of(&mut given);
            let mut made = Loan::of(&mut made);
            while let Some(slot) = given.from.0.next_with(&mut given.lent.0) {
                assert!(!matches!(slot, Slot::Value(6)), "on purpose");
                made.lent.0.add(slot);
            }
        });
        assert!(unwound.is_err());
        let values = |slots: Slots<u32>| slots.filter_map(|slot| slot.known().map(Plain::get));
        assert_eq!(given.0.taken(), 7);
        assert!(values(given.0).eq(7..10));
        assert!(values(made.0.into_slots()).eq(0..6));
    }
}
