//! Outputs, in whatever order they are read.

use papy::prelude::*;

use crate::{check, toil, values};

pipeline! {
    fn both(xs: Stream<u32>) -> (Stream<u32>, Stream<u32>) {
        let ones = xs >> (|x| toil(x) + 1);
        let tens = ones >> (|x| x * 10).on(Pool::threads(1));
        (ones, tens)
    }
}

#[test]
fn one_after_the_other() {
    check(|| {
        let mut run = both(0..4).buffer(2).start().unwrap();
        assert_eq!(values(&mut run.ones), [1, 2, 3, 4]);
        assert_eq!(values(&mut run.tens), [10, 20, 30, 40]);
        run.join().unwrap();
    });
}

#[test]
fn the_last_one_first() {
    check(|| {
        let mut run = both(0..4).buffer(1).start().unwrap();
        assert_eq!(values(&mut run.tens), [10, 20, 30, 40]);
        assert_eq!(values(&mut run.ones), [1, 2, 3, 4]);
        run.join().unwrap();
    });
}

#[test]
fn by_two_threads() {
    check(|| {
        let mut run = both(0..3).buffer(1).start().unwrap();
        let handle = run.handle();
        let mut tens = run.tens;
        let reader = shuttle::thread::spawn(move || values(&mut tens));
        assert_eq!(values(&mut run.ones), [1, 2, 3]);
        assert_eq!(reader.join().unwrap(), [10, 20, 30]);
        handle.wait();
    });
}

#[test]
fn one_is_dropped() {
    check(|| {
        let run = both(0..3).buffer(1).start().unwrap();
        drop(run.tens);
        assert_eq!(values(run.ones), [1, 2, 3]);
    });
}

#[test]
fn waited_for_and_then_read() {
    check(|| {
        let mut run = both(0..3).buffer(1).start().unwrap();
        run.handle().wait();
        assert_eq!(values(&mut run.ones), [1, 2, 3]);
        assert_eq!(values(&mut run.tens), [10, 20, 30]);
    });
}

pipeline! {
    fn folded(xs: Stream<u32>) -> (Stream<u32>, Stream<u32>) {
        let ones = xs >> (|x| toil(x));
        let sum = ones >> crate::shapes::total.fold();
        (ones, sum)
    }
}

#[test]
fn a_fold_read_first() {
    check(|| {
        let mut run = folded(1..5).buffer(1).start().unwrap();
        assert_eq!(values(&mut run.sum), [10]);
        assert_eq!(values(&mut run.ones), [1, 2, 3, 4]);
        run.join().unwrap();
    });
}

#[test]
fn inline() {
    check(|| {
        let mut run = both(0..3).inline().start().unwrap();
        let mut tens = run.tens;
        let reader = shuttle::thread::spawn(move || values(&mut tens));
        assert_eq!(values(&mut run.ones), [1, 2, 3]);
        assert_eq!(reader.join().unwrap(), [10, 20, 30]);
    });
}
