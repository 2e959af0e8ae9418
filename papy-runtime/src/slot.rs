//! One place of a stream: a value, a fault, a hole, or the end of its input.
//!
//! A region's kernel is straight-line code over slots. Every combinator keeps the one rule that
//! makes joins safe: *a slot goes in, a slot comes out*. So branches of a fork stay aligned
//! whatever happens in them.

use crate::check::Filtered;
use crate::cursor::Cursor;
use crate::fault::{Fault, FaultKind};
use crate::plain::Plain;
use crate::unwind;
use crate::worker::{Fallible, Gathers, Stateful, Stateless, Worker};

/// One place of a stream.
#[derive(Debug, Clone)]
// with a tag of its own: one that lies in a spare value of a part of `T` would be written by itself, and read with the rest soon after, see `Plain`
#[repr(u8)]
pub enum Slot<T> {
    /// An item.
    Value(T),
    /// An item that a filter took out; its place stays.
    Hole,
    /// An item that failed.
    Fault(Fault),
    /// The input that leads here has ended; another one that it meets may still go on.
    End,
}

/// The slot of a value that is not there, whatever type the value would have.
enum Absent {
    Hole,
    Fault(Fault),
    End,
}

impl Absent {
    #[inline(always)]
    fn slot<T>(self) -> Slot<T> {
        match self {
            Absent::Hole => Slot::Hole,
            Absent::Fault(fault) => Slot::Fault(fault),
            Absent::End => Slot::End,
        }
    }
}

/// What comes of two slots that meet and are not both values.
enum Met {
    Absent(Absent),
    /// One input has ended before the other; the faults that stood there.
    Unequal(Vec<Fault>),
}

/// Where `None` was a value. (It is not given the slots themselves: they would then be in memory in any case, and not only here.)
#[cold]
#[allow(
    improper_ctypes_definitions,
    reason = "it is not called from C; see `Book`"
)]
extern "C" fn without_partner(a: Option<Absent>, b: Option<Absent>) -> Met {
    let one_ended = matches!(a, Some(Absent::End)) != matches!(b, Some(Absent::End));
    if one_ended {
        let fault = |absent| match absent {
            Some(Absent::Fault(fault)) => Some(fault),
            _ => None,
        };
        let faults: Vec<Fault> = [fault(a), fault(b)].into_iter().flatten().collect();
        return match &faults[..] {
            // already told, where the first two of three met
            [fault] if fault.kind() == FaultKind::Unequal => {
                Met::Absent(Absent::Fault(fault.clone()))
            }
            _ => Met::Unequal(faults),
        };
    }
    Met::Absent(match (a, b) {
        (Some(Absent::End), Some(Absent::End)) => Absent::End,
        (Some(Absent::Fault(a)), Some(Absent::Fault(b))) => Absent::Fault(a.and(&b)),
        (Some(Absent::Fault(fault)), _) | (_, Some(Absent::Fault(fault))) => Absent::Fault(fault),
        _ => Absent::Hole,
    })
}

impl<T> Slot<T> {
    #[inline(always)]
    fn open(self) -> Result<T, Absent> {
        match self {
            Slot::Value(value) => Ok(value),
            Slot::Hole => Err(Absent::Hole),
            Slot::Fault(fault) => Err(Absent::Fault(fault)),
            Slot::End => Err(Absent::End),
        }
    }

    /// The value of a slot that is known to be one, or a hole.
    #[inline(always)]
    pub(crate) fn known(self) -> Option<Plain<T>> {
        match self {
            Slot::Value(value) => Some(Plain::new(value)),
            Slot::Hole => None,
            Slot::Fault(_) | Slot::End => unreachable!("it is known to be a value or a hole"),
        }
    }

