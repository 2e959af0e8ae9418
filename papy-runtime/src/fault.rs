//! What stands in the place of an item that failed.

use std::error::Error;
use std::fmt;

use crate::sync::Arc;
use crate::unwind::{self, Payload};

/// Any error that a worker may return.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The fault of one item: where it happened, to which item, and why.
///
/// A fault takes the item's place in the stream and travels to the outputs, past every node that is not told to
/// `.catch()` it. It is cheap to clone.
///
/// ```
/// # use papy_runtime as papy;
/// use papy::{FaultKind, NumapExt};
///
/// let halves: Vec<_> = vec![4u32, 0].into_iter().numap(|x| 8 / x).collect();
/// let fault = halves[1].as_ref().unwrap_err();
/// assert_eq!(fault.kind(), FaultKind::Panic);
/// assert_eq!(fault.input(), 1);
/// ```
#[derive(Clone)]
pub struct Fault(Arc<Origin>);

struct Origin {
    node: Arc<str>,
    input: u64,
    kind: FaultKind,
    attempts: u32,
    cause: Option<BoxError>,
    others: Vec<Fault>,
    /// The first of the origins that are joined here; `None` where this is an origin itself.
    joined: Option<Fault>,
}

/// Why an item failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The worker returned an `Err`.
    Error,
    /// The worker panicked.
    Panic,
    /// The worker took longer than its `.timeout`.
    Timeout,
    /// Two inputs that meet ended at different lengths.
    Unequal,
    /// The input ended inside a group.
    Incomplete,
    /// The input itself failed.
    Input,
    /// The process that evaluated the item crashed.
    Crashed,
    /// The machine that evaluated the item was lost.
    Lost,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FaultKind::Error => "failed",
            FaultKind::Panic => "panicked",
            FaultKind::Timeout => "timed out",
            FaultKind::Unequal => "inputs of unequal length",
            FaultKind::Incomplete => "incomplete group",
            FaultKind::Input => "input failed",
            FaultKind::Crashed => "crashed",
            FaultKind::Lost => "lost",
        })
    }
}

impl Fault {
    pub(crate) fn new(node: &Arc<str>, input: u64, kind: FaultKind, cause: BoxError) -> Fault {
        Fault::with_others(node, input, kind, cause, Vec::new())
    }

    pub(crate) fn with_others(
        node: &Arc<str>,
        input: u64,
        kind: FaultKind,
        cause: BoxError,
        others: Vec<Fault>,
    ) -> Fault {
        Fault(Arc::new(Origin {
            node: node.clone(),
            input,
            kind,
            attempts: 1,
            cause: Some(cause),
            others,
            joined: None,
        }))
    }

    pub(crate) fn panicked(
        node: &Arc<str>,
        input: u64,
        kind: FaultKind,
        payload: Payload,
    ) -> Fault {
        let message = unwind::message(&payload);
        unwind::forget_payload(payload);
        Fault::new(node, input, kind, Box::new(Panicked(message)))
    }

    /// The same, after so many tries.
    pub(crate) fn tried(mut self, attempts: u32) -> Fault {
        if attempts > 1
            && let Some(origin) = Arc::get_mut(&mut self.0)
        {
            origin.attempts = attempts;
        }
        self
    }

    /// The fault of a join that this one and `other` meet at: every origin once, in argument order.
    pub(crate) fn and(&self, other: &Fault) -> Fault {
        let mut origins: Vec<Fault> = self.origins().collect();
        for origin in other.origins() {
            if !origins.iter().any(|known| Arc::ptr_eq(&known.0, &origin.0)) {
                origins.push(origin);
            }
        }
        let first = origins.remove(0);
        if origins.is_empty() {
            return first;
        }
        let Origin {
            node,
            input,
            kind,
            attempts,
            ..
        } = &*first.0;
        Fault(Arc::new(Origin {
            node: node.clone(),
            input: *input,
            kind: *kind,
            attempts: *attempts,
            cause: None,
            others: origins,
            joined: Some(first),
        }))
    }

    /// This fault's own origin, then the others'.
    fn origins(&self) -> impl Iterator<Item = Fault> + '_ {
        let first = self.0.joined.clone().unwrap_or_else(|| self.clone());
        std::iter::once(first).chain(self.0.others.iter().cloned())
    }

    fn cause(&self) -> Option<&BoxError> {
        self.0
            .joined
            .as_ref()
            .map_or(self.0.cause.as_ref(), Fault::cause)
    }

    /// The name of the node where it happened; of an input, where that failed.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.0.node
    }

    /// The position of the source item, from 0.
    #[must_use]
    pub fn input(&self) -> u64 {
        self.0.input
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        self.0.kind
    }

    /// How many times the item was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The other faults that met this one at a join, each origin once, in argument order.
    #[must_use]
    pub fn others(&self) -> impl ExactSizeIterator<Item = &Fault> + '_ {
        self.0.others.iter()
    }

    /// The worker's own error, where it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.cause()?.downcast_ref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` at item {}: {}",
            self.node(),
            self.input(),
            self.kind()
        )?;
        if self.attempts() > 1 {
            write!(f, " in each of {} tries", self.attempts())?;
        }
        if let Some(cause) = self.cause() {
            write!(f, ": {cause}")?;
        }
        match self.others().len() {
            0 => Ok(()),
            n => write!(f, " (and {n} more)"),
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("node", &self.node())
            .field("input", &self.input())
            .field("kind", &self.kind())
            .field("cause", &self.cause().map(ToString::to_string))
            .field("others", &self.0.others)
            .finish()
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().map(|cause| &**cause as &(dyn Error + 'static))
    }
}

/// The cause of a fault of kind `Panic`, and of an input that panicked: the panic's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panicked(String);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Panicked {}
