#![deny(warnings)]
#![allow(dead_code, non_camel_case_types, unused_macros)]

use papy::prelude::*;

struct Slot;
struct Ok;
struct Err;
struct Some;
struct None;
struct Option;
struct Result;
struct Box;
struct Vec;
struct Arc;
struct Net;
struct Cursor;
struct Region;
struct Port;
struct Worker;
struct Scratch;
struct env;
struct fork;
trait Send {}
trait Clone {}
trait Sized {}
trait Iterator {}
mod core {}
mod std {}
mod alloc {}
macro_rules! vec {
    () => {};
}
const SPEC: u8 = 1;

#[worker]
fn cx(x: u64) -> u64 {
    x + 1
}

#[worker]
fn net(x: u64, y: u64, #[param] value: u64) -> u64 {
    x + y + value
}

#[worker]
fn r#match(kept: &mut u64, x: u64) {
    *kept += x;
}

pipeline! {
    fn r#type(name: Stream<u64>, r#in: Stream<u64>, state: u64, worker: Pool) -> (Stream<u64>, Stream<u64>) {
        let value: u64 = state;
        let stream = (name, r#in) >> net(value = value).on(worker);
        let papy = (stream >> cx, name >> (|cx| cx + state + value)) >> (|a, b| a + b);
        let kept = stream >> r#match.fold();
        (papy, kept)
    }
}

pipeline! {
    fn spec(sources: Stream<u64>, feeds: u64) -> Stream<u64> {
        let region = sources >> cx;
        let copy = (region, sources, region) >> (|region, slot, x| region + slot + x + feeds);
        copy
    }
}

fn main() {
    let (papy, kept) = r#type([1], [2], 3, Pool::inline()).collect();
    assert_eq!((papy.len(), kept.len()), (1, 1));
    spec([1], 2).run();
}