    /// Applies `f` to the value. `f` is generated code that only moves parts about.
    #[inline(always)]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Slot<U> {
        match self.open() {
            Ok(value) => Slot::Value(f(value)),
            Err(absent) => absent.slot(),
        }
    }

    /// A field of the value: the stream's last use takes it out, and the rest is dropped.
    #[inline(always)]
    pub fn part<U>(self, cx: &mut Cursor<'_>, node: usize, f: impl FnOnce(T) -> U) -> Slot<U> {
        match self.open() {
            Ok(value) => match unwind::catch(|| f(value)) {
                Ok(part) => Slot::Value(part),
                Err(payload) => Slot::Fault(cx.copy_panicked(node, payload)),
            },
            Err(absent) => absent.slot(),
        }
    }

    /// The single argument of a node, as the tuple that closures take.
    #[inline(always)]
    pub fn solo(self) -> Slot<(T,)> {
        self.map(|value| (value,))
    }

    /// Joins the next argument of `node`: a fault in either makes a fault, else a hole a hole.
    #[inline(always)]
    pub fn and<U>(self, cx: &mut Cursor<'_>, node: usize, other: Slot<U>) -> Slot<(T, U)> {
        match (self, other) {
            (Slot::Value(a), Slot::Value(b)) => Slot::Value((a, b)),
            (a, b) => {
                let absent = match without_partner(a.absent(), b.absent()) {
                    Met::Absent(absent) => absent,
                    Met::Unequal(others) => match cx.unequal(node, others) {
                        Some(fault) => Absent::Fault(fault),
                        None => Absent::End,
                    },
                };
                absent.slot()
            }
        }
    }

    /// What stands in the place of a value; a value is dropped, since its partner is missing.
    #[inline(always)]
    fn absent(self) -> Option<Absent> {
        match self.open() {
            Ok(value) => {
                unwind::discard(value);
                None
            }
            Err(absent) => Some(absent),
        }
    }

    /// Takes the parts of a value apart; a fault or a hole is that of every part.
    #[inline(always)]
    pub fn split<H: Unzip>(self, f: impl FnOnce(T) -> H) -> H::Slots {
        match self.open() {
            Ok(value) => f(value).values(),
            Err(absent) => H::absent(&absent.slot()),
        }
    }

    /// Whether there is a value.
    #[inline(always)]
    #[must_use]
    pub fn is_value(&self) -> bool {
        matches!(self, Slot::Value(_))
    }

    /// Whether it tells that a partner is missing.
    #[inline(always)]
    #[must_use]
    pub fn is_unequal(&self) -> bool {
        #[cold]
        fn tells(fault: &Fault) -> bool {
            fault.kind() == FaultKind::Unequal
        }
        matches!(self, Slot::Fault(fault) if tells(fault))
    }

    /// What stands here in place of a value.
    #[inline(always)]
    #[must_use]
    pub fn absent_as<U>(self) -> Slot<U> {
        match self.open() {
            Ok(_) => Slot::Hole,
            Err(absent) => absent.slot(),
        }
    }

    /// Hands faults on as values, for a node that wants to see them.
    #[inline(always)]
    pub fn caught(self) -> Slot<Result<T, Fault>> {
        match self {
            Slot::Value(value) => Slot::Value(Ok(value)),
            Slot::Fault(fault) => Slot::Value(Err(fault)),
            Slot::Hole => Slot::Hole,
            Slot::End => Slot::End,
        }
    }

    /// A copy for one more use of the stream; a panic in `Clone` belongs to the node that is fed.
    #[must_use]
    #[inline(always)]
    pub fn copy(&self, cx: &mut Cursor<'_>, node: usize) -> Slot<T>
    where
        T: Clone,
    {
        self.copy_part(cx, node, T::clone)
    }

    /// A copy of a part of the value, for a projection that is not the stream's last use.
    #[inline(always)]
    pub fn copy_part<U>(
        &self,
        cx: &mut Cursor<'_>,
        node: usize,
        part: impl FnOnce(&T) -> U,
    ) -> Slot<U> {
        match self {
            Slot::Value(value) => match unwind::catch(|| part(value)) {
                Ok(part) => Slot::Value(part),
                Err(payload) => Slot::Fault(cx.copy_panicked(node, payload)),
            },
            Slot::Fault(fault) => Slot::Fault(fault.clone()),
            Slot::Hole => Slot::Hole,
            Slot::End => Slot::End,
        }
    }

    /// Calls `f` on the value under the node's guard: a panic or an error is the slot's fault.
    #[inline(always)]
    fn guard<U, E: Into<crate::fault::BoxError>>(
        self,
        cx: &mut Cursor<'_>,
        node: usize,
        f: impl FnOnce(T) -> Result<U, E>,
    ) -> Slot<U> {
        match self.open() {
            Ok(value) => {
                cx.begin(node);
                match unwind::catch(|| f(value)) {
                    Ok(Ok(out)) => Slot::Value(out),
                    Ok(Err(error)) => Slot::Fault(cx.failed(node, error)),
                    Err(payload) => Slot::Fault(cx.panicked(node, payload)),
                }
            }
            Err(absent) => {
                cx.skip(node);
                absent.slot()
            }
        }
    }

    /// As [`guard`](Slot::guard), up to `retries` times more where it fails. A copy is kept for each try but the last.
    #[inline(never)]
    fn guard_again<U, E: Into<crate::fault::BoxError>>(
        self,
        mut cx: Cursor<'_>,
        node: usize,
        (retries, copy): (usize, fn(&T) -> T),
        mut f: impl FnMut(T) -> Result<U, E>,
    ) -> Slot<U> {
        let mut value = match self.open() {
            Ok(value) => value,
            Err(absent) => {
                cx.skip(node);
                return absent.slot();
            }
        };
        cx.begin(node);
        let tries = u32::try_from(retries.max(1)).map_or(u32::MAX, |n| n.saturating_add(1));
        let mut attempt = 1;
        let slot = loop {
            let kept = (attempt < tries).then(|| unwind::catch(|| copy(&value)));
            let kept = match kept.transpose() {
                Ok(kept) => kept,
                Err(payload) => {
                    unwind::discard(value);
                    break Slot::Fault(cx.copy_panicked(node, payload));
                }
            };
            let failed = match unwind::catch(|| f(value)) {
                Ok(Ok(out)) => {
                    unwind::discard(kept);
                    break Slot::Value(out);
                }
                Ok(Err(error)) => Ok(error),
                Err(payload) => Err(payload),
            };
            match (kept, failed) {
                (Some(kept), failed) => {
                    match failed {
                        Ok(error) => unwind::discard(error),
                        Err(payload) => unwind::forget_payload(payload),
                    }
                    value = kept;
                    attempt += 1;
                    cx.tried(attempt);
                }
                (None, Ok(error)) => break Slot::Fault(cx.failed(node, error)),
                (None, Err(payload)) => break Slot::Fault(cx.panicked(node, payload)),
            }
        };
        cx.tried(1);
        slot
    }

    /// Evaluates a worker without state; again where it fails.
    #[inline(always)]
    pub fn then_again<W, const N: usize>(
        self,
        cx: &mut Cursor<'_>,
        node: usize,
        worker: &W,
        local: &mut W::Local,
        again: (usize, fn(&T) -> T),
    ) -> Slot<W::Out>
    where
        W: Worker<T, N> + Stateless,
    {
        self.guard_again(cx.again(), node, again, |value| {
            worker.call(&mut (), local, value)
        })
    }

    /// Evaluates a closure; again where it panics.
    #[inline(always)]
    pub fn call_again<U>(
        self,
        cx: &mut Cursor<'_>,
        node: usize,
        again: (usize, fn(&T) -> T),
        mut f: impl FnMut(T) -> U,
    ) -> Slot<U> {
        self.guard_again(cx.again(), node, again, |value| {
            Ok::<_, std::convert::Infallible>(f(value))
        })
    }

    /// Evaluates a closure whose `Err` is a fault; again where it fails.
    #[inline(always)]
    pub fn call_fallible_again<R: Fallible>(
        self,
        cx: &mut Cursor<'_>,
        node: usize,
        again: (usize, fn(&T) -> T),
        mut f: impl FnMut(T) -> R,
    ) -> Slot<R::Value> {
        self.guard_again(cx.again(), node, again, |value| f(value).into_result())
    }

    /// Evaluates a worker without state.
    #[inline(always)]
    pub fn then<W, const N: usize>(
        self,
        cx: &mut Cursor<'_>,
        node: usize,
        worker: &W,
        local: &mut W::Local,
    ) -> Slot<W::Out>
    where
        W: Worker<T, N> + Stateless,
    {
        self.guard(cx, node, |value| worker.call(&mut (), local, value))
    }

    /// Evaluates a worker with state, in order.
    #[inline(always)]
    pub fn then_with<W, const N: usize>(
        self,
        cx: &mut Cursor<'_>,
        node: usize,
        worker: &W,
        state: &mut W::State,
        local: &mut W::Local,
    ) -> Slot<W::Out>
    where
        W: Worker<T, N>,
    {
        self.guard(cx, node, |value| worker.call(state, local, value))
    }

    /// Feeds a fold: faults pass by, values go into the state, and the state comes out at the end.
    #[inline(always)]
    pub fn fold<W, const N: usize>(
        self,
        cx: &mut Cursor<'_>,
        node: usize,
        worker: &W,
        state: &mut Option<W::State>,
        local: &mut W::Local,
    ) -> Slot<W::Whole>
    where
        W: Worker<T, N> + Stateful,
        W::Whole: Gathers<W::Out>,
    {
        let Some(kept) = state else { return Slot::Hole };
        let fed = self.guard(cx, node, |value| worker.call(kept, local, value));
        if matches!(fed, Slot::Value(_)) {
            cx.absorb(node);
        }
        match fed {
            Slot::Fault(fault) => Slot::Fault(fault),
            _ if cx.is_at_end() => {
                cx.emit(node);
                state.take().map_or(Slot::Hole, Slot::Value)
            }
            _ => Slot::Hole,
        }
    }

    /// Evaluates a closure.
    #[inline(always)]
    pub fn call<U>(self, cx: &mut Cursor<'_>, node: usize, f: impl FnOnce(T) -> U) -> Slot<U> {
        self.guard(cx, node, |value| {
            Ok::<_, std::convert::Infallible>(f(value))
        })
    }

    /// Evaluates a closure whose `Err` is a fault.
    #[inline(always)]
    pub fn call_fallible<R: Fallible>(
        self,
        cx: &mut Cursor<'_>,
        node: usize,
        f: impl FnOnce(T) -> R,
    ) -> Slot<R::Value> {
        self.guard(cx, node, |value| f(value).into_result())
    }

    /// Turns `None` into a hole.
    #[inline(always)]
    pub fn filter(self, cx: &mut Cursor<'_>, node: usize) -> Slot<T::Kept>
    where
        T: Filtered,
    {
        match self.open() {
            Ok(value) => match value.kept() {
                Some(kept) => Slot::Value(kept),
                None => {
                    cx.hole(node);
                    Slot::Hole
                }
            },
            Err(absent) => absent.slot(),
        }
    }
}

/// A list `(A, (B, ()))` of values, taken apart into a list of slots.
pub trait Unzip {
    /// `(Slot<A>, (Slot<B>, ()))`.
    type Slots;
    /// A value slot of each.
    fn values(self) -> Self::Slots;
    /// The same fault, hole or end for each.
    fn absent(like: &Slot<()>) -> Self::Slots;
}

impl Unzip for () {
    type Slots = ();
    #[inline(always)]
    fn values(self) {}
    fn absent(_like: &Slot<()>) {}
}

impl<T, R: Unzip> Unzip for (T, R) {
    type Slots = (Slot<T>, R::Slots);
    #[inline(always)]
    fn values(self) -> Self::Slots {
        (Slot::Value(self.0), self.1.values())
    }
    fn absent(like: &Slot<()>) -> Self::Slots {
        let first = match like {
            Slot::Fault(fault) => Slot::Fault(fault.clone()),
            Slot::End => Slot::End,
            _ => Slot::Hole,
        };
        (first, R::absent(like))
    }
}

/// Sends an item down an arm; gives the arm's number, and a slot of each stream that the patterns bind. Patterns and guards
/// are the user's, under the node's guard.
#[inline(always)]
pub fn routed<T, B: Bound>(
    slot: Slot<T>,
    cx: &mut Cursor<'_>,
    node: usize,
    route: impl FnOnce(T) -> (usize, B),
) -> (Slot<usize>, B::Slots) {
    match slot.open() {
        Ok(value) => match unwind::catch(|| route(value)) {
            Ok((arm, bound)) => (Slot::Value(arm), bound.slots()),
            Err(payload) => (Slot::Fault(cx.panicked(node, payload)), B::none(false)),
        },
        Err(absent) => {
            let ended = matches!(absent, Absent::End);
            (absent.slot(), B::none(ended))
        }
    }
}

/// A list `(Option<A>, (Option<B>, ()))` of what the patterns of a route bind.
pub trait Bound {
    /// `(Slot<A>, (Slot<B>, ()))`.
    type Slots;
    /// A hole for what is not bound.
    fn slots(self) -> Self::Slots;
    /// Nothing is bound; at the end, or before it.
    fn none(ended: bool) -> Self::Slots;
}

impl Bound for () {
    type Slots = ();
    #[inline(always)]
    fn slots(self) {}
    #[inline(always)]
    fn none(_ended: bool) {}
}

impl<T, R: Bound> Bound for (Option<T>, R) {
    type Slots = (Slot<T>, R::Slots);
    #[inline(always)]
    fn slots(self) -> Self::Slots {
        (self.0.map_or(Slot::Hole, Slot::Value), self.1.slots())
    }
    #[inline(always)]
    fn none(ended: bool) -> Self::Slots {
        let slot = if ended { Slot::End } else { Slot::Hole };
        (slot, R::none(ended))
    }
}
