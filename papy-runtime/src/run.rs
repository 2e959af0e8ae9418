//! A started run: how it is steered, and how it ends.

use std::fmt;
use std::time::Duration;

use crate::error::RunError;
use crate::report::{Report, Stats};
use crate::shared::Shared;
use crate::sync::Arc;

/// What `pipeline!` makes of a pipeline's outputs: a struct with a field for each.
pub trait Run {
    /// `(Output<A>, (Output<B>, ()))`.
    type Outputs;
    /// The run of these outputs.
    fn new(outputs: Self::Outputs, control: Control) -> Self;
}

/// Drives a run that has no threads.
pub(crate) trait Seat: Send {
    /// Takes a wave of the part, or of each, all the way; `false` where nothing may be pulled.
    fn drive(&mut self, part: Option<usize>) -> bool;
}

/// Keeps a run going: shared by the run and its outputs. With the last of them the run is cancelled and joined.
pub struct Keeper(Arc<Shared>);

impl Keeper {
    pub(crate) fn drive(&self, part: usize) -> bool {
        self.0.drive(Some(part))
    }

    pub(crate) fn cancel(&self) {
        self.0.cancel();
    }

    pub(crate) fn is_inline(&self) -> bool {
        self.0.is_inline()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.cancel();
        self.0.settle();
    }
}

/// The run's own end of the control; the user's is a [`Handle`].
pub struct Control(Arc<Keeper>);

impl Control {
    pub(crate) fn new(shared: Arc<Shared>) -> Control {
        Control(Arc::new(Keeper(shared)))
    }

    pub(crate) fn keeper(&self) -> &Arc<Keeper> {
        &self.0
    }

    /// A handle.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(self.0.0.clone())
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// When a thread of the run has died.
    pub fn join(self) -> Result<Report, RunError> {
        let report = self.handle().wait();
        match self.0.0.broken() {
            Some(why) => Err(RunError::new(why)),
            None => Ok(report),
        }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

/// Steers a run, from any thread.
///
/// A handle does not keep the run alive: when the run and its outputs are gone, it is cancelled.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// Takes no more input until [`resume`](Handle::resume); what has been taken goes on.
    ///
    /// Returns when no source is being pulled, or after a tenth of a second: a source that blocks may still give the
    /// items of the wave that is being pulled.
    pub fn pause(&self) {
        self.0.pause(true);
        self.0.wait_for_pulls(Duration::from_millis(100));
    }

    /// Goes on after [`pause`](Handle::pause).
    pub fn resume(&self) {
        self.0.pause(false);
    }

    /// Takes no more input. Inputs that meet are first brought level; all that was taken comes out.
    ///
    /// A run with a single source ends also where that waits: after half a second, about. What it gives afterwards is dropped.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Ends now: what is in flight is dropped, outputs end.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Waits for the end of the run. This counts as reading every output, so the run is not held up by outputs that
    /// nobody reads; their items can still be read afterwards.
    #[allow(clippy::must_use_candidate, reason = "the report is a bonus")]
    pub fn wait(&self) -> Report {
        self.0.wait(None);
        self.0.report()
    }

    /// As [`wait`](Handle::wait), for at most `limit`; `None` where the run has not ended by then.
    #[must_use]
    pub fn wait_timeout(&self, limit: Duration) -> Option<Report> {
        self.0.wait(Some(limit)).then(|| self.0.report())
    }

    /// Whether everything has been evaluated. Outputs may still hold items.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// How far the run is.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.ledger.stats()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
