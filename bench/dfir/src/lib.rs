//! The graphs that are measured with dfir_rs, of whatever functions they are given.

use std::ops::Range;

use dfir_rs::dfir_syntax;

/// Four nodes, one behind another.
pub fn chain(
    xs: Range<u64>,
    first: impl Fn(u64) -> u64,
    second: impl Fn(u64) -> u64,
    third: impl Fn(u64) -> u64,
    fourth: impl Fn(u64) -> u64,
    mut sink: impl FnMut(u64),
) {
    let mut flow = dfir_syntax! {
        source_iter(xs) -> map(&first) -> map(&second) -> map(&third) -> map(&fourth) -> for_each(&mut sink);
    };
    flow.run_available_sync();
}

/// A node, a fork, two branches and a join.
pub fn diamond(
    xs: Range<u64>,
    first: impl Fn(u64) -> u64,
    left: impl Fn(u64) -> u64,
    right: impl Fn(u64) -> u64,
    join: impl Fn(u64, u64) -> u64,
    mut sink: impl FnMut(u64),
) {
    let mut flow = dfir_syntax! {
        forked = source_iter(xs) -> map(&first) -> tee();
        forked -> map(&left) -> [0]joined;
        forked -> map(&right) -> [1]joined;
        joined = zip() -> map(|(x, y)| join(x, y)) -> for_each(&mut sink);
    };
    flow.run_available_sync();
}

/// Lines that are parsed, chosen and added up.
pub fn log<Entry, Sum: Default + Clone + 'static>(
    lines: impl Iterator<Item = &'static str>,
    parse: impl Fn(&'static str) -> Option<Entry>,
    choose: impl Fn(Entry) -> Option<Entry>,
    add: impl Fn(&mut Sum, Entry),
    mut sink: impl FnMut(Sum),
) {
    let mut flow = dfir_syntax! {
        source_iter(lines)
            -> filter_map(&parse)
            -> filter_map(&choose)
            -> fold::<'tick>(Sum::default, |sum: &mut Sum, entry| add(sum, entry))
            -> for_each(&mut sink);
    };
    flow.run_available_sync();
}
