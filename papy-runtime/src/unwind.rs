//! The one place where panics are caught.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Runs `f`; a panic in it is given back as its payload.
///
/// Unwind safety is asserted, not assumed away: what a panicking call has touched is either dropped with it (its
/// item) or documented to stay as the call left it (a node's state).
#[inline(always)]
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(f))
}

/// Drops `value`; a panic in its `Drop` ends here, after the panic hook has told of it.
#[inline]
pub(crate) fn discard<T>(value: T) {
    if std::mem::needs_drop::<T>()
        && let Err(payload) = catch(|| drop(value))
    {
        forget_payload(payload);
    }
}

/// A payload may panic when it is dropped; that second panic has nothing to tell. Whether its payload, too, can be dropped
/// is known of text alone.
pub(crate) fn forget_payload(payload: Payload) {
    if let Err(second) = catch(|| drop(payload))
        && !(second.is::<&str>() || second.is::<String>())
    {
        std::mem::forget(second);
    }
}

/// The message of a panic, as the default hook would print it.
pub(crate) fn message(payload: &Payload) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic with a payload that is not text".to_owned())
}
