//! The builder: a pipeline with its inputs and values, before it runs.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::error::StartError;
use crate::fault::Fault;
use crate::link::Port;
use crate::plan::{Body, Options, Plan, SendSources, SourceList};
use crate::report::Report;
use crate::run::Run;
use crate::shared::OnFault;
use crate::sink::{Collected, Outlets, Tap};

/// A pipeline that has been given its inputs and values and waits to be run.
///
/// `R` is the type of the run that [`start`](Pipeline::start) gives. The third parameter is what the pipeline was
/// compiled into; it shows which inputs it has, so that only a pipeline whose inputs are `Send` can be started.
#[must_use = "a pipeline does nothing until it is run: `.start()`, `.collect()`, `.for_each(…)` or `.run()`"]
pub struct Pipeline<'env, R, P> {
    plan: P,
    options: Options,
    types: PhantomData<(&'env (), fn() -> R)>,
}

/// What generated code ends in: a pipeline from its inputs and what its text was compiled into.
pub fn pipeline<'env, R, O, S, B>(sources: S, body: B) -> Pipeline<'env, R, Plan<O, S, B>>
where
    S: SourceList,
    B: Body<'env, Inputs = S::Ports>,
{
    Pipeline {
        plan: Plan {
            sources,
            body,
            outputs: PhantomData,
        },
        options: Options::default(),
        types: PhantomData,
    }
}

impl<'env, R, O, S, B> Pipeline<'env, R, Plan<O, S, B>>
where
    S: SourceList,
    B: Body<'env, Inputs = S::Ports>,
{
    /// Schedules `n` items at a time (0 means 1). Without it, the run finds out what is best.
    pub fn stride(mut self, n: usize) -> Self {
        self.options.stride = Some(n.max(1));
        self
    }

    /// Lets at most `n` items of each input be in flight (0 means 1); 4096 without it. A run takes no more memory
    /// than that many items need, however long its inputs are.
    pub fn buffer(mut self, n: usize) -> Self {
        self.options.buffer = n.max(1);
        self
    }

    /// What to do at a fault: go on (without it), or end each output there.
    pub fn on_fault(mut self, on_fault: OnFault) -> Self {
        self.options.on_fault = on_fault;
        self
    }

    /// A name for the report and the threads.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.options.name = Some(name.into());
        self
    }

    /// Evaluates everything on the calling thread (after `start`: on the thread that reads), one item at a time.
    pub fn inline(mut self) -> Self {
        self.options.inline = true;
        self
    }

    /// Tells of it where nothing moves for `limit` although somebody waits: a worker hangs, an iterator of a `.flat()` blocks,
    /// or items wait in a circle that user code has made.
    ///
    /// What is told, in [`Report::stalls`](crate::Stats::stalls) and meanwhile through [`Handle::stats`](crate::Handle::stats),
    /// is which node holds which item, for how long, and who waits for that; with the feature `tracing`, it is also an event at
    /// the time. Nothing is done about it; what limits calls is the node option `.timeout(…)`.
    ///
    /// Moving is: an item that comes in or out, a call of a node that begins or ends. So `limit` is to be longer than any call
    /// may take; as long as other items move, one call may take longer and is not told of. Parts of a pipeline that nothing
    /// connects are looked at one by one.
    ///
    /// A run that stands still because nobody reads it is none that somebody waits for: neither one whose readers do something
    /// else, nor a blocking form inside of its own closures, nor one that is paused and has nothing in flight. Where a reader
    /// waits while nothing is in flight, what it waits for is an input; that is told as such, since it may well be meant.
    ///
    /// The run has one more thread then, and evaluates nothing in place; each call costs it two looks at the clock, about.
    pub fn stall_after(mut self, limit: Duration) -> Self {
        self.options.stall_after = Some(limit);
        self
    }

    /// Starts without threads where they can't be had.
    pub(crate) fn making_do(mut self) -> Self {
        self.options.makes_do = true;
        self
    }

    /// Runs to the end on this thread and its pools, and drops what comes out.
    ///
    /// This thread pulls the inputs. While one waits, so may what it has given last; where it waits for what comes of that, use
    /// [`start`](Pipeline::start).
    pub fn run(self) -> Report {
        self.plan
            .body
            .drive(self.plan.sources, self.options, B::Ports::ignore())
    }
}

