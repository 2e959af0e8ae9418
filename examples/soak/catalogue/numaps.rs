//! Parallel maps without a macro.

use std::task::Poll;
use std::time::Duration;

use papy::prelude::*;
use papy::{Handle, NumapExt, Report, RunError};

use super::{Entry, Given, Line, Order, Running, Trait};
use crate::item::Item;
use crate::setting::LIMIT;
use crate::workers::{plain, work};

/// A map that is asked for its next result: now, or within a time, or however long it takes.
struct Map(Box<Ask>);

type Ask = dyn FnMut(Option<Duration>) -> Poll<Option<Result<Item, Fault>>> + Send;

impl Line for Map {
    fn next(&mut self) -> Option<Result<Item, Fault>> {
        match (self.0)(None) {
            Poll::Ready(next) => next,
            Poll::Pending => unreachable!("there is no limit"),
        }
    }

    fn next_within(&mut self, limit: Duration) -> Poll<Option<Result<Item, Fault>>> {
        (self.0)(Some(limit))
    }

    fn next_indexed(&mut self) -> Option<Result<Item, Fault>> {
        self.next()
    }
}

/// A map is its own output, and cannot be steered.
impl Running for Map {
    fn lines(&mut self) -> Vec<&mut dyn Line> {
        vec![self]
    }

    fn handle(&self) -> Option<Handle> {
        None
    }

    fn join(self: Box<Self>) -> Result<Option<Report>, RunError> {
        drop(self);
        Ok(None)
    }

    fn parts(self: Box<Self>) -> Vec<Box<dyn Line>> {
        vec![self]
    }
}

/// Where to map.
fn pool(given: &Given) -> Pool {
    if given.inline {
        Pool::inline()
    } else {
        given.p.clone()
    }
}

macro_rules! tuned {
    ($given:ident, $map:expr) => {{
        let mut map = $map.on(&pool(&$given));
        if let Some(stride) = $given.schedule.stride {
            map = map.stride(stride);
        }
        if let Some(buffer) = $given.schedule.buffer {
            map = map.buffer(buffer);
        }
        map
    }};
}

macro_rules! maps {
    ($($name:ident $Order:ident $($is:ident)* = |$given:ident, $feed:ident| $map:expr;)*) => {
        pub fn entries() -> Vec<Entry> {
            vec![$(Entry {
                name: stringify!($name),
                inputs: 1,
                outputs: &[Order::$Order],
                traits: &[Trait::Unsteered, $(Trait::$is),*],
                start: |mut $given| {
                    let $feed = $given.feeds.remove(0);
                    let mut map = $map;
                    Ok(Box::new(Map(Box::new(move |limit| match limit {
                        None => Poll::Ready(map.next()),
                        Some(Duration::ZERO) => map.try_next(),
                        Some(limit) => map.next_timeout(limit),
                    }))))
                },
                for_each: |mut $given, sink| {
                    let $feed = $given.feeds.remove(0);
                    $map.for_each(|result| sink(0, result));
                    None
                },
                run: |mut $given| {
                    let $feed = $given.feeds.remove(0);
                    $map.for_each(drop);
                    None
                },
            }),*]
        }
    };
}

maps! {
    map Kept = |given, feed| tuned!(given, feed.numap(|x| work(x?, "a")).fallible());
    map_unordered Free = |given, feed| tuned!(given, feed.numap(|x| work(x?, "a")).fallible()).unordered();
    map_limited Kept Timed = |given, feed| tuned!(given, feed.numap(|x| work(x?, "t")).fallible()).timeout(LIMIT);
    maps_in_maps Kept = |given, feed| {
        let first = tuned!(given, feed.numap(|x| work(x?, "a")).fallible());
        let second = tuned!(given, first.numap(|x| x.map(plain)).fallible());
        tuned!(given, second.numap(|x| work(x?, "b")).fallible())
    };
}
