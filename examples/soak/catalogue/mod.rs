//! What is run: pipelines of everything that the language has, each with what has to be known to run and to judge it.

mod chains;
mod joins;
mod limits;
mod lineages;
mod nested;
mod numaps;
mod rates;
mod routes;
mod timed;

use std::task::Poll;
use std::time::Duration;

use papy::prelude::*;
use papy::{Handle, Output, Report, RunError, StartError};

use crate::feed::Feed;
use crate::item::Item;
use crate::schedule::Schedule;

/// All of them.
pub fn entries() -> Vec<Entry> {
    [
        chains::entries(),
        joins::entries(),
        limits::entries(),
        lineages::entries(),
        nested::entries(),
        numaps::entries(),
        rates::entries(),
        routes::entries(),
        timed::entries(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A pipeline of the catalogue.
pub struct Entry {
    pub name: &'static str,
    pub inputs: usize,
    pub outputs: &'static [Order],
    pub traits: &'static [Trait],
    /// Starts a run.
    pub start: fn(Given) -> Result<Box<dyn Running>, StartError>,
    /// Runs here, and hands over what comes out with the number of its output.
    pub for_each: fn(Given, &mut Sink) -> Option<Report>,
    /// Runs here, and drops what comes out.
    pub run: fn(Given) -> Option<Report>,
}

/// What has to be known of some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trait {
    /// It has nodes with a time limit, whose calls may hang.
    Timed,
    /// Its inputs are counted in one another, so that their lengths matter.
    Level,
    /// The second of its inputs is twice as long as the first.
    Doubled,
    /// It has sinks, whose faults end the run under `OnFault::Stop`.
    Sinks,
    /// Its runs have no handles.
    Unsteered,
}

impl Entry {
    pub fn is(&self, what: Trait) -> bool {
        self.traits.contains(&what)
    }
}

/// Takes the results of an output.
pub type Sink<'a> = dyn FnMut(usize, Result<Item, Fault>) + 'a;

/// How the results of an output compare with those of the same run on one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// One for one.
    Kept,
    /// In any order.
    Free,
    /// In any order, and positions are as they came.
    Arrival,
}

/// What a pipeline is given.
pub struct Given {
    pub feeds: Vec<Feed>,
    pub p: Pool,
    pub q: Pool,
    pub n: usize,
    pub schedule: Schedule,
    pub inline: bool,
}

/// A started run, whatever its outputs are.
pub trait Running: Send {
    fn lines(&mut self) -> Vec<&mut dyn Line>;
    /// Nothing for what cannot be steered.
    fn handle(&self) -> Option<Handle>;
    fn join(self: Box<Self>) -> Result<Option<Report>, RunError>;
    /// The outputs, on their own.
    fn parts(self: Box<Self>) -> Vec<Box<dyn Line>>;
}

/// One output.
pub trait Line: Send {
    fn next(&mut self) -> Option<Result<Item, Fault>>;
    fn next_within(&mut self, limit: Duration) -> Poll<Option<Result<Item, Fault>>>;
    /// As `next`, by the positions of the items.
    fn next_indexed(&mut self) -> Option<Result<Item, Fault>>;
}

impl Line for Output<Item> {
    fn next(&mut self) -> Option<Result<Item, Fault>> {
        Iterator::next(self)
    }

    fn next_within(&mut self, limit: Duration) -> Poll<Option<Result<Item, Fault>>> {
        if limit.is_zero() {
            self.try_next()
        } else {
            self.next_timeout(limit)
        }
    }

    fn next_indexed(&mut self) -> Option<Result<Item, Fault>> {
        self.indexed().next().map(|(_, result)| result)
    }
}

/// With stride, buffer and what else a schedule says.
macro_rules! tuned {
    ($given:ident, $pipeline:expr) => {{
        let mut pipeline = $pipeline;
        if let Some(stride) = $given.schedule.stride {
            pipeline = pipeline.stride(stride);
        }
        if let Some(buffer) = $given.schedule.buffer {
            pipeline = pipeline.buffer(buffer);
        }
        pipeline = pipeline.on_fault($given.schedule.on_fault);
        if $given.inline {
            pipeline = pipeline.inline();
        }
        pipeline
    }};
}

/// The entries for pipelines: `name Run (inputs; values) -> [output Order, …] traits;`
macro_rules! catalogue {
    ($($name:ident $Run:ident ($($input:ident),*; $($value:ident),*) -> [$($output:ident $Order:ident),*] $($is:ident)*;)*) => {
        $(
            impl $crate::catalogue::Running for $Run {
                fn lines(&mut self) -> Vec<&mut dyn $crate::catalogue::Line> {
                    vec![$(&mut self.$output),*]
                }

                fn handle(&self) -> Option<papy::Handle> {
                    Some($Run::handle(self))
                }

                fn join(self: Box<Self>) -> Result<Option<papy::Report>, papy::RunError> {
                    $Run::join(*self).map(Some)
                }

                fn parts(self: Box<Self>) -> Vec<Box<dyn $crate::catalogue::Line>> {
                    let run = *self;
                    vec![$(Box::new(run.$output)),*]
                }
            }
        )*

        pub fn entries() -> Vec<$crate::catalogue::Entry> {
            vec![$($crate::catalogue::Entry {
                name: stringify!($name),
                inputs: [$(stringify!($input)),*].len(),
                outputs: &[$($crate::catalogue::Order::$Order),*],
                traits: &[$($crate::catalogue::Trait::$is),*],
                start: |given| Ok(Box::new(catalogue!(@built given $name ($($input),*; $($value),*)).start()?)),
                for_each: |given, sink| {
                    let sink = std::cell::RefCell::new(sink);
                    let names = [$(stringify!($output)),*];
                    let number = |name| names.iter().position(|known| *known == name).unwrap_or(0);
                    let pipeline = catalogue!(@built given $name ($($input),*; $($value),*));
                    Some(pipeline.for_each(($({
                        let (sink, number) = (&sink, number(stringify!($output)));
                        move |result| sink.borrow_mut()(number, result)
                    }),*)))
                },
                run: |given| Some(catalogue!(@built given $name ($($input),*; $($value),*)).run()),
            }),*]
        }
    };
    (@built $given:ident $name:ident ($($input:ident),*; $($value:ident),*)) => {{
        let mut feeds = $given.feeds.into_iter().map($crate::feed::Feed::source);
        $(let $input = feeds.next().expect("a feed for each input");)*
        tuned!($given, $name($($input,)* $($given.$value.clone()),*))
    }};
}

use {catalogue, tuned};
