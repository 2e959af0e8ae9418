//! Pipelines of growing width and length, written out, and the same work as plain functions.

use papy::prelude::*;

use crate::spin::spin;
use crate::workers::*;

pipeline! {
    /// A trivial node on a pool.
    pub fn trivial_on(xs: Stream<u64>, pool: Pool) -> Stream<u64> {
        xs >> mix1.on(pool)
    }
}

pipeline! {
    /// A node that has something to do, on a pool.
    pub fn costly_on(xs: Stream<u64>, rounds: u32, pool: Pool) -> Stream<u64> {
        xs >> spin(rounds = rounds).on(pool)
    }
}

/// A branch, or a link of a chain: no two of a pipeline are alike.
#[inline]
fn nth(x: u64, n: u64) -> u64 {
    mix2(x ^ n)
}

/// A pipeline with one branch and those named, which are joined all at once, and its loop.
macro_rules! fan {
    ($($name:ident: $($branch:ident = $n:literal),*;)+) => {
        /// Forks, and joins.
        pub mod fans {
            $(pub mod $name {
                use crate::shapes::*;

                /// Joins the branches.
                #[worker]
                #[inline]
                #[allow(clippy::too_many_arguments, reason = "one for each branch")]
                pub fn all(first: u64, $($branch: u64),*) -> u64 {
                    $(let first = both(first, $branch);)*
                    first
                }

                pipeline! {
                    /// Trivial branches.
                    pub fn trivial(xs: Stream<u64>) -> Stream<u64> {
                        all(xs >> mix1, $(xs >> (|x| nth(x, $n))),*)
                    }
                }

                #[inline]
                #[must_use]
                pub fn plain(x: u64) -> u64 {
                    all(mix1(x), $(nth(x, $n)),*)
                }

                pipeline! {
                    /// Branches that have something to do.
                    pub fn costly(xs: Stream<u64>, rounds: u32) -> Stream<u64> {
                        all(xs >> spin(rounds = rounds), $(xs >> (|x| nth(x, $n)) >> spin(rounds = rounds)),*)
                    }
                }

                #[inline]
                #[must_use]
                pub fn costly_plain(x: u64, rounds: u32) -> u64 {
                    all(spin(x, rounds), $(spin(nth(x, $n), rounds)),*)
                }
            })+
        }
    };
}

/// A pipeline with a node for each number, and its loop.
macro_rules! chain {
    ($($name:ident: $($n:literal)+;)+) => {
        /// Chains.
        pub mod chains {
            $(pub mod $name {
                use crate::shapes::*;

                pipeline! {
                    /// Trivial nodes.
                    pub fn trivial(xs: Stream<u64>) -> Stream<u64> {
                        xs $(>> (|x| nth(x, $n)))+
                    }
                }

                #[inline]
                #[must_use]
                pub fn plain(x: u64) -> u64 {
                    $(let x = nth(x, $n);)+
                    x
                }

                pipeline! {
                    /// Nodes that have something to do.
                    pub fn costly(xs: Stream<u64>, rounds: u32) -> Stream<u64> {
                        xs $(>> (|x| nth(x, $n)) >> spin(rounds = rounds))+
                    }
                }

                #[inline]
                #[must_use]
                pub fn costly_plain(x: u64, rounds: u32) -> u64 {
                    $(let x = spin(nth(x, $n), rounds);)+
                    x
                }
            })+
        }
    };
}

fan! {
    of_1:;
    of_2: b1 = 1;
    of_4: b1 = 1, b2 = 2, b3 = 3;
    of_8: b1 = 1, b2 = 2, b3 = 3, b4 = 4, b5 = 5, b6 = 6, b7 = 7;
    of_16:
        b1 = 1, b2 = 2, b3 = 3, b4 = 4, b5 = 5, b6 = 6, b7 = 7, b8 = 8, b9 = 9, b10 = 10, b11 = 11,
        b12 = 12, b13 = 13, b14 = 14, b15 = 15;
    of_32:
        b1 = 1, b2 = 2, b3 = 3, b4 = 4, b5 = 5, b6 = 6, b7 = 7, b8 = 8, b9 = 9, b10 = 10, b11 = 11,
        b12 = 12, b13 = 13, b14 = 14, b15 = 15, b16 = 16, b17 = 17, b18 = 18, b19 = 19, b20 = 20, b21 = 21,
        b22 = 22, b23 = 23, b24 = 24, b25 = 25, b26 = 26, b27 = 27, b28 = 28, b29 = 29, b30 = 30, b31 = 31;
    of_64:
        b1 = 1, b2 = 2, b3 = 3, b4 = 4, b5 = 5, b6 = 6, b7 = 7, b8 = 8, b9 = 9, b10 = 10, b11 = 11,
        b12 = 12, b13 = 13, b14 = 14, b15 = 15, b16 = 16, b17 = 17, b18 = 18, b19 = 19, b20 = 20, b21 = 21,
        b22 = 22, b23 = 23, b24 = 24, b25 = 25, b26 = 26, b27 = 27, b28 = 28, b29 = 29, b30 = 30, b31 = 31,
        b32 = 32, b33 = 33, b34 = 34, b35 = 35, b36 = 36, b37 = 37, b38 = 38, b39 = 39, b40 = 40, b41 = 41,
        b42 = 42, b43 = 43, b44 = 44, b45 = 45, b46 = 46, b47 = 47, b48 = 48, b49 = 49, b50 = 50, b51 = 51,
        b52 = 52, b53 = 53, b54 = 54, b55 = 55, b56 = 56, b57 = 57, b58 = 58, b59 = 59, b60 = 60, b61 = 61,
        b62 = 62, b63 = 63;
}

chain! {
    of_1: 1;
    of_4: 1 2 3 4;
    of_16: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16;
    of_64:
        1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36
        37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64;
    of_100:
        1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36
        37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69
        70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99 100;
}
