//! What is measured.

use papy::prelude::*;

use crate::checksum::Checksum;
use crate::images::*;
use crate::log::*;
use crate::mandelbrot::*;
use crate::spin::{spin, uneven};
use crate::text::compress;
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
    /// With a node that gives two items for one.
    pub fn producing(xs: Stream<u64>) -> Stream<u64> {
        xs >> mix1 >> halves.produce(2) >> mix3 >> mix4
    }
}

pipeline! {
    /// With an iterator of eight for each item.
    pub fn flattened(xs: Stream<u64>) -> Stream<u64> {
        xs >> mix1 >> next_eight.flat() >> mix4
    }
}

pipeline! {
    /// With a route of two arms.
    pub fn routed(xs: Stream<u64>) -> Stream<u64> {
        let either = match xs >> mix1 {
            x if x.is_multiple_of(4) => x >> mix2,
            x => x >> mix3,
        };
        either >> mix4
    }
}

pipeline! {
    /// Two nodes, each on a pool of its own.
    pub fn on_two_pools(xs: Stream<u64>, a: Pool, b: Pool) -> Stream<u64> {
        xs >> mix1.on(a) >> mix2.on(b)
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

pipeline! {
    /// One node that has much more to do for some items than for others.
    pub fn costly_now_and_then(xs: Stream<u64>, rounds: u32) -> Stream<u64> {
        xs >> uneven(rounds = rounds)
    }
}

pipeline! {
    /// A picture, line by line.
    pub fn picture(numbers: Stream<u64>, rows: u64) -> Stream<Vec<u8>> {
        numbers >> iterations(rows = rows) >> colours
    }
}

pipeline! {
    /// Five filters.
    pub fn gallery(images: Stream<&'static [u8]>) -> Stream<Image> {
        images >> brighten >> blur >> sharpen >> edges >> shrink
    }
}

pipeline! {
    /// Compression by blocks.
    pub fn compressed(blocks: Stream<&'static [u8]>) -> Stream<Vec<u8>> {
        blocks >> compress
    }
}

pipeline! {
    /// A log's lines, taken apart, chosen and added up.
    pub fn log_tallies(lines: Stream<&'static str>) -> Stream<Tallies> {
        lines >> parse >> read.filter() >> tally.fold()
    }
}

pipeline! {
    /// The words of a log, counted.
    pub fn log_words(lines: Stream<&'static str>) -> Stream<Counts> {
        lines >> words.flat() >> count.fold()
    }
}
