#![deny(warnings)]

use papy::prelude::*;

mod deep {
    use papy::prelude::*;

    #[worker]
    pub fn triple(x: u64) -> u64 {
        x * 3
    }

    #[worker]
    pub fn same<T>(x: T) -> T {
        x
    }

    pipeline! {
        /// Documented.
        pub(crate) fn nine(xs: Stream<u64>) -> Stream<u64> {
            xs >> triple >> self::triple
        }
    }
}

use deep::triple as thrice;

macro_rules! twice {
    ($name:ident, $worker:path, $ty:ty, $by:expr) => {
        pipeline! {
            fn $name(xs: Stream<$ty>) -> Stream<$ty> {
                let by: $ty = $by;
                let first = xs >> $worker;
                (first, xs) >> (|x, y| x + y + by)
            }
        }
    };
}

macro_rules! any_pipeline {
    ($($text:tt)*) => { pipeline! { $($text)* } };
}

twice!(by_macro, deep::triple, u64, 1 + 2);

any_pipeline! {
    fn passed_on(xs: Stream<u64>) -> Stream<u64> {
        xs >> thrice
    }
}

fn generic<T: Send + Clone + 'static>(xs: Vec<T>) -> usize {
    pipeline! {
        fn inner<T: Send + Clone>(xs: Stream<T>) -> (Stream<T>, Stream<T>) {
            let a = xs >> deep::same::<T>;
            let b = xs >> deep::same;
            (a, b)
        }
    }
    inner(xs).collect().0.len()
}

trait Runs {
    fn runs(&self) -> usize;
}

impl Runs for Vec<u64> {
    fn runs(&self) -> usize {
        pipeline! {
            fn borrowed<'a>(xs: Stream<&'a u64>) -> Stream<&'a u64> {
                xs >> deep::same
            }
        }
        borrowed(self).collect().len()
    }
}

fn main() {
    #[worker]
    fn local(x: u64) -> u64 {
        x + 1
    }
    pipeline! {
        fn here(xs: Stream<u64>) -> Stream<u64> {
            xs >> local
        }
    }
    assert_eq!(*by_macro([1]).collect()[0].as_ref().unwrap(), 7);
    assert_eq!(*here([1]).collect()[0].as_ref().unwrap(), 2);
    assert_eq!(*passed_on([1]).collect()[0].as_ref().unwrap(), 3);
    assert_eq!(*deep::nine([1]).collect()[0].as_ref().unwrap(), 9);
    assert_eq!(generic(vec!["a"]), 1);
    assert_eq!(vec![1, 2].runs(), 2);
}
