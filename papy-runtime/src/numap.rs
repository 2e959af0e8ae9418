//! A parallel map back to an iterator, without a macro.

use std::fmt;
use std::marker::PhantomData;
use std::task::Poll;
use std::time::Duration;

use crate::fault::Fault;
use crate::graph::{Graph, Node};
use crate::in_place::apart;
use crate::link::port;
use crate::net::Net;
use crate::output::Output;
use crate::pipeline::{self, Pipeline};
use crate::plan::{blueprint, input};
use crate::pool::Pool;
use crate::region::{RegionSpec, UNORDERED, region, scratch};
use crate::run::{Control, Run};
use crate::timed::timed;
use crate::worker::Fallible;

/// Parallel maps for iterators.
pub trait NumapExt: Iterator + Sized {
    /// Maps `f` over the items, in parallel, in order, in bounded memory, and gives an iterator of `Result<R, Fault>`.
    ///
    /// Nothing happens before the first item is asked for. At most 4096 items are ahead of what has been read (see
    /// [`Numap::buffer`]). A panic in `f` is the fault of its item.
    ///
    /// Where threads can't be had, items are mapped by whoever reads them.
    ///
    /// ```
    /// use papy_runtime::NumapExt;
    ///
    /// let squares: Vec<u64> = (0..5u64).numap(|x| x * x).map(Result::unwrap).collect();
    /// assert_eq!(squares, [0, 1, 4, 9, 16]);
    /// ```
    fn numap<F, R>(self, f: F) -> Numap<Self, F, R>
    where
        F: Fn(Self::Item) -> R,
    {
        Numap::new(self, f)
    }
}

impl<I: Iterator> NumapExt for I {}

/// How an item is mapped: plainly, or with an `Err` that is a fault.
pub trait Mapping<T> {
    /// What comes out.
    type Out;
    /// Maps a slot.
    fn map(
        &self,
        cx: &mut crate::cursor::Cursor<'_>,
        slot: crate::slot::Slot<T>,
    ) -> crate::slot::Slot<Self::Out>;
}

/// Maps plainly.
pub struct Plainly<F, R>(F, PhantomData<fn() -> R>);

impl<T, F: Fn(T) -> R, R> Mapping<T> for Plainly<F, R> {
    type Out = R;
    #[inline(always)]
    fn map(
        &self,
        cx: &mut crate::cursor::Cursor<'_>,
        slot: crate::slot::Slot<T>,
    ) -> crate::slot::Slot<R> {
        slot.call(cx, 0, &self.0)
    }
}

/// Maps with an `Err` that is a fault.
pub struct Fallibly<F, R>(F, PhantomData<fn() -> R>);

impl<T, F: Fn(T) -> R, R: Fallible> Mapping<T> for Fallibly<F, R> {
    type Out = R::Value;
    #[inline(always)]
    fn map(
        &self,
        cx: &mut crate::cursor::Cursor<'_>,
        slot: crate::slot::Slot<T>,
    ) -> crate::slot::Slot<R::Value> {
        slot.call_fallible(cx, 0, &self.0)
    }
}

/// A parallel map; made by [`NumapExt::numap`].
///
/// It is an iterator. Before the first item is asked for, it can be told how to run.
#[must_use = "iterators do nothing unless they are read"]
pub struct Numap<I: Iterator, F, R, M: Mapping<I::Item> = Plainly<F, R>> {
    state: State<I, M, M::Out>,
    options: Options,
    types: PhantomData<fn() -> (F, R)>,
}

enum State<I, M, O> {
    Ready(I, M),
    Running(Output<O>),
    /// Only while one state turns into the next.
    Between,
}

struct Options {
    pool: Pool,
    stride: Option<usize>,
    buffer: Option<usize>,
    ordered: bool,
    timeout: Option<Duration>,
}

impl<I: Iterator, F: Fn(I::Item) -> R, R> Numap<I, F, R> {
    fn new(items: I, f: F) -> Numap<I, F, R> {
        let options = Options {
            pool: Pool::rayon(),
            stride: None,
            buffer: None,
            ordered: true,
            timeout: None,
        };
        Numap {
            state: State::Ready(items, Plainly(f, PhantomData)),
            options,
            types: PhantomData,
        }
    }

    /// Makes an `Err` of the function the fault of its item.
    ///
    /// ```
    /// use papy_runtime::{FaultKind, NumapExt};
    ///
    /// let numbers: Vec<_> = ["1", "x"].into_iter().numap(str::parse::<u32>).fallible().collect();
    /// assert_eq!(numbers[0].as_ref().unwrap(), &1);
    /// assert_eq!(numbers[1].as_ref().unwrap_err().kind(), FaultKind::Error);
    /// ```
    ///
    /// # Panics
    ///
    /// When it has already been read from.
    pub fn fallible(self) -> Numap<I, F, R, Fallibly<F, R>>
    where
        R: Fallible,
    {
        let State::Ready(items, Plainly(f, _)) = self.state else {
            panic!("`.fallible()` comes before the first item is read");
        };
        Numap {
            state: State::Ready(items, Fallibly(f, PhantomData)),
            options: self.options,
            types: PhantomData,
        }
    }
}