impl<R, O, S, B> Pipeline<'static, R, Plan<O, S, B>>
where
    S: SendSources,
    B: Body<'static, Inputs = S::Ports>,
    R: Run<Outputs = <B::Ports as Outlets<'static>>::Outputs>,
{
    /// Starts the run in the background.
    ///
    /// What a source has given comes out whether or not it gives more: it may wait for what comes of its items.
    ///
    /// # Errors
    ///
    /// When threads can't be had. Nothing is left behind then.
    pub fn start(self) -> Result<R, StartError> {
        let (outputs, control) = self.plan.body.start(self.plan.sources, self.options)?;
        Ok(R::new(outputs, control))
    }
}

impl<R, P> fmt::Debug for Pipeline<'_, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

macro_rules! nest {
    ($port:ident; $first:ident $(, $rest:ident)*) => { ($port<$first>, nest!($port; $($rest),*)) };
    ($port:ident;) => { () };
}

macro_rules! nest_values {
    ($first:expr $(, $rest:expr)*) => { ($first, nest_values!($($rest),*)) };
    () => { () };
}

/// `collect` and `for_each` for one number of outputs.
macro_rules! blocking_forms {
    ($wrap:ident; $($item:ident $sink:ident $all:ident),+) => {
        impl<'env, R, S, B, $($item: Send + 'env),+> Pipeline<'env, R, Plan<($($item,)+), S, B>>
        where
            S: SourceList,
            B: Body<'env, Inputs = S::Ports, Ports = nest!(Port; $($item),+)>,
        {
            /// Runs to the end on this thread and its pools; gives the results of each output, in order.
            #[must_use]
            #[allow(clippy::type_complexity, reason = "it is what it is: a tuple of vectors of results")]
            pub fn collect(self) -> $wrap!($(Vec<Result<$item, Fault>>),+) {
                $(let mut $all = Vec::new();)+
                self.plan.body.drive(self.plan.sources, self.options, nest_values!($(Tap::new(Collected::new(&mut $all))),+));
                $wrap!($($all),+)
            }

            /// Runs to the end on this thread and its pools; calls a closure for each result of each output, here
            /// and in order.
            ///
            /// This thread pulls the inputs, too. While one waits, so do results that are ready; where it waits for what comes of them, use
            /// [`start`](Pipeline::start).
            ///
            /// # Panics
            ///
            /// When a closure panics. The run is over then.
            pub fn for_each<$($sink: FnMut(Result<$item, Fault>)),+>(self, sinks: $wrap!($($sink),+)) -> Report {
                let $wrap!($($all),+) = sinks;
                self.plan.body.drive(self.plan.sources, self.options, nest_values!($(Tap::new($all)),+))
            }
        }
    };
}

/// A single output stands for itself, several are a tuple.
macro_rules! single {
    ($($one:tt)+) => { $($one)+ };
}

macro_rules! several {
    ($($many:tt)+) => { ($($many)+) };
}

/// One line for each number of outputs.
macro_rules! up_to {
    ($($done:ident $sink:ident $all:ident),+ ;) => { blocking_forms!(several; $($done $sink $all),+); };
    ($($done:ident $sink:ident $all:ident),+ ; $next:ident $next_sink:ident $next_all:ident $(, $item:ident $rest:ident $more:ident)*) => {
        blocking_forms!(several; $($done $sink $all),+);
        up_to!($($done $sink $all),+, $next $next_sink $next_all; $($item $rest $more),*);
    };
}

blocking_forms!(single; T0 F0 a);
up_to!(
    T0 F0 a, T1 F1 b; T2 F2 c, T3 F3 d, T4 F4 e, T5 F5 f, T6 F6 g, T7 F7 h, T8 F8 i, T9 F9 j, T10 F10 k, T11 F11 l, T12 F12 m, T13 F13 n, T14 F14 o, T15 F15 p
);
