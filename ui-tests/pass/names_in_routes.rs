//! Names like those of generated code, beside rates, routes and merges; and pipelines in macros and generic functions.

#![deny(warnings)]
#![allow(dead_code, non_camel_case_types, unused_macros)]

use papy::prelude::*;

mod shadows {
    //! What a user may have called as the prelude and the macros do.
    pub struct Slot;
    pub struct Some;
    pub struct None;
    pub struct Option;
    pub struct Bundle;
    pub struct Alike;
    pub struct Streams;
    pub struct Direct;
    pub struct usize;
    pub mod core {}
    pub mod std {}
}

mod routed {
    use super::shadows::*;
    use papy::prelude::*;

    pub enum Tag {
        Slot(u64),
        Value(u64, u64),
        End,
    }

    #[worker]
    fn tag(value: u64) -> Tag {
        match value {
            0 => Tag::End,
            1 => Tag::Slot(value),
            _ => Tag::Value(value, value),
        }
    }

    #[worker]
    fn r#type(slot: u64) -> [u64; 2] {
        [slot; 2]
    }

    #[worker]
    fn arm(x: u64, y: u64) -> u64 {
        x + y
    }

    #[worker]
    fn whole(group: [u64; 2]) -> u64 {
        group[0]
    }

    pipeline! {
        pub fn route(merge_: Stream<u64>, r#in: Stream<u64>, unequal: u64) -> (Stream<u64>, Stream<u64>) {
            let cx = match merge_ >> tag {
                Tag::Slot(slot) if slot > unequal => slot,
                Tag::Slot(tag) => (tag, r#in) >> arm,
                Tag::Value(value, whole) => (value, whole) >> arm,
                Tag::End => skip,
            };
            let papy = merge(cx, r#in) >> r#type.produce(2) >> whole.consume(2);
            let bundle = r#in >> (|slot| 0..slot).flat();
            let merged = merge(bundle, papy >> (|value| value + unequal).repeat(2));
            (cx, merged)
        }
    }

    pub struct Shadowed(Slot, Some, None, Option, Bundle, Alike, Streams, Direct, usize);
}

#[worker]
fn pair<T: Clone>(x: T) -> [T; 2] {
    [x.clone(), x]
}

#[worker]
fn first<T>(group: Vec<T>) -> Option<T> {
    group.into_iter().next()
}

macro_rules! sorted {
    ($name:ident, $ty:ty, $least:expr, $sink:path, $($pat:pat => $node:path),+) => {
        pipeline! {
            fn $name(xs: Stream<$ty>) -> Stream<$ty> {
                let least: $ty = $least;
                match xs >> (|x| x + least) {
                    $($pat => xs >> $node >> pair.produce(2) >> first.consume(2).filter() >> $sink,)+
                    x if x > least => x,
                    _ => skip,
                }
            }
        }
    };
}

#[worker]
fn inc(x: u64) -> u64 {
    x + 1
}

sorted!(by_macro, u64, 3, inc, 100 => inc);

fn generic<T: Send + Clone + PartialEq + 'static>(xs: Vec<T>) -> usize {
    #[worker]
    fn halves<T>(x: T) -> std::iter::Once<T> {
        std::iter::once(x)
    }
    pipeline! {
        fn inner<T: Send + Clone + PartialEq>(xs: Stream<T>) -> (Stream<T>, Stream<T>) {
            let pairs = xs >> pair.produce(2) >> first.consume(2).filter();
            let routed = match (xs, pairs) {
                (x, y) if x == y => x,
                (_, y) => y >> halves >> (|mut once| once.next()).filter(),
            };
            let merged = merge(routed, xs >> halves.flat());
            (routed, merged)
        }
    }
    inner(xs).collect().1.len()
}

fn main() {
    routed::route([0, 1, 2], [3, 4, 5], 0).run();
    assert_eq!(generic(vec!["a"]), 2);
    assert_eq!(by_macro([1, 97]).collect().len(), 2);
}
