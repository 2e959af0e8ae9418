//! What is measured.

use papy::prelude::*;

use crate::checksum::Checksum;
use crate::spin::spin;
use crate::workers::*;

pipeline! {
    /// Four trivial nodes.
    pub fn chain(xs: Stream<u64>) -> Stream<u64> {
        xs >> mix1 >> mix2 >> mix3 >> mix4
    }
}

pipeline! {
    /// Sixteen trivial nodes.
    pub fn long_chain(xs: Stream<u64>) -> Stream<u64> {
        let a = xs >> mix1 >> mix2 >> mix3 >> mix4;
        let b = a >> mix1 >> mix2 >> mix3 >> mix4;
        let c = b >> mix1 >> mix2 >> mix3 >> mix4;
        c >> mix1 >> mix2 >> mix3 >> mix4
    }
}

pipeline! {
    /// With a filter.
    pub fn filtered(xs: Stream<u64>) -> Stream<u64> {
        xs >> mix1 >> mix2 >> three_quarters.filter() >> mix4
    }
}

pipeline! {
    /// With a worker that could fail.
    pub fn fallible(xs: Stream<u64>) -> Stream<u64> {
        xs >> mix1 >> mix2 >> sound >> mix4
    }
}

pipeline! {
    /// With a worker that fails now and then.
    pub fn faulty(xs: Stream<u64>) -> Stream<u64> {
        xs >> mix1 >> mix2 >> frail >> mix4
    }
}

pipeline! {
    /// With a fold at the end.
    pub fn folded(xs: Stream<u64>) -> Stream<Checksum> {
        xs >> mix1 >> mix2 >> mix3 >> mix4 >> checksum.fold()
    }
}

pipeline! {
    /// With a serial node in the middle, so with borders between regions.
    pub fn serial(xs: Stream<u64>) -> Stream<u64> {
        xs >> mix1 >> mix2 >> running.serial() >> mix4
    }
}

pipeline! {
    /// A fork, two branches and a join.
    pub fn diamond(xs: Stream<u64>) -> Stream<u64> {
        xs >> mix1 >> (mix2, mix3) >> both
    }
}

pipeline! {
    /// One node that has something to do.
    pub fn costly(xs: Stream<u64>, rounds: u32) -> Stream<u64> {
        xs >> spin(rounds = rounds)
    }
}
