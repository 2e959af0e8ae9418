//! Generated code says `::papy`: a crate that knows papy by another name gives it that name, too.

#[allow(unused_extern_crates, reason = "generated code names it")]
extern crate streams as papy;

use streams::prelude::*;

#[worker]
fn times(x: u64, #[param] by: &u64) -> Result<u64, String> {
    x.checked_mul(*by).ok_or_else(|| "too much".to_owned())
}

mod inner {
    use streams::prelude::*;

    pipeline! {
        /// Doubles, without zeros.
        pub(crate) fn doubled(xs: Stream<u64>) -> Stream<u64> {
            match xs >> super::times(by = 2) {
                0 => skip,
                x => x,
            }
        }
    }
}

#[test]
fn it_runs() {
    assert_eq!(inner::doubled([0, 1, 2]).collect().len(), 2);
}