impl<I: Iterator, F, R, M: Mapping<I::Item>> Numap<I, F, R, M> {
    /// Evaluates on this pool.
    pub fn on(mut self, pool: &Pool) -> Self {
        self.options.pool = pool.clone();
        self
    }

    /// Schedules `n` items at a time (0 means 1). Without it, the run finds out what is best.
    pub fn stride(mut self, n: usize) -> Self {
        self.options.stride = Some(n);
        self
    }

    /// Is at most `n` items ahead of what has been read (0 means 1).
    pub fn buffer(mut self, n: usize) -> Self {
        self.options.buffer = Some(n);
        self
    }

    /// Makes an item whose call takes longer than `limit` a fault of kind [`Timeout`](crate::FaultKind::Timeout), and goes on.
    ///
    /// The call itself cannot be ended; it is left to itself, and what it gives is dropped. Calls are made by threads of
    /// papy's own, as many at once as the pool has.
    ///
    /// ```
    /// use papy_runtime::{FaultKind, NumapExt};
    /// use std::{thread, time::Duration};
    ///
    /// let nap = |millis| thread::sleep(Duration::from_millis(millis));
    /// let limit = Duration::from_millis(100);
    /// let naps: Vec<_> = [1, 300, 1].into_iter().numap(nap).timeout(limit).collect();
    /// assert!(naps[0].is_ok() && naps[2].is_ok());
    /// assert_eq!(naps[1].as_ref().unwrap_err().kind(), FaultKind::Timeout);
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.timeout = Some(limit);
        self
    }

    /// Gives results as they are ready.
    pub fn unordered(mut self) -> Self {
        self.options.ordered = false;
        self
    }
}

struct Mapped<O>(Output<O>);

impl<O> Run for Mapped<O> {
    type Outputs = (Output<O>, ());
    fn new((output, ()): Self::Outputs, _control: Control) -> Self {
        Mapped(output)
    }
}

static GRAPH: Graph = Graph::new("numap", &["input"], &[Node::new("numap", 1)], &["out"]);

impl<I, F, R, M> Numap<I, F, R, M>
where
    I: Iterator<Item: Send> + Send + 'static,
    M: Mapping<I::Item, Out: Send + 'static> + Send + Sync + 'static,
{
    fn output(&mut self) -> &mut Output<M::Out> {
        if let State::Ready(..) = self.state {
            let State::Ready(items, mapping) = std::mem::replace(&mut self.state, State::Between)
            else {
                unreachable!("it has just been looked at");
            };
            let output = self.start(items, mapping);
            self.state = State::Running(output);
        }
        match &mut self.state {
            State::Running(output) => output,
            _ => panic!("this map could not be started, see the panic before"),
        }
    }

    fn start(&self, items: I, mapping: M) -> Output<M::Out> {
        let Options {
            pool,
            stride,
            buffer,
            ordered,
            timeout,
        } = &self.options;
        let items = input::<I::Item, _>(items);
        let spec = RegionSpec::new(&[0]).on(pool);
        let (map, _) = region(
            if *ordered {
                spec
            } else {
                spec.outs(&[(UNORDERED, 1, 1)])
            },
            (port::<I::Item>(), ()),
            scratch(|| ()),
            move |cx, (), (item, ())| (mapping.map(cx, item), ()),
        );
        let body = blueprint(
            &GRAPH,
            (port::<I::Item>(), ()),
            (port::<M::Out>(), ()),
            apart(),
            {
                let timed = timeout.map(|limit| timed(&map, limit));
                move |net: &mut Net<'static>, links| match timed {
                    Some(timed) => net.timed(timed, links),
                    None => net.add(&map, links),
                }
            },
        );
        let mut built: Pipeline<'static, Mapped<M::Out>, crate::plan::Plan<(M::Out,), _, _>> =
            pipeline::pipeline((items, ()), body);
        if let Some(stride) = stride {
            built = built.stride(*stride);
        }
        if let Some(buffer) = buffer {
            built = built.buffer(*buffer);
        }
        match built.making_do().start() {
            Ok(Mapped(output)) => output,
            Err(error) => unreachable!("a map makes do without threads: {error}"),
        }
    }

    /// The next result, if it is ready now. Nothing is lost where it is not.
    pub fn try_next(&mut self) -> Poll<Option<Result<M::Out, Fault>>> {
        self.output().try_next()
    }

    /// The next result, if it is ready within `limit`. Nothing is lost where it is not.
    pub fn next_timeout(&mut self, limit: Duration) -> Poll<Option<Result<M::Out, Fault>>> {
        self.output().next_timeout(limit)
    }
}

impl<I, F, R, M> Iterator for Numap<I, F, R, M>
where
    I: Iterator<Item: Send> + Send + 'static,
    M: Mapping<I::Item, Out: Send + 'static> + Send + Sync + 'static,
{
    type Item = Result<M::Out, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.output().next()
    }
}

impl<I, F, R, M> std::iter::FusedIterator for Numap<I, F, R, M>
where
    I: Iterator<Item: Send> + Send + 'static,
    M: Mapping<I::Item, Out: Send + 'static> + Send + Sync + 'static,
{
}

impl<I: Iterator, F, R, M: Mapping<I::Item>> fmt::Debug for Numap<I, F, R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numap")
            .field("pool", &self.options.pool)
            .finish_non_exhaustive()
    }
}
