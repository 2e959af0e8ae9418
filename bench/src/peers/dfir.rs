//! dfir_rs: a graph is compiled, and runs on one thread. The graphs are in a crate of their own, since the macro writes
//! `unsafe` where its caller stands.

use crate::checksum::Checksum;
use crate::log::{Tallies, digest, line, parse, read, tally};
use crate::workers::*;

pub(super) fn chain(n: u64) -> u64 {
    let mut sum = Checksum::default();
    papy_bench_dfir::chain(0..n, mix1, mix2, mix3, mix4, |x| sum.add(x));
    sum.value()
}

pub(super) fn diamond(n: u64) -> u64 {
    let mut sum = Checksum::default();
    papy_bench_dfir::diamond(0..n, mix1, mix2, mix3, both, |x| sum.add(x));
    sum.value()
}

pub(super) fn log(n: u64) -> u64 {
    let mut tallies = Tallies::default();
    let lines = (0..n).map(line);
    papy_bench_dfir::log(
        lines,
        |line| parse(line).ok(),
        read,
        tally,
        |all| {
            tallies = all;
        },
    );
    digest(tallies)
}
